"""The pages of an encrypted file, each opened and proven on its own.

SQLCipher gives a file up at its first broken page. What is whole in it can still be read: every
page of 4096 bytes carries its own random start and its own authentication code, which covers the
page's number, too. Source: SQLCipher 4, design document ("Page Encryption, HMAC, and KDF"), with a
raw key, SHA-512 and `cipher_compatibility = 4`.
"""

import hashlib
import hmac
from collections.abc import Iterator

PAGE = 4096
# Of each page, what SQLite may use; behind it the start value and the authentication code.
USABLE = PAGE - 80
SALT = 16
_IV = slice(USABLE, USABLE + 16)
_SIGNED = USABLE + 16
_MAGIC = b"SQLite format 3\0"
# Page size, read and write version, reserved bytes and fractions: the same in each file of ours.
_KNOWN_HEADER = bytes.fromhex("1000 0202 50 402020")
_ROUNDS = 2
_MASK = 0x3A


class PageCipher:
    """Opens pages of the file that has this key (32 bytes) and salt (its first 16 bytes)."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._key = key
        masked = bytes(byte ^ _MASK for byte in salt)
        self._signing = hashlib.pbkdf2_hmac("sha512", key, masked, _ROUNDS, dklen=32)

    def is_whole(self, number: int, page: bytes) -> bool:
        """Tell whether a page is exactly what was once written under this number, from 1."""
        if len(page) != PAGE:
            return False
        signed = page[_begin(number) : _SIGNED] + number.to_bytes(4, "little")
        code = hmac.digest(self._signing, signed, "sha512")
        return hmac.compare_digest(code, page[_SIGNED:])

    def opened(self, number: int, page: bytes) -> bytes | None:
        """Return the 4016 usable bytes of a page, None where it is not whole."""
        return _decrypted(self._key, number, page) if self.is_whole(number, page) else None


def is_same_writing(page: bytes, other: bytes) -> bool:
    """Tell whether two copies, of which one may be broken, were written as one.

    The start value is random at each writing; so is, in effect, the code.
    """
    return page[_IV] == other[_IV] or page[_SIGNED:] == other[_SIGNED:]


def key_fits_header(key: bytes, page: bytes) -> bool:
    """Tell whether a first page, of which the salt may be lost, opens to a header of ours."""
    if len(page) != PAGE:
        return False
    header = _decrypted(key, 1, page)[SALT:]
    return header.startswith(_KNOWN_HEADER)


def salts_near(salt: bytes) -> Iterator[bytes]:
    """Yield every salt that differs from a broken one in one byte."""
    for position in range(len(salt)):
        for change in range(1, 256):
            near = bytearray(salt)
            near[position] ^= change
            yield bytes(near)


def _begin(number: int) -> int:
    # The first page begins with the salt, in the clear.
    return SALT if number == 1 else 0


def _decrypted(key: bytes, number: int, page: bytes) -> bytes:
    # Late: only a damaged file is read this way, and each start would wait for the import.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    begin = _begin(number)
    cipher = Cipher(algorithms.AES(key), modes.CBC(page[_IV])).decryptor()
    plain = cipher.update(page[begin:USABLE]) + cipher.finalize()
    return _MAGIC[:begin] + plain
