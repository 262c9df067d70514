"""Checksums behind what the store keeps, so that no damaged reading ever leaves it.

SQLCipher 4.19 hands out zeros for a broken overflow page and reports the damage with the next
statement only; a reading must not leave the store before that.
"""

import hashlib

from ohx_desktop.domain.errors import StoreDamaged

_CHECKSUM_BYTES = 16


class Seal:
    """Seals by the random salt of one file, so that a checksum compares with nothing elsewhere."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def checksum(self, content: bytes) -> bytes:
        """Return the keyed checksum of a content."""
        return hashlib.blake2b(content, key=self._salt, digest_size=_CHECKSUM_BYTES).digest()

    def sealed(self, content: bytes) -> bytes:
        """Return the content with its checksum behind it."""
        return content + self.checksum(content)

    def opened(self, sealed: bytes) -> bytes:
        """Return the content of what was sealed. Raises StoreDamaged."""
        content, checksum = sealed[:-_CHECKSUM_BYTES], sealed[-_CHECKSUM_BYTES:]
        if checksum != self.checksum(content):
            raise StoreDamaged("a reading in the queue's file is damaged and cannot be used")
        return content
