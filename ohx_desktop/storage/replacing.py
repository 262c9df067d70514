"""Putting a new file in the place of a damaged one, which stays under another name.

The new file is whole and on the disk before any name changes. Renaming it to `FILE.salvaged-TIME`
decides; whoever opens the queue after a crash finishes from there. The log goes before the file:
the engine must never meet one file with the log of another.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.storage.salt_copy import salt_file
from ohx_desktop.storage.write_ahead_log import log_of

_DECIDED = ".salvaged-"
# The bytes that whoever has the file open holds a shared lock of (sqlite.org, os.h).
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510


def unfinished_file(database: Path) -> Path:
    """Return where the new file is made."""
    return database.with_name(f"{database.name}.salvaging")


def damaged_file(database: Path, stamp: str) -> Path:
    """Return the name under which the damaged file of this time is kept."""
    return database.with_name(f"{database.stem}.damaged-{stamp}{database.suffix}")


def discard_unfinished(database: Path) -> None:
    """Remove what an earlier attempt left half made. Raises OSError."""
    unfinished = unfinished_file(database)
    shared = unfinished.with_name(f"{unfinished.name}-shm")
    for path in (unfinished, log_of(unfinished), shared):
        path.unlink(missing_ok=True)


def decide(database: Path, stamp: str) -> None:
    """Have the finished new file take the place of the damaged one. Raises OSError."""
    unfinished = unfinished_file(database)
    flush(unfinished)
    unfinished.rename(database.with_name(f"{database.name}{_DECIDED}{stamp}"))
    flush_folder(database.parent)
    finish_replacing(database)


def finish_replacing(database: Path) -> None:
    """Finish what was decided, if anything was. For whoever holds the opening lock."""
    for decided in sorted(database.parent.glob(f"{database.name}{_DECIDED}*")):
        kept = damaged_file(database, decided.name.rpartition(_DECIDED)[2])
        for source, target in (
            (log_of(database), log_of(kept)),
            (salt_file(database), salt_file(kept)),
            (database, kept),
        ):
            # Renaming never replaces a damaged file that is kept already.
            if source.exists() and not target.exists():
                source.rename(target)
        database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
        flush_folder(database.parent)
        decided.rename(database)
        flush_folder(database.parent)


@contextlib.contextmanager
def nobody_else_has(database: Path) -> Iterator[None]:
    """Make sure that no other process has a file open. Raises StoreEnvironment, OSError.

    It would go on writing into the file that is put away. Where the system has no such locks
    (Windows), it refuses to rename a file that is open.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with database.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except BlockingIOError as error:
            raise StoreEnvironment(
                "the queue's file is open in another program",
                meaning="nothing was changed",
                hint="close the window, end other commands and try again",
            ) from error
        yield


def flush(path: Path) -> None:
    """Have the content of a file on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    if os.name != "posix":  # Windows has no such call and needs none
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
