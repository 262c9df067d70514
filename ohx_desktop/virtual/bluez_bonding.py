"""Pairing of one device on the emulated BlueZ: `Pair`, `CancelPairing`, and pairing by itself.

Source: BlueZ documentation, org.bluez.Device; error names as bluetoothd sends them.
"""

import asyncio
from collections.abc import Callable

from dbus_fast import Message

from ohx_desktop.virtual.bluez_interfaces import BusError
from ohx_desktop.virtual.bluez_surroundings import Surroundings, bluez_failure
from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.pairing import PairingFailed, PairingFailure
from ohx_desktop.virtual.peripheral import Peripheral

_PAIRING_ERRORS = {
    PairingFailure.REFUSED: ("AuthenticationFailed", "Authentication Failed"),
    PairingFailure.WRONG_PASSKEY: ("AuthenticationFailed", "Authentication Failed"),
    PairingFailure.CANCELLED: ("AuthenticationCanceled", "Authentication Canceled"),
}


class Bonding:
    """At most one pairing at a time; `on_bonded` shows the success on the device object."""

    def __init__(
        self,
        device: Peripheral,
        path: str,
        surroundings: Surroundings,
        *,
        on_bonded: Callable[[], None],
    ) -> None:
        self._device = device
        self._path = path
        self._room = surroundings.room
        self._agents = surroundings.agents
        self._quirks = surroundings.quirks
        self._on_bonded = on_bonded
        self._pairing: asyncio.Task[None] | None = None

    @property
    def is_bonded(self) -> bool:
        """Whether this computer holds a bond with the device."""
        return self._room.is_bonded(self._device.address)

    def abandon(self) -> None:
        """Break a running pairing off."""
        if self._pairing is not None:
            self._pairing.cancel()

    async def bond(self, connection: Connection, sender: str | None) -> None:
        """Pair, asking the agent of `sender` or the default one. Raises BusError."""
        if self._pairing is not None:
            raise bluez_failure("InProgress", "Operation already in progress")
        agent = self._agents.agent_for(sender, self._path)
        if agent is None:
            raise bluez_failure("AuthenticationFailed", "Authentication Failed")
        self._pairing = asyncio.ensure_future(connection.pair(agent))
        try:
            done, _ = await asyncio.wait({self._pairing}, timeout=self._quirks.pairing_timeout_s)
            if not done:
                raise bluez_failure("AuthenticationTimeout", "Authentication Timeout")
            self._pairing.result()
        except PairingFailed as failed:
            raise bluez_failure(*_PAIRING_ERRORS[failed.failure]) from None
        except (asyncio.CancelledError, LinkDropped):
            raise bluez_failure("AuthenticationCanceled", "Authentication Canceled") from None
        finally:
            self._pairing.cancel()
            self._pairing = None
        self._room.bonds.add(self._device.address.upper())
        self._on_bonded()

    async def cancel(self, _: Message) -> None:
        """Answer CancelPairing."""
        if self._pairing is None:
            raise bluez_failure("DoesNotExist", "Does Not Exist")
        self._pairing.cancel()

    async def secure(self, connection: Connection, sender: str | None) -> None:
        """Pair because the device wants an encrypted link for what `sender` asked.

        Raises BusError, or never returns, as some versions of BlueZ.
        """
        try:
            await self.bond(connection, sender)
        except BusError:
            if self._quirks.failed_pairing_hangs:
                await asyncio.Event().wait()
            raise bluez_failure("NotPermitted", "Not paired") from None
