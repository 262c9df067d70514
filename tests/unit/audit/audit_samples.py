"""Chains for the tests of the audit."""

from collections.abc import Iterable
from uuid import UUID

from hypothesis import strategies as st

from ohx_desktop.audit.chain import Anchor, Link, linked
from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.audit.record import AuditRecord, canonical

ORIGIN = Anchor(0, bytes(range(32)))
WHOS = ("Practitioner/12", "PractitionerRole/a-b.c", "local:admin", "patient", None)

RECORDS = st.builds(
    AuditRecord,
    at=st.integers(0, 2**45),
    event=st.sampled_from(Event),
    outcome=st.sampled_from(Outcome),
    who=st.sampled_from(WHOS),
    installation=st.none() | st.uuids(),
    station=st.none() | st.text(max_size=8),
    entry=st.none() | st.uuids(),
    reading=st.none() | st.uuids(),
    patient=st.none() | st.binary(min_size=16, max_size=16),
    subject=st.none() | st.from_regex(r"[a-z0-9][a-z0-9.:_/\-]{0,20}", fullmatch=True),
    detail=st.none() | st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
)


def chain_of(records: Iterable[AuditRecord], origin: Anchor = ORIGIN) -> list[Link]:
    """Return the links of records in their order."""
    links, at = [], origin
    for record in records:
        links.append(linked(at, canonical(record)))
        at = links[-1].anchor
    return links


def records(count: int) -> list[AuditRecord]:
    """Return different records."""
    return [AuditRecord(at=n, event=Event.CONFIRMED, reading=UUID(int=n)) for n in range(count)]
