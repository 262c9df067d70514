"""One audited event: who did what, when, to which reading. Pure values, free of health data.

There is no field for a value, a name or a text of another system, and the fields there are take
codes only. A patient is a keyed digest, which says "the same as in that row" to whoever holds the
key of the file, and nothing to anybody else.

Canonical bytes (`canonical`): the label `ohx.audit/1`, then the fields in the order of the class.
Each is its length (4 bytes, big-endian) and its bytes: text as UTF-8, numbers as 8 bytes signed
big-endian, UUIDs and digests as they are. A field without a value has the length FFFFFFFF. So no
two different records have the same bytes. Those very bytes are kept and hashed.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from ohx_desktop.audit.events import Event, Outcome

LABEL = b"ohx.audit/1"
PATIENT_BYTES = 16
# Who acts for themselves, where a patient confirms their own reading.
THE_PATIENT = "patient"
# Before an account of this computer: where nobody signs in, it is all that is known of a person.
LOCAL = "local:"

_WHO = re.compile(r"(?:Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64}|local:[\w.\-]{1,64}")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
# Names of secrets, addresses of devices, digests of files, references of staff.
_SUBJECT = re.compile(r"(?!.*Patient)[A-Za-z0-9][A-Za-z0-9.:_/\-]{0,99}")
_UNFIT = re.compile(r"[^A-Za-z0-9.:_/\-]")
_UNFIT_ACCOUNT = re.compile(r"[^\w.\-]")
_KNOWN = frozenset(Event)

_NUMBER = struct.Struct(">q")
_LENGTH = struct.Struct(">I")
_ABSENT = b"\xff\xff\xff\xff"


class NotARecord(ValueError):  # noqa: N818 - reads as what was found
    """What was kept is no record of an event; `seq` is its number, None where there is none."""

    def __init__(self, seq: int | None = None) -> None:
        super().__init__("what was kept is no record of an event")
        self.seq = seq


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An event. `at` is milliseconds since 1970 in UTC.

    `who` is Practitioner/ID, PractitionerRole/ID, local:ACCOUNT (an account of this computer),
    "patient" (the patient themselves), or None for the program. `event` is a plain code where a
    newer program wrote it. `patient` is a keyed digest of 16 bytes. `subject` names what was
    changed where it is no reading: a secret, a device, a file by its SHA-256. `detail` is a code
    such as a reason. Raises ValueError for anything else.
    """

    at: int
    event: Event | str
    outcome: Outcome = Outcome.SUCCESS
    who: str | None = None
    installation: UUID | None = None
    station: str | None = None
    entry: UUID | None = None
    reading: UUID | None = None
    patient: bytes | None = None
    subject: str | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        who, subject, detail = self.who, self.subject, self.detail
        if who is not None and who != THE_PATIENT and not _WHO.fullmatch(who):
            raise ValueError("who did it is a Practitioner/ID or an account of this computer")
        if subject is not None and not _SUBJECT.fullmatch(subject):
            raise ValueError("what was changed is told by a name without blanks, of no patient")
        if not _CODE.fullmatch(self.event):
            raise ValueError("an event has a code in lower case")
        if detail is not None and not _CODE.fullmatch(detail):
            raise ValueError("the detail of an event is a code in lower case")
        if self.patient is not None and len(self.patient) != PATIENT_BYTES:
            raise ValueError("a patient is told by a digest of 16 bytes")


def who_of(reference: str | None) -> str | None:
    """Return how a record names who acts: the reference of a patient never stands in one."""
    if reference is not None and reference.startswith("Patient/"):
        return THE_PATIENT
    return reference


def account(name: str) -> str:
    """Return how a record names an account of this computer."""
    return f"{LOCAL}{_UNFIT_ACCOUNT.sub('_', name)[:64] or 'unknown'}"


def fitting(name: str) -> str:
    """Return a name that a person chose, such as that of a secret, as a record may hold it."""
    fit = _UNFIT.sub("_", name).replace("Patient", "_")
    return fit[:100] if _SUBJECT.fullmatch(fit[:100]) else f"x{fit}"[:100]


def content_name(content: bytes) -> str:
    """Return what names the content of a file, and no other, for ever."""
    return f"sha256:{sha256(content).hexdigest()}"


def event_of(code: str) -> Event | str:
    """Return the event of this code; the code itself where this program does not know it."""
    return Event(code) if code in _KNOWN else code


# ── as bytes ─────────────────────────────────────────────────────────────────────────────────


def canonical(record: AuditRecord) -> bytes:
    """Return the bytes that are kept and hashed; their form is told at the head of this file."""
    fields = (
        _NUMBER.pack(record.at),
        _text(record.event),
        _text(record.outcome),
        _text(record.who),
        _uuid(record.installation),
        _text(record.station),
        _uuid(record.entry),
        _uuid(record.reading),
        record.patient,
        _text(record.subject),
        _text(record.detail),
    )
    return LABEL + b"".join(
        _ABSENT if field is None else _LENGTH.pack(len(field)) + field for field in fields
    )


def record_of(content: bytes) -> AuditRecord:
    """Return the record of canonical bytes. Raises NotARecord for any other bytes."""
    try:
        at, event, outcome, who, installation, station, entry, reading, patient, subject, detail = (
            _fields(content)
        )
        record = AuditRecord(
            at=_NUMBER.unpack(at or b"")[0],
            event=event_of(_word(event) or ""),
            outcome=Outcome(_word(outcome) or ""),
            who=_word(who),
            installation=None if installation is None else UUID(bytes=installation),
            station=_word(station),
            entry=None if entry is None else UUID(bytes=entry),
            reading=None if reading is None else UUID(bytes=reading),
            patient=patient,
            subject=_word(subject),
            detail=_word(detail),
        )
    except (ValueError, struct.error) as error:
        raise NotARecord from error
    if canonical(record) != content:
        raise NotARecord
    return record


def _fields(content: bytes) -> Iterator[bytes | None]:
    if not content.startswith(LABEL):
        raise NotARecord
    position = len(LABEL)
    while position < len(content):
        begin = position + _LENGTH.size
        length = content[position:begin]
        position = begin
        if length == _ABSENT:
            yield None
            continue
        position += _LENGTH.unpack(length)[0]
        yield content[begin:position]


def _text(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def _word(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _uuid(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes
