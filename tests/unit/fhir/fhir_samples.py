"""Submissions for the tests of the FHIR mapping: one by hand, and every one there can be."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import UNITS, Quantity, QuantityKind, Unit, measured
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances, CuffSize
from ohx_desktop.review.submission import Gateway, Submission

SYSTOLIC = QuantityKind.SYSTOLIC_BLOOD_PRESSURE
DIASTOLIC = QuantityKind.DIASTOLIC_BLOOD_PRESSURE
MEAN = QuantityKind.MEAN_ARTERIAL_PRESSURE
PULSE = QuantityKind.PULSE_RATE

CUFF = DeviceIdentity(
    manufacturer="Example Medical Ltd",
    model="BPM-200",
    address="A4:C1:38:0B:11:2E",
    serial="SN0012345",
    firmware="1.4.2",
)
GATEWAY = Gateway(
    installation=UUID("0529d9e6-f06b-56ca-89fc-c396a28e5e2f"), station="kiosk-3", version="0.1.0"
)
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
CONFIRMED = datetime.fromisoformat("2026-11-23T09:42:30.120+01:00")


def mm_hg(kind: QuantityKind, value: str) -> Quantity:
    return Quantity(kind=kind, value=Decimal(value), unit=Unit.MM_HG)


def pulse(value: str) -> Quantity:
    return Quantity(kind=PULSE, value=Decimal(value), unit=Unit.PER_MINUTE)


def reading(
    *,
    source: Source = Source.BLUETOOTH,
    device: DeviceIdentity | None = CUFF,
    measured_at: datetime | None = MEASURED,
    clock: DeviceClock | None = None,
    quantities: tuple[Quantity, ...] | None = None,
    flags: frozenset[Flag] = frozenset({Flag.IRREGULAR_PULSE, Flag.CUFF_FIT_OK}),
) -> Reading:
    return Reading(
        source=source,
        device=device,
        measured_at=measured_at,
        received_at=MEASURED + timedelta(seconds=41),
        clock=clock
        or DeviceClock(device=MEASURED.replace(tzinfo=None), offset_s=0, trust=ClockTrust.DEVICE),
        quantities=quantities
        or (mm_hg(SYSTOLIC, "138"), mm_hg(DIASTOLIC, "84"), mm_hg(MEAN, "102"), pulse("71")),
        flags=flags,
    )


def submission(
    measured: Reading | None = None,
    *,
    patient: str = "Patient/pat-4711",
    performer: str | None = "Practitioner/prac-12",
    verifier: str | None = "Practitioner/prac-12",
    encounter: str | None = "Encounter/enc-771",
    based_on: str | None = None,
) -> Submission:
    return Submission(
        reading=measured or reading(),
        patient=patient,
        performer=performer,
        verifier=verifier,
        encounter=encounter,
        based_on=based_on,
        confirmed_at=CONFIRMED,
        gateway=GATEWAY,
    )


STEPS = Reading(
    source=Source.WITHINGS,
    device=None,
    measured_at=datetime.fromisoformat("2026-11-24T00:00:00+01:00"),
    received_at=datetime.fromisoformat("2026-11-24T02:30:00+01:00"),
    clock=DeviceClock(trust=ClockTrust.DEVICE),
    quantities=(Quantity(kind=QuantityKind.STEP_COUNT, value=Decimal(8123), unit=Unit.ONE),),
    period_start=datetime.fromisoformat("2026-11-23T00:00:00+01:00"),
)

_text = st.none() | st.text(max_size=12)
_hex = st.integers(0, 255).map("{:02X}".format)
_eui48 = st.lists(_hex, min_size=6, max_size=6).map(":".join)
_times = st.datetimes(
    min_value=datetime(2000, 1, 2),
    max_value=datetime(2060, 1, 1),
    timezones=st.timezones(),
)
_devices = st.builds(
    DeviceIdentity,
    manufacturer=_text,
    model=_text,
    address=st.none() | _eui48 | st.uuids().map(str),
    serial=_text,
    firmware=_text,
    system_id=st.none() | st.lists(_hex, min_size=8, max_size=8).map("-".join),
    udi=_text | st.just("(01)00884838001234(21)A1"),
)
_clocks = st.builds(
    DeviceClock,
    device=st.none() | st.datetimes(),
    offset_s=st.none() | st.floats(-1e6, 1e6),
    trust=st.sampled_from(ClockTrust),
)
_values = st.decimals("0.1", "400", places=1) | st.integers(1, 400).map(Decimal)


_CONVERTED = {
    Unit.MM_HG: Unit.KILOPASCAL,
    Unit.CENTIMETRE: Unit.METRE,
    Unit.KILOGRAM: Unit.STONE,
    Unit.KILOCALORIE_PER_DAY: Unit.KILOJOULE_PER_DAY,
    Unit.MILLIGRAM_PER_DECILITRE: Unit.KILOGRAM_PER_LITRE,
    Unit.MILLIMOLE_PER_LITRE: Unit.MOLE_PER_LITRE,
}


def _units(kind: QuantityKind) -> list[Unit]:
    """Return the units of a kind, also those it is converted from."""
    units = sorted(UNITS[kind])
    return [*units, *(_CONVERTED[unit] for unit in units if unit in _CONVERTED)]


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    kinds = draw(st.lists(st.sampled_from(QuantityKind), min_size=1, unique=True))
    return Reading(
        source=draw(st.sampled_from(Source)),
        device=draw(st.none() | _devices),
        measured_at=draw(st.none() | _times),
        received_at=draw(_times),
        clock=draw(_clocks),
        sequence=draw(st.none() | st.integers(0, 65535)),
        quantities=tuple(
            measured(kind, draw(_values), draw(st.sampled_from(_units(kind)))) for kind in kinds
        ),
        flags=draw(st.frozensets(st.sampled_from(Flag))),
    )


@st.composite
def periods(draw: st.DrawFn) -> Reading:
    """Return a reading that sums up over a time."""
    end = draw(_times)
    summed = (QuantityKind.STEP_COUNT, Unit.ONE), (QuantityKind.SLEEP_DURATION, Unit.MINUTE)
    kind, unit = draw(st.sampled_from(summed))
    return Reading(
        source=Source.WITHINGS,
        device=None,
        measured_at=end,
        received_at=end,
        clock=DeviceClock(trust=ClockTrust.DEVICE),
        quantities=(Quantity(kind=kind, value=draw(_values), unit=unit),),
        period_start=end - timedelta(minutes=draw(st.integers(0, 3000))),
    )


_ids = st.from_regex(r"[A-Za-z0-9\-]{1,64}", fullmatch=True)
_people = st.none() | _ids.map("Practitioner/{}".format) | _ids.map("Patient/{}".format)
_circumstances = st.builds(
    Circumstances,
    position=st.none() | st.sampled_from(BodyPosition),
    site=st.none() | st.sampled_from(BodySite),
    cuff_size=st.none() | st.sampled_from(CuffSize),
    method=st.none() | st.just("Auscultation"),
)
submissions = st.builds(
    Submission,
    reading=readings() | periods(),
    patient=_ids.map("Patient/{}".format),
    performer=_people,
    verifier=_people,
    encounter=st.none() | _ids.map("Encounter/{}".format),
    based_on=st.none() | _ids.map("ServiceRequest/{}".format),
    confirmed_at=_times,
    gateway=st.builds(Gateway, installation=st.uuids(), station=st.text(), version=st.text()),
    circumstances=_circumstances,
)


@st.composite
def means(draw: st.DrawFn) -> Submission:
    """Return the mean of some readings, with them as its members."""
    whole = draw(submissions)
    members = draw(st.lists(readings(), min_size=1, max_size=3, unique_by=lambda r: r.id))
    mean = replace(whole.reading, flags=whole.reading.flags | {Flag.MEASUREMENT_AVERAGED})
    others = tuple(member for member in members if member.id != mean.id)
    return replace(whole, reading=mean, members=others)
