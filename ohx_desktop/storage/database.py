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
import re
import time
from collections.abc import Iterator
from pathlib import Path

import filelock
from sqlcipher3 import dbapi2

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, StoreError
from ohx_desktop.storage.damage import damaged
from ohx_desktop.storage.durable import make_folder

Connection = dbapi2.Connection
SqlValue = str | bytes | int | float | None

KEY_BYTES = 32
# "OHXB": tells this file from any other SQLite file.
APPLICATION_ID = 0x4F485842
# Other processes hold the file for milliseconds; after this something is wrong.
BUSY_TIMEOUT_S = 5.0
# Free pages of 4 kB that may stay in the file before it is made smaller.
FREE_PAGES_KEPT = 64

# A page that another process is writing is whole after that.
_MORE_LOOKS = 1
LOOK_AGAIN_S = 0.05
_PAGE = re.compile(r"\bpage (\d+)")

UNTOUCHED = "the readings in the queue were left as they are"

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
def translated(meaning: str | None = UNTOUCHED) -> Iterator[None]:
    """Turn the engine's and the system's errors into StoreEnvironment or StoreDamaged.

    `meaning` is what the failure means for the reading; None for the default of the error. Any
    other error of the engine is a bug of ours and passes.
    """
    try:
        yield
    except dbapi2.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise damaged("the queue's file is damaged", was_saving=meaning is None) from error
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
        make_folder(database.parent)
        lock = filelock.FileLock(f"{database}.lock", timeout=2 * BUSY_TIMEOUT_S, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreEnvironment(
                "the queue is being opened by another program and stays locked",
                meaning=UNTOUCHED,
                hint="close the other program and try again",
            ) from error
    try:
        yield
    finally:
        lock.release()


def connect(path: Path, key: bytes) -> Connection:
    """Open or create the encrypted file with full durability; for use in this thread only.

    `key` is 32 bytes. Raises StoreDamaged for a wrong key or foreign file, StoreEnvironment, and
    StoreError where the engine cannot encrypt.
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


def connect_memory() -> Connection:
    """Open an empty database that lives in memory only."""
    return dbapi2.connect(":memory:", isolation_level=None)


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


def broken_pages(connection: Connection) -> frozenset[int]:
    """Return the pages of the file that are not what was once written; 25 MB take 60 ms.

    A broken page of which the log has a newer version is none: it is written over, as it would be
    anyway. Another process may be writing, so that a page counts only if it stays broken.
    """
    found = _broken_now(connection)
    for _ in range(_MORE_LOOKS if found else 0):
        pragma(connection, "wal_checkpoint")
        time.sleep(LOOK_AGAIN_S)
        found &= _broken_now(connection)
    return found


def _broken_now(connection: Connection) -> frozenset[int]:
    # "HMAC verification failed for page 7", "page 7 has an invalid size of 100 bytes"
    told = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    found = {int(match[1]) for (text,) in told if (match := _PAGE.search(str(text)))}
    # What stands behind the last page is no part of the file.
    return frozenset(page for page in found if page <= int(pragma(connection, "page_count")))


def is_refused_row(error: Exception) -> bool:
    """Tell whether a table did not take a row because it has not the form it must have."""
    return isinstance(error, dbapi2.IntegrityError)


@contextlib.contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep what happens inside, or nothing of it, within a transaction that goes on."""
    connection.execute("SAVEPOINT step")
    try:
        yield
    except BaseException:
        # After some errors (disk full) the engine has given the whole transaction up.
        if connection.in_transaction:
            connection.execute("ROLLBACK TO step")
            connection.execute("RELEASE step")
        raise
    connection.execute("RELEASE step")


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
    make_folder(path.parent)
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
    if connection.execute("PRAGMA cipher_version").fetchone() is None:
        # An engine that takes no key would write a plain file, and say nothing.
        raise StoreError(
            "the queue's file would not be encrypted",
            hint="install the program again; if it happens again, report it to support",
        )
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
            meaning=UNTOUCHED,
            hint="put the profile on a local disk",
        )
