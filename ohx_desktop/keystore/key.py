"""The key itself, and what is said of a place that holds none."""

import os

from ohx_desktop.domain.errors import KeystoreError

KEY_BYTES = 32


def parsed(raw: bytes, what: str) -> bytes:
    """Return the key in 32 raw bytes or in 64 hexadecimal digits. Raises KeystoreError."""
    if len(raw) == KEY_BYTES:
        return raw
    try:
        key = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeystoreError(
            f"{what} holds no key of {8 * KEY_BYTES} bits",
            hint="restore it from the backup it was made with",
        )
    return key


def missing_key() -> KeystoreError:
    """Return what is said where there is a queue and no key."""
    return KeystoreError(
        "the key of the queue on this computer is missing",
        meaning="the readings in the queue were left as they are, but cannot be opened",
        hint=(
            "sign in as the person who set the program up, or restore the key; an "
            "administrator who gives the unsent readings up may move the queue's file away"
        ),
    )


def unusable(what: str, error: OSError) -> KeystoreError:
    """Return what is said of a file that the system does not let us use."""
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return KeystoreError(
        f"{what} cannot be used ({reason})",
        hint="let an administrator check the file and its permissions",
    )
