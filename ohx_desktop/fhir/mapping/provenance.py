"""Provenance: who measured, who confirmed, which program assembled the resources from what.

Source: FHIR R5 Provenance. It has no identifier, so its id is computed and it is written by PUT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import coding, concept
from ohx_desktop.fhir.mapping.identity import moment, named_uuid, uuid_identifier
from ohx_desktop.review.submission import Submission

_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"

_RECORD = {
    Source.BLUETOOTH: "Reading received over Bluetooth",
    Source.WITHINGS: "Reading received from Withings",
    Source.FITBIT: "Reading received from Fitbit",
    Source.GOOGLE_HEALTH: "Reading received from Google Health",
    Source.MANUAL: "Reading entered by hand",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What is told of a confirmed reading. `record` says in words where it came from.

    References are FHIR references; `enterer` typed the values in, None where nobody did.
    """

    reading_id: UUID
    record: str
    patient: str
    encounter: str | None = None
    performer: str | None = None
    verifier: str | None = None
    enterer: str | None = None
    confirmed_at: datetime


def filed(submission: Submission) -> Filed:
    """Return what is told of a submission."""
    source = submission.reading.source
    return Filed(
        reading_id=submission.reading.id,
        record=_RECORD[source],
        patient=submission.patient,
        encounter=submission.encounter,
        performer=submission.performer,
        verifier=submission.verifier,
        enterer=submission.verifier if source is Source.MANUAL else None,
        confirmed_at=submission.confirmed_at,
    )


def provenance(
    told: Filed, *, identifiers: Sequence[Json], targets: Sequence[Json], gateway: Json
) -> Json:
    """Return the Provenance of these Observations.

    `targets` are references to them, `identifiers` their business identifiers, over which the id
    is computed; `gateway` is a reference to this installation.
    """
    confirmed = moment(told.confirmed_at, timespec="milliseconds")
    agents = [
        ("verifier", "Verifier", told.verifier),
        ("performer", "Performer", told.performer),
        # Whoever measured answers for the record; who nobody named, for what they confirmed.
        ("author", "Author", told.performer or told.verifier),
        ("enterer", "Enterer", told.enterer),
    ]
    encounter = {"encounter": {"reference": told.encounter}} if told.encounter else {}
    return {
        "resourceType": "Provenance",
        "id": str(named_uuid("provenance", *(identifier["value"] for identifier in identifiers))),
        "target": list(targets),
        "occurredDateTime": confirmed,
        "recorded": confirmed,
        "activity": activity("CREATE"),
        "patient": {"reference": told.patient},
        **encounter,
        "agent": [
            *(agent(code, display, {"reference": who}) for code, display, who in agents if who),
            agent("assembler", "Assembler", gateway),
        ],
        "entity": [
            _entity("source", uuid_identifier(told.reading_id), told.record),
        ],
    }


def replacing(bundle: Json, identifiers: Sequence[Json]) -> Json:
    """Have the Provenance of a Bundle say which Observations its own stand in place of."""
    display = "Observation that was filed for another patient, marked as entered in error"
    replaced = [_entity("revision", identifier, display) for identifier in identifiers]
    return {**bundle, "entry": [_replacing(entry, replaced) for entry in bundle["entry"]]}


def _replacing(entry: Json, replaced: Sequence[Json]) -> Json:
    resource = entry["resource"]
    if resource["resourceType"] != "Provenance":
        return entry
    return {**entry, "resource": {**resource, "entity": [*resource["entity"], *replaced]}}


def _entity(role: str, identifier: Json, display: str) -> Json:
    return {"role": role, "what": {"identifier": identifier, "display": display}}


def activity(code: str) -> Json:
    """Return what was done, as an operation on data: CREATE, NULLIFY."""
    return concept(coding(_OPERATION, code, code.lower()))


def agent(code: str, display: str, who: Json) -> Json:
    """Return who took part, and as what; `who` is a Reference."""
    return {"type": concept(coding(_PARTICIPANT, code, display)), "who": who}
