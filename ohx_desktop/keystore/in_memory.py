"""Keys that are in this process's memory only."""

import secrets

from ohx_desktop.keystore.key import KEY_BYTES


class EphemeralKey:
    """A key for the demo: what it seals dies with the process. May be given one that is known."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def load(self) -> bytes | None:
        """Return the key made before."""
        return self._key

    def create(self) -> bytes:
        """Make the key."""
        self._key = secrets.token_bytes(KEY_BYTES)
        return self._key
