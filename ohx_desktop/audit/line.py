"""Links as lines of JSON: what `audit list --json` prints, and what an archive is made of.

An archive is NDJSON: a first line `{"schema", "origin"}`, then a line for each link. It is verified
without the file it came from.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from ohx_desktop.audit.chain import Anchor, Link
from ohx_desktop.audit.events import Outcome
from ohx_desktop.audit.record import AuditRecord, NotARecord, canonical, event_of

SCHEMA = "ohx.audit/1"


def link_to_json(link: Link) -> dict[str, Any]:
    """Return the form of a link, of which `link_from_json` makes the same link again.

    Raises NotARecord for a record that this program cannot read.
    """
    record = link.record
    return {
        "seq": link.seq,
        "at": record.at,
        "event": str(record.event),
        "outcome": record.outcome.value,
        "who": record.who,
        "installation": _text(record.installation),
        "station": record.station,
        "entry": _text(record.entry),
        "reading": _text(record.reading),
        "patient": None if record.patient is None else record.patient.hex(),
        "subject": record.subject,
        "detail": record.detail,
        "digest": link.digest.hex(),
    }


def link_from_json(form: Any) -> Link:
    """Return the link of a form. Raises NotARecord for anything else."""
    try:
        patient = form["patient"]
        record = AuditRecord(
            at=int(form["at"]),
            event=event_of(form["event"]),
            outcome=Outcome(form["outcome"]),
            who=form["who"],
            installation=_uuid(form["installation"]),
            station=form["station"],
            entry=_uuid(form["entry"]),
            reading=_uuid(form["reading"]),
            patient=None if patient is None else bytes.fromhex(patient),
            subject=form["subject"],
            detail=form["detail"],
        )
        return Link(int(form["seq"]), canonical(record), bytes.fromhex(form["digest"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        seq = form.get("seq") if isinstance(form, dict) else None
        raise NotARecord(seq if isinstance(seq, int) else None) from error


def lines_of(origin: Anchor, links: Iterable[Link]) -> Iterator[str]:
    """Yield a part of a chain as lines: from where it goes on, then each link."""
    place = {"seq": origin.seq, "digest": origin.digest.hex()}
    yield json.dumps({"schema": SCHEMA, "origin": place})
    for link in links:
        yield json.dumps(link_to_json(link), ensure_ascii=False)


def links_in(lines: Iterable[str]) -> tuple[Anchor, Iterator[Link]]:
    """Return from where a part of a chain goes on, and its links as they are read.

    Raises NotARecord for lines of another form, also while the links are read.
    """
    rest = iter(lines)
    head = _loaded(next(rest, ""))
    try:
        if head["schema"] != SCHEMA:
            raise NotARecord
        origin = Anchor(int(head["origin"]["seq"]), bytes.fromhex(head["origin"]["digest"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NotARecord from error
    return origin, (link_from_json(_loaded(line)) for line in rest)


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise NotARecord from error


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
