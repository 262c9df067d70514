"""A PIN as it is kept: a salted scrypt hash, and how often it was typed wrongly. Pure.

Four digits are few: whoever could read the hash would find them, so it lives in the keyring, and
what keeps people from trying at the screen is the delay.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime

from ohx_desktop.domain.errors import KeystoreError, UsageError
from ohx_desktop.domain.guessing import is_guessed_first, wait_s
from ohx_desktop.storage.stretching import SALT_BYTES, Stretching

LONGEST = 12
# 32 MiB.
_STRETCHING = Stretching(n=2**15, r=8, p=3)


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
        stretching = Stretching(n=self.n, r=self.r, p=self.p)
        return stretching.gives(pin, bytes.fromhex(self.salt), bytes.fromhex(self.hashed))

    def wait_s(self, now: datetime) -> float:
        """Return how long nothing more is tried."""
        last = self.last_wrong_at
        return wait_s(self.wrong, None if last is None else datetime.fromisoformat(last), now)


def keep(pin: str) -> KeptPin:
    """Return a PIN with a new salt, as it is kept."""
    salt, used = os.urandom(SALT_BYTES), _STRETCHING
    hashed = used.stretched(pin, salt)
    return KeptPin(salt=salt.hex(), hashed=hashed.hex(), n=used.n, r=used.r, p=used.p)


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


def require_usable(pin: str, least_digits: int) -> None:
    """Raise UsageError for what is no PIN, or one that is guessed first. Quotes nothing of it."""
    if not (pin.isascii() and pin.isdecimal() and least_digits <= len(pin) <= LONGEST):
        raise UsageError(
            f"a PIN has {least_digits} to {LONGEST} digits and nothing else",
            hint="choose another PIN",
        )
    if is_guessed_first(pin):
        raise UsageError(
            "this PIN is the first that anyone would guess",
            hint="choose one that is neither a run of digits nor one digit repeated",
        )
