"""Provenance: who measured, who confirmed, which program assembled the resources from what.

Source: FHIR R5 Provenance. It has no identifier, so its id is computed and it is written by PUT.
"""

from collections.abc import Sequence

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


def provenance(
    submission: Submission, *, identifiers: Sequence[Json], targets: Sequence[Json], gateway: Json
) -> Json:
    """Return the Provenance of these Observations.

    `targets` are references to them, `identifiers` their business identifiers, over which the id
    is computed; `gateway` is a reference to this installation.
    """
    confirmed = moment(submission.confirmed_at, timespec="milliseconds")
    by_hand = submission.reading.source is Source.MANUAL
    agents = [
        ("verifier", "Verifier", submission.verifier),
        ("performer", "Performer", submission.performer),
        # Whoever measured answers for the record; who nobody named, for what they confirmed.
        ("author", "Author", submission.performer or submission.verifier),
        ("enterer", "Enterer", submission.verifier if by_hand else None),
    ]
    encounter = {"encounter": {"reference": submission.encounter}} if submission.encounter else {}
    return {
        "resourceType": "Provenance",
        "id": str(named_uuid("provenance", *(identifier["value"] for identifier in identifiers))),
        "target": list(targets),
        "occurredDateTime": confirmed,
        "recorded": confirmed,
        "activity": concept(coding(_OPERATION, "CREATE", "create")),
        "patient": {"reference": submission.patient},
        **encounter,
        "agent": [
            *(_agent(code, display, {"reference": who}) for code, display, who in agents if who),
            _agent("assembler", "Assembler", gateway),
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "identifier": uuid_identifier(submission.reading.id),
                    "display": _RECORD[submission.reading.source],
                },
            }
        ],
    }


def _agent(code: str, display: str, who: Json) -> Json:
    return {"type": concept(coding(_PARTICIPANT, code, display)), "who": who}
