"""Makes guessing dear: scrypt over what a person types. Blocking, some tenths of a second.

Source: RFC 7914; parameters by the OWASP password storage cheat sheet.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SALT_BYTES = 16
_OUTPUT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretching:
    """Parameters of scrypt: each guess takes 128 * n * r bytes of memory, p times over."""

    n: int
    r: int
    p: int

    def stretched(self, secret: str, salt: bytes) -> bytes:
        """Return the 32 bytes that this secret gives."""
        return self._function(salt).derive(secret.encode())

    def gives(self, secret: str, salt: bytes, expected: bytes) -> bool:
        """Tell whether this secret gives these bytes; compares in constant time."""
        try:
            self._function(salt).verify(secret.encode(), expected)
        except InvalidKey:
            return False
        return True

    def _function(self, salt: bytes) -> Scrypt:
        return Scrypt(salt=salt, length=_OUTPUT_BYTES, n=self.n, r=self.r, p=self.p)
