"""A PIN as it is kept: a salted scrypt hash, and how often it was typed wrongly. Pure.

Four digits are few: whoever could read the hash would find them, so it lives in the keyring, and
what keeps people from trying at the screen is the delay. Source: RFC 7914; parameters by the OWASP
password storage cheat sheet (scrypt, 32 MiB).
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ohx_desktop.domain.errors import KeystoreError, UsageError

LONGEST = 12
_SALT_BYTES, _HASH_BYTES = 16, 32
_N, _R, _P = 2**15, 8, 3
# A slip of the finger costs nothing; from here on each wrong try doubles the wait.
_FREE_TRIES = 2
_FIRST_WAIT_S, _LONGEST_WAIT_S = 15, 900


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPin:
    """What the keyring holds for a person. `wrong` counts tries since the last right one."""

    salt: str = field(repr=False)
    hashed: str = field(repr=False)
    n: int
    r: int
    p: int
    wrong: int = 0
    last_wrong_at: str | None = None

    def matches(self, pin: str) -> bool:
        """Tell whether this is the PIN; takes a quarter of a second, compares in constant time."""
        try:
            _scrypt(bytes.fromhex(self.salt), self.n, self.r, self.p).verify(
                pin.encode(), bytes.fromhex(self.hashed)
            )
        except InvalidKey:
            return False
        return True

    def wait_s(self, now: datetime) -> float:
        """Return how long nothing more is tried; never longer than the delay itself.

        A clock that was set back must not lock a person out for as long.
        """
        if self.last_wrong_at is None:
            return 0.0
        delay = delay_s(self.wrong)
        passed = (now - datetime.fromisoformat(self.last_wrong_at)).total_seconds()
        return min(max(delay - passed, 0.0), delay)


def keep(pin: str) -> KeptPin:
    """Return a PIN with a new salt, as it is kept."""
    salt = os.urandom(_SALT_BYTES)
    hashed = _scrypt(salt, _N, _R, _P).derive(pin.encode())
    return KeptPin(salt=salt.hex(), hashed=hashed.hex(), n=_N, r=_R, p=_P)


def encoded(kept: KeptPin) -> str:
    """Return the text for the keyring."""
    return json.dumps(asdict(kept), separators=(",", ":"))


def decoded(text: str) -> KeptPin:
    """Return what the keyring holds. Raises KeystoreError."""
    try:
        kept = KeptPin(**json.loads(text))
        bytes.fromhex(kept.salt), bytes.fromhex(kept.hashed)
        if kept.last_wrong_at is not None:
            datetime.fromisoformat(kept.last_wrong_at)
    except (ValueError, TypeError) as error:
        raise KeystoreError(
            "what the keyring holds for this person is no PIN",
            meaning="no reading was affected, but this person cannot sign in",
            hint="an administrator sets a new PIN: ohx-desktop staff pin",
        ) from error
    return kept


def delay_s(wrong: int) -> float:
    """Return how long a person waits after so many wrong tries in a row."""
    if wrong <= _FREE_TRIES:
        return 0.0
    return float(min(_FIRST_WAIT_S * 2 ** min(wrong - _FREE_TRIES - 1, 16), _LONGEST_WAIT_S))


def require_usable(pin: str, least_digits: int) -> None:
    """Raise UsageError for what is no PIN, or one that is guessed first. Quotes nothing of it."""
    if not (pin.isascii() and pin.isdecimal() and least_digits <= len(pin) <= LONGEST):
        raise UsageError(
            f"a PIN has {least_digits} to {LONGEST} digits and nothing else",
            hint="choose another PIN",
        )
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise UsageError(
            "this PIN is the first that anyone would guess",
            hint="choose one that is neither a run of digits nor one digit repeated",
        )


def _scrypt(salt: bytes, n: int, r: int, p: int) -> Scrypt:
    return Scrypt(salt=salt, length=_HASH_BYTES, n=n, r=r, p=p)
