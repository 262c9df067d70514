"""Opening an encrypted file that may be damaged: nothing is dropped without a word."""

import shutil
from pathlib import Path

from ohx_desktop.domain.errors import StoreDamaged
from ohx_desktop.storage.damage import damaged, refuse_silent_loss
from ohx_desktop.storage.database import Connection, broken_pages, connect, pragma, translated
from ohx_desktop.storage.replacing import finish_replacing
from ohx_desktop.storage.salt_copy import keep_salt
from ohx_desktop.storage.whole_pages import tell_apart
from ohx_desktop.storage.write_ahead_log import log_of


def open_whole(path: Path, key: bytes) -> Connection:
    """Open or create a file, for whoever holds the opening lock.

    Raises StoreKeyWrong where nothing in it fits the key, StoreDamaged, StoreEnvironment.
    """
    with translated():
        finish_replacing(path)
        refuse_silent_loss(path)
    try:
        return connect(path, key)
    except StoreDamaged as error:
        if error.__cause__ is None:
            raise  # whole, and not ours
        # Nothing of this process has the file open: reading it here ends no lock of SQLite's.
        with translated():
            raise tell_apart(path, key) from error.__cause__


def refuse_broken_pages(connection: Connection) -> None:
    """Raise StoreDamaged where a page of an open file is broken, before anybody needs it."""
    with translated():
        broken = broken_pages(connection)
    if broken:
        raise damaged(f"the queue's file is damaged ({len(broken)} of its pages)")


def keep_salt_of(connection: Connection, path: Path) -> None:
    """Keep a copy of an open file's salt beside it."""
    keep_salt(path, bytes.fromhex(str(pragma(connection, "cipher_salt"))))


def fits_together(path: Path, scratch: Path, key: bytes) -> bool:
    """Tell whether the engine finds no fault with a file and its log. Raises OSError.

    It looks at a copy under `scratch`, as opening a file changes it. The copy is encrypted, too.
    """
    log, scratch_log = log_of(path), log_of(scratch)
    shutil.copyfile(path, scratch)
    if log.exists():
        shutil.copyfile(log, scratch_log)
    try:
        connection = connect(scratch, key)
        try:
            with translated():
                return pragma(connection, "integrity_check") == "ok"
        finally:
            connection.close()
    except StoreDamaged:
        return False
    finally:
        for left in (scratch, scratch_log, scratch.with_name(f"{scratch.name}-shm")):
            left.unlink(missing_ok=True)
