"""What is said of a file that is broken, and how it is found before the engine touches it."""

from pathlib import Path

from ohx_desktop.domain.errors import StoreDamaged
from ohx_desktop.storage.salt_copy import kept_salt
from ohx_desktop.storage.write_ahead_log import log_is_broken, log_of


def damaged(what: str, *, was_saving: bool = False) -> StoreDamaged:
    """Return the error of a file of which a part can be saved.

    `was_saving` tells that a reading was to be put into it.
    """
    lost = "the reading was NOT saved" if was_saving else "nothing was overwritten"
    return StoreDamaged(
        what,
        meaning=f"{lost}; what is whole in the queue can be saved",
        hint="let an administrator save it (ohx-desktop queue salvage)",
    )


def refuse_silent_loss(database: Path) -> None:
    """Raise StoreDamaged where the engine would open a file and say nothing of what it dropped.

    It takes an empty file for a new one, and a log with a broken frame for one that ends there.
    Raises OSError, too.
    """
    if not database.exists():
        return
    log = log_of(database)
    has_log = log.exists() and log.stat().st_size > 0
    if database.stat().st_size == 0 and (has_log or kept_salt(database) is not None):
        raise damaged("the queue's file is empty, and was not before")
    if has_log and log_is_broken(database):
        raise damaged("the log of the queue's file is damaged")
