"""An encrypted file: how it is opened, what it guarantees, whose fault an error is.

SQLCipher encrypts every page with a raw 256-bit key, so that states, times and indexes are as
unreadable as the readings themselves.

Journal: write-ahead log with synchronous=FULL. A commit is on the disk when it returns, for one
flush; a rollback journal needs synchronous=EXTRA and three flushes for the same promise (SQLite,
"PRAGMA synchronous"). Its price is that erased pages live on in the log until a checkpoint, which
is why every erasure is followed by one that truncates the log (`forget`).
A log needs shared memory: the folder must be on a local disk, not on a network share.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import filelock
from sqlcipher3 import dbapi2

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, StoreError

Connection = dbapi2.Connection
SqlValue = str | bytes | int | float | None

KEY_BYTES = 32
# "OHXB": tells this file from any other SQLite file.
APPLICATION_ID = 0x4F485842
# Other processes hold the file for milliseconds; after this something is wrong.
BUSY_TIMEOUT_S = 5.0
# Free pages of 4 kB that may stay in the file before it is made smaller.
FREE_PAGES_KEPT = 64

_UNTOUCHED = "the readings in the queue were left as they are"

# SQLite's primary result codes (sqlite.org/rescode.html) that are the environment's fault.
_ENVIRONMENT = {
    3: ("may not be written", "let an administrator check the folder's permissions"),
    5: ("is locked by another program", "close other programs that use the queue and try again"),
    6: ("is locked by another program", "close other programs that use the queue and try again"),
    7: ("needs more memory than there is", "close other programs and try again"),
    8: ("is read-only", "let an administrator check the disk and the file's permissions"),
    10: ("cannot be read or written (disk error)", "let an administrator check the disk"),
    13: ("cannot grow: the disk is full", "free disk space and try again"),
    14: ("cannot be opened", "let an administrator check the folder and its permissions"),
}
# SQLITE_CORRUPT and SQLITE_NOTADB: broken pages, another key, or no database at all.
_DAMAGED = {11, 26}


@contextlib.contextmanager
def translated(meaning: str | None = _UNTOUCHED) -> Iterator[None]:
    """Turn the engine's and the system's errors into StoreEnvironment or StoreDamaged.

    `meaning` is what the failure means for the reading; None for the default of the error. Any
    other error of the engine is a bug of ours and passes.
    """
    try:
        yield
    except dbapi2.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise StoreDamaged(
                "the queue's file is damaged or was written with another key",
                hint="restore the key the file was written with, or call your administrator",
            ) from error
        if code in _ENVIRONMENT:
            what, hint = _ENVIRONMENT[code]
            raise StoreEnvironment(
                f"the queue's file {what}", meaning=meaning, hint=hint
            ) from error
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise StoreEnvironment(
            f"the queue's file cannot be used ({reason})",
            meaning=meaning,
            hint="let an administrator check the disk and the folder's permissions",
        ) from error


@contextlib.contextmanager
def opening_lock(database: Path) -> Iterator[None]:
    """Keep other processes from creating the same key or database at the same moment.

    Raises StoreEnvironment when another process keeps it for too long.
    """
    with translated():
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(f"{database}.lock", timeout=2 * BUSY_TIMEOUT_S, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreEnvironment(
                "the queue is being opened by another program and stays locked",
                meaning=_UNTOUCHED,
                hint="close the other program and try again",
            ) from error
    try:
        yield
    finally:
        lock.release()


def connect(path: Path, key: bytes) -> Connection:
    """Open or create the encrypted file with full durability; for use in this thread only.

    `key` is 32 bytes. Raises StoreDamaged for a wrong key or foreign file, StoreEnvironment.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("the key of the queue has 32 bytes")
    with translated():
        _create_private(path)
        connection = dbapi2.connect(str(path), isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            _configure(connection, key)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Commit what happens inside as one durable step, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # The engine has already rolled back by itself after some errors (disk full).
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def pragma(connection: Connection, statement: str) -> int | str:
    """Return the single value of a PRAGMA."""
    row = connection.execute(f"PRAGMA {statement}").fetchone()
    if row is None:
        raise StoreError(f"the database engine does not know PRAGMA {statement}")
    value: int | str = row[0]
    return value


def forget(connection: Connection) -> bool:
    """Make erased content disappear from the log too; return False when a reader is in the way.

    secure_delete has overwritten it in the pages; here the log that still holds the old pages is
    folded into the file and truncated, and a file that has grown too large is made smaller.
    """
    if int(pragma(connection, "freelist_count")) > FREE_PAGES_KEPT:
        connection.execute("PRAGMA incremental_vacuum").fetchall()
    return int(pragma(connection, "wal_checkpoint(TRUNCATE)")) == 0


def _create_private(path: Path) -> None:
    # Log and shared memory get the mode of the main file from SQLite itself, so that no umask,
    # which would be the whole process's, has to be set.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
    else:
        os.close(descriptor)


def _configure(connection: Connection, key: bytes) -> None:
    # The key must be the first statement: whatever reads the file needs it.
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    for statement in (
        "cipher_log_level = NONE",  # SQLCipher would write to stderr; errors reach us anyway
        "cipher_compatibility = 4",  # the file form stays when the library's default moves on
        "secure_delete = ON",
        "temp_store = MEMORY",
        "foreign_keys = ON",
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: past the drive's own cache; elsewhere without effect
        "checkpoint_fullfsync = ON",
    ):
        connection.execute(f"PRAGMA {statement}")
    # The first look into the file: a wrong key fails here, before anything is written.
    application_id = pragma(connection, "application_id")
    if application_id not in {0, APPLICATION_ID}:
        raise StoreDamaged("this file is not a queue of this program")
    if application_id == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    if pragma(connection, "journal_mode = WAL") != "wal":
        raise StoreEnvironment(
            "the queue's folder cannot hold a write-ahead log",
            meaning=_UNTOUCHED,
            hint="put the profile on a local disk",
        )
