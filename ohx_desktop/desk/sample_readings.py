"""Made-up readings of nobody, one for each kind of device: what a mapping is tried on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from ohx_desktop import __version__
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.review.submission import Gateway, Submission

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_GATEWAY = Gateway(installation=UUID(int=0), station="sample", version=__version__)
_DEVICE = DeviceIdentity(manufacturer="Sample", model="SAMPLE-1", address="00:00:00:00:00:00")


class Sample(StrEnum):
    """Which sample."""

    BLOOD_PRESSURE = "blood-pressure"
    WEIGHT = "weight"
    TEMPERATURE = "temperature"
    OXYGEN = "oxygen"
    GLUCOSE = "glucose"


_VALUES: Mapping[Sample, tuple[tuple[QuantityKind, str, Unit], ...]] = {
    Sample.BLOOD_PRESSURE: (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "128", Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "82", Unit.MM_HG),
        (QuantityKind.MEAN_ARTERIAL_PRESSURE, "97", Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    ),
    Sample.WEIGHT: (
        (QuantityKind.BODY_WEIGHT, "165.2", Unit.POUND),
        (QuantityKind.BODY_FAT_PERCENTAGE, "23.4", Unit.PERCENT),
        (QuantityKind.BODY_MASS_INDEX, "24.1", Unit.KILOGRAM_PER_SQUARE_METRE),
    ),
    Sample.TEMPERATURE: ((QuantityKind.BODY_TEMPERATURE, "36.8", Unit.CELSIUS),),
    Sample.OXYGEN: (
        (QuantityKind.OXYGEN_SATURATION, "97", Unit.PERCENT),
        (QuantityKind.PULSE_RATE, "64", Unit.PER_MINUTE),
    ),
    Sample.GLUCOSE: ((QuantityKind.BLOOD_GLUCOSE, "5.4", Unit.MILLIMOLE_PER_LITRE),),
}


def sample_submission(sample: Sample) -> Submission:
    """Return the submission of a sample; the same one each time."""
    reading = Reading(
        source=Source.BLUETOOTH,
        device=_DEVICE,
        measured_at=_NOON,
        received_at=_NOON,
        clock=DeviceClock(device=_NOON.replace(tzinfo=None), offset_s=0.0, trust=ClockTrust.DEVICE),
        sequence=1,
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit)
            for kind, value, unit in _VALUES[sample]
        ),
    )
    return Submission(
        reading=reading,
        patient="Patient/sample",
        performer="Practitioner/sample",
        verifier="Practitioner/sample",
        confirmed_at=_NOON,
        gateway=_GATEWAY,
    )
