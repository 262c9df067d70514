"""Notes for the audit that had to be put off, because the queue cannot be opened (yet).

Settings are imported and staff are added before there is a key, and what an administrator changes
may be the very thing that keeps the queue from opening. Such a note waits in a small file of the
profile and is taken into the chain when the queue is next opened, at the time it was made. Until
then it is as safe as any file: the chain does not hold it yet. Died the program between taking a
note in and removing it here, it is noted twice rather than not at all. Blocking.
"""

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.outbox.audit_log import AuditLog
from ohx_desktop.outbox.records import milliseconds, time_of
from ohx_desktop.storage.database import opening_lock, translated


def pending_file(database: Path) -> Path:
    """Return where the notes for the audit in this file wait."""
    return database.with_name("audit-pending.ndjson")


def put_off(
    database: Path, event: Event, *, at: datetime, by: str | None, subject: str | None
) -> None:
    """Keep a note durably until the queue is opened. Raises StoreEnvironment."""
    form = {"at": milliseconds(at), "event": event.value, "by": by, "subject": subject}
    # A line end before it as well: one that a power failure cut off does not take this one along.
    line = b"\n" + json.dumps(form).encode() + b"\n"
    with opening_lock(database), translated():
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(pending_file(database), flags, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def take_in(audit: AuditLog, database: Path) -> None:
    """Add what waits to the audit, under the lock of opening. A full disk leaves it waiting."""
    path = pending_file(database)
    with suppress(StoreEnvironment), translated():
        if not path.exists():
            return
        lines = filter(None, path.read_bytes().splitlines())
        with audit.changing():
            for line in lines:
                _take_in(audit, line)
        path.unlink()


def _take_in(audit: AuditLog, line: bytes) -> None:
    try:
        audit.add(**_told(json.loads(line)))
    except (ValueError, KeyError, TypeError, OverflowError):
        # Cut off by a power failure, or written by somebody else: the chain says that it was there.
        audit.add(Event.NOTE_LOST, outcome=Outcome.FAILURE)


def _told(form: Any) -> dict[str, Any]:
    return {
        "event": Event(form["event"]),
        "at": time_of(form["at"]),
        "by": form["by"],
        "subject": form["subject"],
        "detail": "noted-later",
    }
