"""The same reading for another patient, made of its own Observations and of nothing else. Pure.

Used where what was confirmed is no longer on this computer: the Observations are those the EHR
holds, proven to be what was confirmed. Of them only what this program writes is taken over. What
belongs to the patient they were filed for by mistake (visit, order, links, labels, remarks of
others) stays behind, and so does what the EHR has added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.mapping.bundle import conditional_create, update_as_create
from ohx_desktop.fhir.mapping.circumstances import CUFF_SIZE, POSITION_EXTENSION
from ohx_desktop.fhir.mapping.device import gateway_by_name, gateway_device
from ohx_desktop.fhir.mapping.identity import (
    named_uuid,
    observation_identifier,
    placeholder,
    uuid_identifier,
)
from ohx_desktop.fhir.mapping.observation import GATEWAY_EXTENSION
from ohx_desktop.fhir.mapping.provenance import Filed, provenance, replacing
from ohx_desktop.fhir.mapping.quantity_codes import OBSERVATION_KEYS
from ohx_desktop.review.submission import Gateway

# In the order in which a new filing has them.
_KEPT = (
    "resourceType",
    "meta",
    "extension",
    "identifier",
    "status",
    "category",
    "code",
    "subject",
    "effectiveDateTime",
    "effectivePeriod",
    "performer",
    "valueQuantity",
    "note",
    "bodySite",
    "method",
    "device",
    "derivedFrom",
    "component",
)
_STAFF = ("Practitioner/", "PractitionerRole/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refiling:
    """A decision of `by` (None where nobody signs in), at an aware time, to file for `patient`.

    `reading_id` is that of the reading that was confirmed, `filed_for` its patient till now.
    """

    reading_id: UUID
    filed_for: str
    patient: str
    by: str | None
    at: datetime
    gateway: Gateway
    send_provenance: bool = True


@dataclass(frozen=True, slots=True)
class _Old:
    """An Observation of the first filing, with its identifier here and its name in references."""

    resource: Json
    identifier: Json
    reference: str


def refiled_bundle(
    decision: Refiling, observations: Sequence[Json], identifiers: Sequence[Json]
) -> Json:
    """Return the transaction Bundle that files Observations for another patient.

    `identifiers` are those that this program gave them, in the same order. Devices are referred
    to where the EHR has them. The same input always gives the same Bundle.
    """
    old = [_old(each, ours) for each, ours in zip(observations, identifiers, strict=True)]
    names = {each.reference: _identifier(decision, each) for each in old}
    measured = [_observation(decision, each, names) for each in old]
    entries = [conditional_create(resource) for resource in measured]
    if decision.send_provenance:
        entries.append(update_as_create(_record(decision, measured)))
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return replacing(bundle, identifiers)


def _old(observation: Json, identifier: Json) -> _Old:
    stored = observation.get("id")
    reference = f"Observation/{stored}" if stored else placeholder(identifier)
    return _Old(observation, identifier, reference)


def _identifier(decision: Refiling, old: _Old) -> Json:
    """Return the identifier that filing the reading for this patient at once would have given.

    Of a reading that a mean is made of the id is no longer known: its old name stands for it.
    """
    for key in OBSERVATION_KEYS:
        if observation_identifier(decision.reading_id, decision.filed_for, key) == old.identifier:
            return observation_identifier(decision.reading_id, decision.patient, key)
    return uuid_identifier(named_uuid("refiled", old.identifier["value"], decision.patient))


def _observation(decision: Refiling, old: _Old, names: Mapping[str, Json]) -> Json:
    held = old.resource
    meta = held.get("meta", {})
    changed: Json = {
        "meta": {name: meta[name] for name in ("profile", "tag") if name in meta},
        "extension": [
            each
            for each in objects_in(held.get("extension"))
            if each.get("url") in {GATEWAY_EXTENSION, POSITION_EXTENSION}
        ],
        "identifier": [names[old.reference]],
        "status": "final",
        "subject": {"reference": decision.patient},
        "performer": [
            {"reference": who} for who in _references(held, "performer") if who.startswith(_STAFF)
        ],
        # A remark with an author or a time is somebody's on the other patient.
        "note": [each for each in objects_in(held.get("note")) if set(each) == {"text"}],
        "derivedFrom": [
            {"reference": placeholder(names[source])}
            for source in _references(held, "derivedFrom")
            if source in names
        ],
        "component": [each for each in objects_in(held.get("component")) if _is_ours(each)],
    }
    # FHIR has no empty lists.
    merged = held | changed
    return {name: merged[name] for name in _KEPT if merged.get(name)}


def _references(resource: Json, element: str) -> list[str]:
    """Return the references of an element as Type/ID, also where the EHR writes a URL."""
    written = [str(each.get("reference")) for each in objects_in(resource.get(element))]
    return ["/".join(each.split("/")[-2:]) if "://" in each else each for each in written]


def _is_ours(component: Json) -> bool:
    codes = {each.get("code") for each in objects_in(component["code"].get("coding"))}
    return "valueString" not in component or CUFF_SIZE in codes


def _record(decision: Refiling, measured: Sequence[Json]) -> Json:
    identifiers = [resource["identifier"][0] for resource in measured]
    performers = [each["reference"] for each in measured[-1].get("performer", [])]
    return provenance(
        Filed(
            reading_id=decision.reading_id,
            record="Reading that was filed for another patient first",
            patient=decision.patient,
            performer=performers[0] if performers else None,
            verifier=decision.by,
            confirmed_at=decision.at,
        ),
        identifiers=identifiers,
        targets=[{"reference": placeholder(identifier)} for identifier in identifiers],
        gateway=gateway_by_name(gateway_device(decision.gateway)),
    )
