"""A reading of nobody's, to see what an EHR makes of it: validated, or stored and taken back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from ohx_desktop import __version__
from ohx_desktop.domain.device import ClockTrust, DeviceClock
from ohx_desktop.domain.errors import Misconfigured, Refused, Transient
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.mapping import MappingRules, transaction_bundle
from ohx_desktop.review.submission import Gateway, Submission

_TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_SAMPLE = (
    (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "120", Unit.MM_HG),
    (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "80", Unit.MM_HG),
    (QuantityKind.PULSE_RATE, "70", Unit.PER_MINUTE),
)
_NOBODY = "Patient/ohx-desktop-test"
# A logical reference needs no such patient in the EHR.
_NOBODY_LOGICALLY = {
    "type": "Patient",
    "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{UUID(int=0)}"},
}

Told = tuple[str | None, str]
"""What to do about a problem, None where there is none; and what was seen."""


def sample(patient: str | None = None) -> Json:
    """Return the transaction of a made-up reading, marked as test data, new each time."""
    now = datetime.now(UTC).replace(microsecond=0)
    reading = Reading(
        source=Source.MANUAL,
        device=None,
        measured_at=now,
        received_at=now,
        clock=DeviceClock(trust=ClockTrust.DEVICE),
        sequence=uuid4().int % 2**31,
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in _SAMPLE
        ),
    )
    submission = Submission(
        reading=reading,
        patient=patient or _NOBODY,
        confirmed_at=now,
        gateway=Gateway(installation=uuid4(), station="test", version=__version__),
    )
    rules = replace(MappingRules(), send_devices=False, send_provenance=False)
    bundle = transaction_bundle(submission, rules)
    for entry in bundle["entry"]:
        entry["resource"]["meta"]["security"] = [_TEST_DATA]
    return decode(encode(bundle))


async def validated(ehr: EhrClient, patient: str | None) -> Told:
    """Have the EHR validate the Observations of a sample. Raises the RemoteError family."""
    problems: list[str] = []
    for entry in sample(patient)["entry"]:
        resource = entry["resource"]
        if patient is None:
            resource["subject"] = _NOBODY_LOGICALLY
        problems += await ehr.problems_of(resource)
    if not problems:
        return None, "our Observations are valid for this EHR"
    told = "; ".join(dict.fromkeys(problems))
    return (
        "give this to the administrator of the EHR: a profile or code system may be missing there",
        f"the EHR finds in our Observations: {told}",
    )


async def written_and_taken_back(ehr: EhrClient, patient: str | None) -> Told:
    """Store a sample for a test patient, read it back, and take it back, also when cancelled.

    Raises the RemoteError family, and Misconfigured where what was read is not what was sent.
    """
    if patient is None:
        raise Misconfigured(
            "a test write needs a test patient of the EHR",
            hint="name one: ohx-desktop ehr check --write --patient Patient/ID",
        )
    writing = asyncio.create_task(_written_and_taken_back(ehr, patient), name="test write")
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        # Nothing made up may stay in a chart. Each request has a deadline, so this ends.
        await asyncio.wait({writing})
        raise


async def _written_and_taken_back(ehr: EhrClient, patient: str) -> Told:
    payload = encode(sample(patient))
    try:
        outcome = await ehr.transact(payload)
    except Transient:
        # It may be stored all the same: once more makes no second copy, and tells what is there.
        outcome = await ehr.transact(payload)
    stored = [entry.reference for entry in outcome.entries if entry.reference is not None]
    try:
        differing = await ehr.read_back(payload, outcome)
    finally:
        left = [reference for reference in stored if not await _taken_back(ehr, reference)]
    if differing:
        raise Misconfigured(
            f"what the EHR stored is not what was sent ({', '.join(differing)})",
            hint="give this to the administrator of the EHR before any reading is filed",
        )
    if left:
        return (
            None,
            "stored, read back, and marked as entered in error; the EHR lets nothing be deleted",
        )
    return None, "stored, read back and deleted again"


async def _taken_back(ehr: EhrClient, reference: str) -> bool:
    """Delete a resource, or mark it as entered in error; tell whether it is gone."""
    try:
        await ehr.remove(reference)
    except (Refused, Misconfigured):
        stored = await ehr.read(reference)
        await ehr.store("PUT", reference, {**stored, "status": "entered-in-error"})
        return False
    return True
