"""A key in a private file: an administrator's explicit choice, on an encrypted disk."""

import secrets
from pathlib import Path

from ohx_desktop.keystore.key import KEY_BYTES, parsed
from ohx_desktop.keystore.private_file import erase_private, read_private, write_private

_WHAT = "the key file"


class KeyFile:
    """The key in `path`, as 64 hexadecimal digits."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Where the key lies, for a person."""
        return f"the file {self._path}"

    def is_kept(self) -> bool:
        """Tell whether there is a key."""
        return self._path.exists()

    def load(self) -> bytes | None:
        """Return the key. Raises KeystoreError when others may read the file."""
        content = read_private(self._path, _WHAT)
        return None if content is None else parsed(content, _WHAT)

    def create(self) -> bytes:
        """Make the key and its file, whole and durable before it is used."""
        key = secrets.token_bytes(KEY_BYTES)
        self.keep(key)
        return key

    def keep(self, key: bytes) -> None:
        """Write a key that there is already. Never overwrites another one."""
        write_private(self._path, f"{key.hex()}\n".encode("ascii"), _WHAT)

    def erase(self) -> None:
        """Remove the file."""
        erase_private(self._path, _WHAT)
