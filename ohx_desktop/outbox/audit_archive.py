"""Parts of the audit as files, and the one way by which old records leave the queue's file.

An archive is written, flushed to the disk and read back before anything is taken out. A program
that dies in between leaves the records in both places, never in none. Blocking.
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, takewhile
from pathlib import Path
from typing import TextIO

from ohx_desktop.audit.chain import Break, ChainReport, verify
from ohx_desktop.audit.line import lines_of, links_in
from ohx_desktop.audit.record import NotARecord
from ohx_desktop.domain.errors import StoreEnvironment, UsageError
from ohx_desktop.outbox.audit_log import AuditBroken, AuditLog
from ohx_desktop.outbox.records import milliseconds

_WORDS = {
    Break.MISSING: "records before it are missing",
    Break.OUT_OF_ORDER: "it was put in or moved",
    Break.CHANGED: "it is not what was written",
}


def require_whole(report: ChainReport) -> None:
    """Raise AuditBroken unless the chain holds, naming the first record that does not."""
    broken = report.broken
    if broken is None:
        return
    if broken.how is Break.HEAD_UNKNOWN:
        raise AuditBroken(
            "the head that was noted is no place of this audit",
            meaning="its end was cut off, or all of it was written anew; no reading was affected",
            hint="if records were archived since, verify the archive; else tell whoever answers "
            "for the security of the clinic",
        )
    raise AuditBroken(f"the audit is broken at record {broken.seq}: {_WORDS[broken.how]}")


def verify_file(path: Path, heads: Collection[bytes] = ()) -> ChainReport:
    """Check an archive by itself. Raises UsageError for a file that is none."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                origin, links = links_in(file)
            except NotARecord as error:
                raise UsageError("this file is no archive of an audit") from error
            return verify(links, origin, heads=heads)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"the archive cannot be read ({reason})") from error


def archive(audit: AuditLog, path: Path, *, before: datetime) -> int:
    """Move the oldest records, up to the first that is not older than `before`, into a new file.

    Returns how many went; where none is as old, no file is made. What stays begins with the record
    after them, and its end tells of the archive. Raises AuditBroken where the chain does not hold,
    UsageError where the file is there already, StoreEnvironment; then nothing was taken out.
    """
    limit = milliseconds(before)
    with audit.snapshot():
        require_whole(verify(audit.links(), audit.origin()))
        old = takewhile(lambda link: link.record.at < limit, audit.links())
        first = next(old, None)
        if first is None:
            return 0
        with new_file(path) as write:
            for line in lines_of(audit.origin(), chain((first,), old)):
                write(line)
    report = verify_file(path)
    if report.broken is not None or not report.checked:
        raise StoreEnvironment(
            "the archive cannot be read back as it was written",
            meaning="nothing was taken out of the audit",
            hint="let an administrator check the disk, then archive into another file",
        )
    audit.drop(report.head)
    return report.checked


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[str], object]]:
    """Open a new private file for lines; what was written is on the disk when the block ends.

    Raises UsageError where it is there already, StoreEnvironment. A file that was not finished is
    removed.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            try:
                yield _writer(file)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise UsageError("there is a file of this name already", hint="choose another") from error
    except OSError as error:
        raise StoreEnvironment(
            f"the file cannot be written ({error.strerror})",
            meaning="the audit is as it was",
            hint="free disk space or mend the folder's permissions, then try again",
        ) from error


def _writer(file: TextIO) -> Callable[[str], object]:
    return lambda line: file.write(f"{line}\n")
