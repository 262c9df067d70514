"""Checksums behind what the store keeps, so that no damaged reading ever leaves it.

SQLCipher 4.19 hands out zeros for a broken overflow page and reports the damage with the next
statement only; a reading must not leave the store before that.
"""

import hashlib

from ohx_desktop.storage.damage import damaged

CHECKSUM_BYTES = 16


class Seal:
    """Seals by the random salt of one file, so that a checksum compares with nothing elsewhere."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def checksum(self, content: bytes) -> bytes:
        """Return the keyed checksum of a content."""
        return hashlib.blake2b(content, key=self._salt, digest_size=CHECKSUM_BYTES).digest()

    def sealed(self, content: bytes) -> bytes:
        """Return the content with its checksum behind it."""
        return content + self.checksum(content)

    def fits(self, sealed: bytes) -> bool:
        """Tell whether the checksum behind a content is its own."""
        return sealed[-CHECKSUM_BYTES:] == self.checksum(sealed[:-CHECKSUM_BYTES])

    def opened(self, sealed: bytes) -> bytes:
        """Return the content of what was sealed. Raises StoreDamaged."""
        if not self.fits(sealed):
            raise damaged("a reading in the queue's file is damaged and cannot be used")
        return sealed[:-CHECKSUM_BYTES]
