"""`audit`: who did what when, listed, verified, exported and archived."""

import argparse
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ohx_desktop.cli.input import STDIN
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ohx_desktop.audit.chain import Anchor, Link
    from ohx_desktop.outbox.audit_log import AuditLog

_STDOUT = STDIN
_DIGEST_BYTES = 32
_HEAD = "a head noted earlier (audit head); more than one may be given"


def add_commands(_add: Any, group: Any) -> None:
    """Add `audit`."""
    audit = group("audit", "who did what when: a record without measured values and names")
    list_ = audit("list", _list, "list the events, oldest first")
    audit(
        "head",
        _head,
        "print the end of the chain. Note it elsewhere: it proves later that nothing before it was "
        "written anew",
    )
    verify = audit("verify", _verify, "check that no event was changed, taken out or put in")
    verify.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="an archive, in place of the queue's own"
    )
    verify.add_argument(
        "--head", type=_digest, action="append", default=[], metavar="HEX", help=_HEAD
    )
    export = audit("export", _export, "write the events into a new file (- is stdout)")
    export.add_argument("file", metavar="FILE", help="one JSON object a line")
    export.add_argument(
        "--format",
        choices=("fhir", "ndjson"),
        default="fhir",
        help="fhir: R5 AuditEvent resources; ndjson: as kept, for audit verify (default fhir)",
    )
    archive = audit(
        "archive", _archive, "move old events into a new file; what stays is verifiable without it"
    )
    archive.add_argument("file", type=Path, metavar="FILE", help="keep it: it is moved, not copied")
    archive.add_argument(
        "--before", type=_moment, required=True, metavar="DATE", help="events older than this"
    )
    for command in (list_, export):
        command.add_argument(
            "--since", type=_moment, metavar="DATE", help="a date or time, such as 2026-11-23"
        )


def _list(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_audit
    from ohx_desktop.audit.line import link_to_json

    with open_audit(options.profile) as audit, _readable():
        empty = True
        for link in _since(audit, options.since):
            empty = False
            out.item(link_to_json(link), _text(link))
    if empty:
        out.note("no event")
    return ExitCode.DONE


def _head(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_audit

    with open_audit(options.profile) as audit:
        head = audit.head()
    out.item(_place(head), f"{head.seq}  {head.digest.hex()}")
    return ExitCode.DONE


def _verify(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_audit
    from ohx_desktop.audit.events import Event, Outcome
    from ohx_desktop.outbox.audit_archive import require_whole, verify_file

    if options.file is not None:
        report = verify_file(options.file, options.head)
    else:
        with open_audit(options.profile) as audit:
            report = audit.verify(options.head)
            audit.note(
                Event.AUDIT_VERIFIED,
                outcome=Outcome.SUCCESS if report.broken is None else Outcome.FAILURE,
                subject=report.head.digest.hex(),
                detail=None if report.broken is None else report.broken.how.value,
            )
    require_whole(report)
    out.item(
        {"checked": report.checked, "head": _place(report.head), "whole": True},
        f"whole: {report.checked} events as they were written; "
        f"head {report.head.seq}  {report.head.digest.hex()}",
    )
    return ExitCode.DONE


def _export(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_audit
    from ohx_desktop.audit.events import Event
    from ohx_desktop.outbox.audit_archive import new_file

    with open_audit(options.profile) as audit:
        with audit.snapshot(), _readable():
            lines = _lines(audit, options.format, options.since)
            if options.file == _STDOUT:
                for line in lines:
                    out.raw(line)
            else:
                with new_file(Path(options.file)) as write:
                    for line in lines:
                        write(line)
        audit.note(Event.AUDIT_EXPORTED, detail=options.format)
    if options.file != _STDOUT:
        out.item({"file": options.file, "exported": True}, f"{options.file} is written")
    return ExitCode.DONE


def _archive(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_audit
    from ohx_desktop.outbox.audit_archive import archive

    with open_audit(options.profile) as audit, _readable():
        count = archive(audit, options.file, before=options.before)
    if not count:
        out.note("no event is as old; no file was written")
        return ExitCode.DONE
    out.item(
        {"file": str(options.file), "archived": count},
        f"{count} events are in {options.file} and no longer in the queue's file",
    )
    return ExitCode.DONE


# ── what is given ────────────────────────────────────────────────────────────────────────────


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != _DIGEST_BYTES:
        raise argparse.ArgumentTypeError("a head is 64 hexadecimal digits")
    return digest


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date or time, such as 2026-11-23") from None
    # Without an offset it is meant as the clock on the wall shows it.
    return moment.astimezone()


@contextmanager
def _readable() -> "Iterator[None]":
    """Say what it means that a record is none, or is of a newer program."""
    from ohx_desktop.audit.record import NotARecord
    from ohx_desktop.outbox.audit_log import AuditBroken

    try:
        yield
    except NotARecord as error:
        raise AuditBroken(
            f"record {error.seq} of the audit cannot be read",
            hint="see whether it was changed: ohx-desktop audit verify",
        ) from error


# ── what is printed ──────────────────────────────────────────────────────────────────────────


def _lines(audit: "AuditLog", form: str, since: datetime | None) -> "Iterator[str]":
    from ohx_desktop.audit.line import lines_of
    from ohx_desktop.fhir.audit_event import audit_event
    from ohx_desktop.fhir.encoding import encode

    if form == "fhir":
        for link in _since(audit, since):
            yield encode(audit_event(link)).decode()
        return
    origin, links = _part(audit, since)
    yield from lines_of(origin, links)


def _since(audit: "AuditLog", since: datetime | None) -> "Iterator[Link]":
    """Yield the events that are not older; a clock that was set back hides none of them."""
    limit = 0 if since is None else since.timestamp() * 1000
    return (link for link in audit.links() if link.record.at >= limit)


def _part(audit: "AuditLog", since: datetime | None) -> "tuple[Anchor, Iterable[Link]]":
    """Return the part of the chain that begins with the first event that is not older."""
    at = audit.origin()
    if since is not None:
        for link in audit.links():
            if link.record.at >= since.timestamp() * 1000:
                break
            at = link.anchor
    return at, audit.links(after=at.seq)


def _text(link: "Link") -> str:
    record = link.record
    when = datetime.fromtimestamp(record.at / 1000, tz=UTC).astimezone()
    told = [
        str(link.seq),
        when.isoformat(sep=" ", timespec="seconds"),
        str(record.event),
        record.outcome.value.upper() if record.outcome != "success" else None,
        record.who or "the program",
        f"reading {record.reading}" if record.reading else None,
        f"patient {record.patient.hex()}" if record.patient else None,
        record.subject,
        record.detail,
    ]
    return "  ".join(part for part in told if part)


def _place(anchor: "Anchor") -> dict[str, Any]:
    return {"seq": anchor.seq, "digest": anchor.digest.hex()}
