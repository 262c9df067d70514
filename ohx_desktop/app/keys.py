"""What opens the queue of a profile: its key, from the source that the settings name."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile

AskKey = Callable[["LockedKey", "Settings"], Awaitable[bytes]]
"""Has a person open the key of the queue; returns it."""


def source_of(profile: "Profile", settings: "Settings", *, pin: str | None = None) -> "KeySource":
    """Return the source that the settings name."""
    from ohx_desktop.keystore import key_source

    store = settings.store
    return key_source(store.key_source, profile=profile.data, key_file=store.key_file, pin=pin)


def source_at_terminal(profile: "Profile", settings: "Settings") -> "KeySource":
    """Return the source that the settings name; a PIN is asked for at the terminal.

    Blocking, on the main thread. Raises KeyPinNeeded where there is no terminal.
    """
    if settings.store.key_source != "pin":
        return source_of(profile, settings)
    from ohx_desktop.keystore.sources import pin_file
    from ohx_desktop.keystore.terminal import ask_pin

    pin = ask_pin() if pin_file(profile.data).is_kept() else None
    return source_of(profile, settings, pin=pin)


class LockedKey:
    """A key that a person's PIN opens, for the window. Methods block; see PinFile for errors."""

    def __init__(self, profile: "Profile") -> None:
        from ohx_desktop.keystore.key import missing_key
        from ohx_desktop.keystore.sources import pin_file

        self._profile = profile
        self.is_new = not pin_file(profile.data).is_kept()
        if self.is_new and profile.database.exists():
            raise missing_key()

    def open(self, pin: str) -> bytes:
        """Return the key; where none was made yet, it is made and sealed with this PIN."""
        from ohx_desktop.keystore import obtain_key
        from ohx_desktop.keystore.sources import pin_file

        return obtain_key(pin_file(self._profile.data, pin), self._profile.database)


async def source_at_window(
    profile: "Profile", settings: "Settings", ask_key: AskKey
) -> "KeySource":
    """Return the source that the settings name; a person is asked for a PIN by `ask_key`."""
    if settings.store.key_source != "pin":
        return source_of(profile, settings)
    from ohx_desktop.keystore import EphemeralKey

    locked = await asyncio.to_thread(LockedKey, profile)
    return EphemeralKey(await ask_key(locked, settings))
