"""A copy of a file's salt beside it, without which no page of the file can be proven.

The salt is in the clear at the file's very beginning, where damage would cost the proof of every
other page. It is no secret: it only makes two files of one key look different.
"""

import os
from pathlib import Path

from ohx_desktop.storage.page_cipher import SALT


def salt_file(database: Path) -> Path:
    """Return where the copy of a file's salt is kept."""
    return database.with_name(f"{database.name}.salt")


def kept_salt(database: Path) -> bytes | None:
    """Return the copy, None where there is none or it is no salt. Raises OSError."""
    try:
        text = salt_file(database).read_text("ascii").strip()
        salt = bytes.fromhex(text)
    except (FileNotFoundError, ValueError):
        return None
    return salt if len(salt) == SALT else None


def keep_salt(database: Path, salt: bytes) -> None:
    """Keep the salt of a file that was just opened. Raises OSError."""
    if kept_salt(database) == salt:
        return
    path = salt_file(database)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{salt.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
