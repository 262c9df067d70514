"""The form of a key that is sealed with a PIN: a key from scrypt, and AES-256-GCM under it.

    {"schema": "ohx.sealed-key/1", "n": …, "r": …, "p": …, "salt": …, "nonce": …, "sealed": …,
     "checksum": …}                                                      (bytes in hexadecimal)

The parameters are authenticated with the key. The checksum needs no secret: it tells a damaged
file from a wrong PIN. Nothing ties the file to this computer, as nothing on the same disk could.
Sources: RFC 7914 (scrypt), NIST SP 800-38D (GCM), RFC 8265 4.2 (form of a passphrase).
"""

import hashlib
import json
import os
import unicodedata
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ohx_desktop.domain.errors import KeystoreError, UsageError
from ohx_desktop.domain.guessing import is_guessed_first
from ohx_desktop.keystore.key import KEY_BYTES
from ohx_desktop.storage.stretching import SALT_BYTES, Stretching

SHORTEST, LONGEST = 8, 128
_SCHEMA = "ohx.sealed-key/1"
_NONCE_BYTES, _TAG_BYTES, _CHECKSUM_BYTES = 12, 16, 16
_FEWEST_SIGNS = 4
# A file that was tampered with must not make the program take all memory there is, nor be weak.
_N_RANGE, _R_RANGE, _P_RANGE = (2**10, 2**20), (8, 16), (1, 16)
# 128 MiB, twice over: about a second of a small computer for each guess.
STRETCHING = Stretching(n=2**17, r=8, p=2)

Form = dict[str, Any]


def require_strong(pin: str) -> None:
    """Raise UsageError for a PIN or passphrase that is too weak. Quotes nothing of it."""
    typed = _typed(pin)
    if not SHORTEST <= len(typed) <= LONGEST or not typed.isprintable():
        raise UsageError(
            f"the PIN of the queue has {SHORTEST} to {LONGEST} characters",
            hint="best are five words chosen by dice, or 14 digits chosen at random",
        )
    if is_guessed_first(typed) or len(set(typed)) < _FEWEST_SIGNS:
        raise UsageError(
            "this PIN is among the first that anyone would guess",
            hint="best are five words chosen by dice, or 14 digits chosen at random",
        )


def seal(key: bytes, pin: str, stretching: Stretching) -> bytes:
    """Return the content of a file that gives the key to whoever knows the PIN. Takes a second."""
    header: Form = {
        "schema": _SCHEMA,
        "n": stretching.n,
        "r": stretching.r,
        "p": stretching.p,
        "salt": os.urandom(SALT_BYTES).hex(),
        "nonce": os.urandom(_NONCE_BYTES).hex(),
    }
    sealed = _cipher(header, pin).encrypt(bytes.fromhex(header["nonce"]), key, _plain(header))
    form = {**header, "sealed": sealed.hex()}
    return json.dumps({**form, "checksum": _checksum(form)}, indent=1).encode()


def unseal(content: bytes, pin: str) -> bytes | None:
    """Return the key; None for a wrong PIN. Takes a second. Raises KeystoreError for damage."""
    form = _read(content)
    sealed = bytes.fromhex(form.pop("sealed"))
    try:
        return _cipher(form, pin).decrypt(bytes.fromhex(form["nonce"]), sealed, _plain(form))
    except InvalidTag:
        return None


def require_whole(content: bytes) -> None:
    """Raise KeystoreError where this is no sealed key, or a damaged one."""
    _read(content)


def _read(content: bytes) -> Form:
    """Return the form without its checksum. Raises KeystoreError."""
    try:
        form = json.loads(content)
        checksum = form.pop("checksum")
        lengths = {
            "salt": SALT_BYTES,
            "nonce": _NONCE_BYTES,
            "sealed": KEY_BYTES + _TAG_BYTES,
        }
        is_whole = (
            form["schema"] == _SCHEMA
            and checksum == _checksum(form)
            and all(len(bytes.fromhex(form[name])) == size for name, size in lengths.items())
            and all(
                least <= form[name] <= most
                for name, (least, most) in (("n", _N_RANGE), ("r", _R_RANGE), ("p", _P_RANGE))
            )
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged() from error
    if not is_whole:
        raise _damaged()
    return dict(form)


def _damaged() -> KeystoreError:
    return KeystoreError(
        "the sealed key of the queue is damaged",
        meaning="the readings in the queue were left as they are, but cannot be opened",
        hint="restore the file from a backup; the PIN is still the one of that time",
    )


def _cipher(header: Form, pin: str) -> AESGCM:
    stretching = Stretching(n=header["n"], r=header["r"], p=header["p"])
    return AESGCM(stretching.stretched(_typed(pin), bytes.fromhex(header["salt"])))


def _typed(pin: str) -> str:
    """Return the one form of what keyboards send in several."""
    return unicodedata.normalize("NFC", pin)


def _plain(header: Form) -> bytes:
    return json.dumps(header, sort_keys=True).encode()


def _checksum(form: Form) -> str:
    return hashlib.blake2b(_plain(form), digest_size=_CHECKSUM_BYTES).hexdigest()
