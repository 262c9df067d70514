"""Keys and codes that open devices: a port, and the adapter to a secret store that blocks.

A device keeps one key only, or one code for each user: whoever loses ours must enrol it again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ohx_desktop.domain.errors import NoKeyring


class DeviceSecrets(Protocol):
    """Keeps one text for each device. Methods raise the KeystoreError family."""

    async def get(self, address: str) -> str | None:
        """Return what opens the device with this address, None where nothing is kept."""
        ...

    async def set(self, address: str, secret: str) -> None:
        """Keep what opens the device, in place of what was kept before."""
        ...

    async def forget(self, address: str) -> None:
        """Keep nothing of the device any more; no error where nothing was kept."""
        ...


class NoSecrets:
    """Stands where no store is given: devices that need none are read all the same."""

    async def get(self, _address: str) -> str | None:
        """Return None."""
        return None

    async def set(self, _address: str, _secret: str) -> None:
        """Raise NoKeyring: a device must not be given a key that nobody keeps."""
        raise NoKeyring("the key of the device cannot be kept, so the device was not given one")

    async def forget(self, _address: str) -> None:
        """Do nothing: nothing is kept."""


class VolatileSecrets:
    """Secrets in this process's memory only, for the demo and for virtual devices."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    async def get(self, address: str) -> str | None:
        """Return what was kept in this process."""
        return self._secrets.get(address)

    async def set(self, address: str, secret: str) -> None:
        """Keep a secret until the process ends."""
        self._secrets[address] = secret

    async def forget(self, address: str) -> None:
        """Drop what was kept in this process."""
        self._secrets.pop(address, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecrets:
    """Secrets in a store that blocks, such as a keyring: its functions run in a thread.

    `load` and `erase` take a name; `save` takes a name and the secret.
    """

    load: Callable[[str], str | None]
    save: Callable[[str, str], None]
    erase: Callable[[str], object]

    async def get(self, address: str) -> str | None:
        """Return what the store keeps for the device."""
        return await asyncio.to_thread(self.load, _name(address))

    async def set(self, address: str, secret: str) -> None:
        """Have the store keep a secret for the device."""
        await asyncio.to_thread(self.save, _name(address), secret)

    async def forget(self, address: str) -> None:
        """Have the store erase what it keeps; without a store there is nothing to erase."""
        with suppress(NoKeyring):
            await asyncio.to_thread(self.erase, _name(address))


def _name(address: str) -> str:
    return f"device:{address.upper()}"
