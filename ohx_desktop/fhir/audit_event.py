"""An audited event as FHIR R5 AuditEvent, for the clinic's own audit repository. Pure.

No value and no name stands in it. A reading is its id, as it is in the EHR's Provenance; a patient
is a digest that only this installation can tell from another.

Source: FHIR R5 AuditEvent; DICOM PS3.15 A.5.3 and ISO 21089 by `ohx_desktop.audit.events`.
"""

from datetime import UTC, datetime
from uuid import UUID

from ohx_desktop.audit.chain import Link
from ohx_desktop.audit.events import DCM, KINDS, Action, Code, Event, Kind, Outcome
from ohx_desktop.audit.record import LOCAL, THE_PATIENT, AuditRecord
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import coding, concept
from ohx_desktop.fhir.mapping.identity import moment, named_uuid, uuid_identifier

OWN_EVENTS = "https://ohx.example.org/fhir/CodeSystem/audit-event"
LOCAL_ACCOUNTS = "https://ohx.example.org/fhir/sid/local-account"

_OUTCOME = "http://hl7.org/fhir/issue-severity"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_AGENT = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"

# An event that a newer program wrote.
_UNKNOWN = Kind(
    Code(DCM, "110100", "Application Activity"),
    Code(DCM, "110100", "Application Activity"),
    Action.EXECUTE,
)
_OUTCOMES = {
    Outcome.SUCCESS: coding(_OUTCOME, "success", "Operation Successful"),
    Outcome.FAILURE: coding(_OUTCOME, "error", "Error"),
}


def audit_event(link: Link) -> Json:
    """Return the AuditEvent of a link; the same link always has the same id.

    Raises NotARecord for a record that this program cannot read.
    """
    record = link.record
    kind = KINDS[record.event] if isinstance(record.event, Event) else _UNKNOWN
    entities = _entities(record)
    return {
        "resourceType": "AuditEvent",
        "id": str(named_uuid("audit", link.digest.hex())),
        "category": [concept(coding(*kind.category))],
        "code": concept(coding(*kind.code), coding(OWN_EVENTS, record.event)),
        "action": kind.action.value,
        "recorded": moment(
            datetime.fromtimestamp(record.at / 1000, tz=UTC), timespec="milliseconds"
        ),
        "outcome": {"code": _OUTCOMES[record.outcome], **_detail(record)},
        "agent": _agents(record),
        "source": {
            "observer": _gateway(record),
            "type": [concept(coding(_SOURCE, "1", "User Device"))],
        },
    } | ({"entity": entities} if entities else {})


def _agents(record: AuditRecord) -> list[Json]:
    who = _who(record)
    program: Json = {
        "type": concept(coding(DCM, "110150", "Application")),
        "who": _gateway(record),
        "requestor": who is None,
    }
    if who is None:
        return [program]
    kind = concept(coding(_AGENT, "humanuser", "Human User"))
    return [{"type": kind, "who": who, "requestor": True}, program]


def _who(record: AuditRecord) -> Json | None:
    who = record.who
    if who is None:
        return None
    if who == THE_PATIENT:
        known = {} if record.patient is None else {"identifier": _patient(record.patient)}
        return {"type": "Patient", **known, "display": "the patient"}
    if who.startswith(LOCAL):
        return {"identifier": {"system": LOCAL_ACCOUNTS, "value": who.removeprefix(LOCAL)}}
    return {"reference": who}


def _gateway(record: AuditRecord) -> Json:
    """Return the reference to the Device that is this installation, as in every Provenance."""
    told: Json = {"type": "Device"}
    if record.installation is not None:
        told["identifier"] = uuid_identifier(record.installation)
    station = (record.station or "").strip()
    return {**told, "display": f"ohx_desktop on station {station}" if station else "ohx_desktop"}


def _entities(record: AuditRecord) -> list[Json]:
    entities = []
    if record.reading is not None:
        entities.append(_entity("4", "Domain Resource", uuid_identifier(record.reading)))
    if record.entry is not None:
        entities.append(_entity("20", "Job", uuid_identifier(record.entry)))
    if record.patient is not None:
        entities.append(_entity("1", "Patient", _patient(record.patient)))
    if record.subject is not None:
        what = {"display": record.subject}
        entities.append({"what": what, "role": concept(coding(_ROLE, "13", "Security Resource"))})
    return entities


def _entity(code: str, display: str, identifier: Json) -> Json:
    return {"what": {"identifier": identifier}, "role": concept(coding(_ROLE, code, display))}


def _patient(digest: bytes) -> Json:
    return uuid_identifier(UUID(bytes=digest))


def _detail(record: AuditRecord) -> Json:
    return {} if record.detail is None else {"detail": [{"text": record.detail}]}
