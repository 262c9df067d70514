"""Taking a filed reading back: the order, frozen when a person decides, and what it writes. Pure.

A wrong Observation is marked as entered in error and never deleted: that it stood in a chart, and
may have been acted upon, must stay visible. A Provenance tells who took it back and why.

Source: FHIR R5 Observation.status (a modifier), Provenance; v3-DataOperation NULLIFY.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.bundle import update_as_create
from ohx_desktop.fhir.mapping.codes import concept
from ohx_desktop.fhir.mapping.device import gateway_by_name, gateway_device
from ohx_desktop.fhir.mapping.identity import moment, named_uuid
from ohx_desktop.fhir.mapping.provenance import activity, agent
from ohx_desktop.review.submission import Gateway

SCHEMA = "ohx.retraction/1"
ENTERED_IN_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractionOrder:
    """What shall be taken back, why, by whom. The same order gives the same writes at any time.

    `proof`, with its `key`, names the Observations and tells whether they are still what was
    confirmed. `reference` is the main one's (Type/ID), where the EHR told it. `reason` is a code
    such as "wrong-patient"; `by` a reference, None where nobody signs in; `at` is aware. Without
    `send_provenance` the clinic wants none written.
    """

    proof: bytes = field(repr=False)
    key: bytes = field(repr=False)
    reference: str | None
    reason: str
    by: str | None
    at: datetime
    gateway: Gateway
    send_provenance: bool = True


def encode_order(order: RetractionOrder) -> bytes:
    """Return the UTF-8 JSON of an order."""
    form = {
        "schema": SCHEMA,
        "proof": b64encode(order.proof).decode(),
        "key": b64encode(order.key).decode(),
        "reference": order.reference,
        "reason": order.reason,
        "by": order.by,
        "at": order.at.isoformat(),
        "gateway": {
            "installation": str(order.gateway.installation),
            "station": order.gateway.station,
            "version": order.gateway.version,
        },
        "send_provenance": order.send_provenance,
    }
    return json.dumps(form, separators=(",", ":"), ensure_ascii=False).encode()


def decode_order(content: bytes) -> RetractionOrder:
    """Return the order of its JSON. Raises KeyError or ValueError."""
    form = json.loads(content)
    if form["schema"] != SCHEMA:
        raise ValueError(f"not an {SCHEMA}")
    gateway = form["gateway"]
    return RetractionOrder(
        proof=b64decode(form["proof"]),
        key=b64decode(form["key"]),
        reference=form["reference"],
        reason=form["reason"],
        by=form["by"],
        at=datetime.fromisoformat(form["at"]),
        gateway=Gateway(
            installation=UUID(gateway["installation"]),
            station=gateway["station"],
            version=gateway["version"],
        ),
        send_provenance=form["send_provenance"],
    )


def is_order(content: Json) -> bool:
    """Tell an order from a Bundle by its decoded JSON."""
    return content.get("schema") == SCHEMA


def entered_in_error(observation: Json) -> Json:
    """Return an Observation marked as entered in error; all else as the EHR holds it."""
    return {**observation, "status": ENTERED_IN_ERROR}


def is_retracted(observation: Json) -> bool:
    """Tell whether an Observation is marked as entered in error."""
    return observation.get("status") == ENTERED_IN_ERROR


def update_of(observation: Json) -> Json:
    """Return the Bundle entry that marks a stored Observation, if it is still of this version."""
    reference = f"Observation/{observation['id']}"
    version = observation.get("meta", {}).get("versionId")
    request = {"method": "PUT", "url": reference}
    if isinstance(version, str):
        request["ifMatch"] = f'W/"{version}"'
    return {
        "fullUrl": f"urn:uuid:{named_uuid('entry', reference)}",
        "resource": entered_in_error(observation),
        "request": request,
    }


def nullification(
    order: RetractionOrder, names: Sequence[str], observations: Sequence[Json]
) -> Json:
    """Return the entry of the Provenance that tells who took these Observations back.

    `names` are the values of the identifiers that the order stands for, over which its id is
    computed, so that every attempt writes the same resource.
    """
    when = moment(order.at, timespec="milliseconds")
    who = [agent("verifier", "Verifier", {"reference": order.by})] if order.by else []
    gateway = gateway_by_name(gateway_device(order.gateway))
    subjects = [each["subject"] for each in observations if "subject" in each]
    return update_as_create(
        {
            "resourceType": "Provenance",
            "id": str(named_uuid("retraction", when, *names)),
            "target": [{"reference": f"Observation/{each['id']}"} for each in observations],
            "occurredDateTime": when,
            "recorded": when,
            "authorization": [{"concept": concept(text=f"Entered in error: {order.reason}")}],
            "activity": activity("NULLIFY"),
            **({"patient": subjects[0]} if subjects else {}),
            "agent": [*who, agent("assembler", "Assembler", gateway)],
        }
    )
