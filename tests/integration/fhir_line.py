"""A reading to send, and a line to the sandbox EHR over a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.review.circumstances import NOTHING_NOTED, Circumstances
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.transport import build_client
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import ENCOUNTER, MRN_SYSTEM, PATIENT, PRACTITIONER

MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")


def a_bundle(
    patient: str = f"Patient/{PATIENT}", circumstances: Circumstances = NOTHING_NOTED
) -> bytes:
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "138", Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "84.0", Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    )
    reading = Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=MEASURED,
        received_at=MEASURED,
        clock=DeviceClock(device=MEASURED.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
        flags=frozenset({Flag.IRREGULAR_PULSE}),
    )
    submission = Submission(
        reading=reading,
        patient=patient,
        performer=f"Practitioner/{PRACTITIONER}",
        verifier=f"Practitioner/{PRACTITIONER}",
        encounter=f"Encounter/{ENCOUNTER}",
        confirmed_at=MEASURED,
        gateway=Gateway(
            installation=UUID("0529d9e6-f06b-56ca-89fc-c396a28e5e2f"), station="1", version="0.1.0"
        ),
        circumstances=circumstances,
    )
    return encode(transaction_bundle(submission))


@asynccontextmanager
async def line() -> AsyncIterator[tuple[SandboxEhr, EhrClient]]:
    sandbox = SandboxEhr()
    base = await sandbox.start()
    try:
        async with await build_client() as http:
            yield sandbox, await connect_ehr(http, base, patient_identifier_system=MRN_SYSTEM)
    finally:
        await sandbox.stop()
