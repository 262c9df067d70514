"""The ladder: which sources there are, and the one way to the key of a queue.

Everything here blocks (a keyring call takes some 30 ms, and longer when it asks a person); call it
from a thread.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.keystore.key import missing_key

if TYPE_CHECKING:
    from ohx_desktop.keystore.pin_file import PinFile

SEALED_KEY = "store-key.sealed"


class KeySource(Protocol):
    """Where the key of the queue comes from. Methods raise the KeystoreError family."""

    def load(self) -> bytes | None:
        """Return the 32-byte key; None when the source works but holds none."""
        ...

    def create(self) -> bytes:
        """Make a new random key, keep it, and return it as it was kept."""
        ...


class KeyPlace(KeySource, Protocol):
    """A source that this program fills and empties. Methods raise the KeystoreError family."""

    @property
    def place(self) -> str:
        """Where the key lies, for a person."""
        ...

    def is_kept(self) -> bool:
        """Tell whether there is a key, without asking a person for anything."""
        ...

    def keep(self, key: bytes) -> None:
        """Keep a key that there is already; durable when this returns. Replaces no other one."""
        ...

    def erase(self) -> None:
        """Remove the key from here, if it is here."""
        ...


def obtain_key(source: KeySource, database: Path) -> bytes:
    """Return the key of `database`, creating it only when there is no database yet.

    Two programs that start at once get the same key. Raises KeystoreError when the database is
    there and its key is not: a new key could never open it.
    """
    from ohx_desktop.storage.database import opening_lock

    with opening_lock(database):
        key = source.load()
        if key is not None:
            return key
        if database.exists():
            raise missing_key()
        return source.create()


def key_source(
    kind: str, *, profile: Path, key_file: Path | None = None, pin: str | None = None
) -> KeySource:
    """Return the source that the setting `store.key_source` names; `pin` is for that source."""
    if kind == "systemd-credential":
        from ohx_desktop.keystore.systemd_credential import SystemdCredential

        return SystemdCredential()
    return key_place(kind, profile=profile, key_file=key_file, pin=pin)


def key_place(
    kind: str, *, profile: Path, key_file: Path | None = None, pin: str | None = None
) -> KeyPlace:
    """Return a source that this program fills itself. Raises ConfigurationError."""
    if kind == "keyring":
        from ohx_desktop.keystore.system_keyring import SystemKeyring

        return SystemKeyring(profile)
    if kind == "pin":
        return pin_file(profile, pin)
    if kind == "file" and key_file is not None:
        from ohx_desktop.keystore.key_file import KeyFile

        return KeyFile(key_file)
    raise ConfigurationError(f"store.key_source {kind} cannot be used as it is set")


def pin_file(profile: Path, pin: str | None = None) -> "PinFile":
    """Return the sealed key of a profile, to be opened by this PIN."""
    from ohx_desktop.keystore.pin_file import PinFile

    return PinFile(profile / SEALED_KEY, pin)
