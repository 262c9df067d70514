"""One transaction for each thing that can be sent, for judges that we did not write."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import UNITS, Quantity, QuantityKind, Unit, can_exchange, measured
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules, transaction_bundle
from ohx_desktop.fhir.mapping.rules import ElementRules
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances, CuffSize
from ohx_desktop.review.submission import Gateway, Submission

K = QuantityKind
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
CUFF = DeviceIdentity(
    manufacturer="Example",
    model="BPM-200",
    address="A4:C1:38:0B:11:2E",
    serial="SN0012345",
    firmware="1.4.2",
)
DEVICES = {
    "address": CUFF,
    "private address": DeviceIdentity(address="0B8B2C8A-5C8E-4E0B-9D5B-5B1E0E4B7E3A"),
    "System ID": replace(CUFF, system_id="74-E8-FF-FE-FF-05-1C-00"),
    "serial number alone": DeviceIdentity(serial="SN1"),
    "UDI": replace(CUFF, udi="(01)00884838001234(21)A1"),
    "model alone": DeviceIdentity(model="BPM Core"),
    "nothing": None,
}
# Units as devices send them, which are converted.
_CONVERTED = {
    Unit.KILOPASCAL: (K.SYSTOLIC_BLOOD_PRESSURE, "18.40"),
    Unit.METRE: (K.BODY_HEIGHT, "1.780"),
    Unit.STONE: (K.BODY_WEIGHT, "13.0"),
    Unit.KILOJOULE_PER_DAY: (K.BASAL_METABOLISM, "7025"),
    Unit.KILOGRAM_PER_LITRE: (K.BLOOD_GLUCOSE, "0.00105"),
    Unit.MOLE_PER_LITRE: (K.BLOOD_GLUCOSE, "0.0058"),
}
_PRESSURE = (
    Quantity(kind=K.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(138), unit=Unit.MM_HG),
    Quantity(kind=K.DIASTOLIC_BLOOD_PRESSURE, value=Decimal("84.0"), unit=Unit.MM_HG),
    Quantity(kind=K.MEAN_ARTERIAL_PRESSURE, value=Decimal(102), unit=Unit.MM_HG),
    Quantity(kind=K.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
)


def submitted(reading: Reading, patient: str = "Patient/pat-4711") -> Submission:
    """Return a submission in which everybody is named."""
    return Submission(
        reading=reading,
        patient=patient,
        performer="Practitioner/prac-12",
        verifier="Practitioner/prac-12",
        encounter="Encounter/enc-771",
        confirmed_at=MEASURED + timedelta(minutes=1, microseconds=120_000),
        gateway=Gateway(installation=UUID(int=7), station="kiosk-3", version="0.1.0"),
    )


def a_reading(
    *quantities: Quantity,
    flags: frozenset[Flag] = frozenset(),
    source: Source = Source.BLUETOOTH,
    device: DeviceIdentity | None = CUFF,
    trust: ClockTrust = ClockTrust.DEVICE,
) -> Reading:
    """Return a reading of a cuff, or of `quantities`."""
    return Reading(
        source=source,
        device=device,
        measured_at=None if trust is ClockTrust.RECEIVED else MEASURED,
        received_at=MEASURED + timedelta(seconds=41),
        clock=DeviceClock(device=MEASURED.replace(tzinfo=None), offset_s=90.0, trust=trust),
        quantities=quantities or _PRESSURE,
        flags=flags,
    )


def everything() -> dict[str, Json]:
    """Return the R5 transactions, each by what it is about."""
    plain = {
        name: _queued(submitted(reading), BUILT_IN)
        for name, reading in (*_quantities(), *_readings())
    }
    return plain | dict(_submissions()) | dict(_by_rules())


def _queued(submission: Submission, rules: MappingRules) -> Json:
    return decode(encode(transaction_bundle(submission, rules)))


def _quantities() -> Iterator[tuple[str, Reading]]:
    for kind, units in UNITS.items():
        for unit in sorted(units):
            yield f"{kind} in {unit}", a_reading(measured(kind, Decimal("42.0"), unit))
    for unit, (kind, value) in _CONVERTED.items():
        yield f"{kind} from {unit}", a_reading(measured(kind, Decimal(value), unit))
    yield (
        "the pulse of an oximeter",
        a_reading(measured(K.OXYGEN_SATURATION, Decimal(97), Unit.PERCENT), _PRESSURE[-1]),
    )


def _readings() -> Iterator[tuple[str, Reading]]:
    for flag in Flag:
        yield f"flag {flag}", a_reading(flags=frozenset({flag}))
    yield "all flags", a_reading(flags=frozenset(Flag))
    for source in Source:
        yield f"source {source}", a_reading(source=source)
    for trust in ClockTrust:
        yield f"clock {trust}", a_reading(trust=trust)
    for name, device in DEVICES.items():
        yield f"device by {name}", a_reading(device=device)
    for kind, unit in ((K.STEP_COUNT, Unit.ONE), (K.SLEEP_DURATION, Unit.MINUTE)):
        summed = a_reading(
            Quantity(kind=kind, value=Decimal(412), unit=unit), source=Source.WITHINGS, device=None
        )
        yield f"{kind} of a day", replace(summed, period_start=MEASURED - timedelta(days=1))


def _submissions() -> Iterator[tuple[str, Json]]:
    noted = [
        *(Circumstances(position=position) for position in BodyPosition),
        *(Circumstances(site=site) for site in BodySite),
        *(Circumstances(cuff_size=size) for size in CuffSize),
        Circumstances(method="Oscillometry"),
    ]
    whole = submitted(a_reading())
    for each in noted:
        yield str(each), _queued(replace(whole, circumstances=each), BUILT_IN)
    members = tuple(
        replace(a_reading(), sequence=number, measured_at=MEASURED - timedelta(minutes=number))
        for number in (1, 2)
    )
    mean = replace(
        submitted(a_reading(flags=frozenset({Flag.MEASUREMENT_AVERAGED}))), members=members
    )
    yield "a mean with its members", _queued(mean, BUILT_IN)
    alone = replace(whole, performer=None, verifier=None, encounter=None)
    yield "nobody named", _queued(alone, BUILT_IN)
    own = replace(whole, performer=whole.patient)
    yield "measured by the patient", _queued(own, BUILT_IN)


def _by_rules() -> Iterator[tuple[str, Json]]:
    tag = {"system": "https://clinic.example/tags", "code": "kiosk"}
    own = {"system": "https://clinic.example/codes", "code": "own"}
    rules = {
        "no devices": MappingRules(send_devices=False),
        "no Provenance": MappingRules(send_provenance=False),
        "a tag": MappingRules(tags=(tag,)),
        "a code more": MappingRules(blood_pressure=ElementRules(more_codings=(own,))),
        "no profile": MappingRules(blood_pressure=ElementRules(profiles=())),
        "no pulse": MappingRules(kinds={K.PULSE_RATE: ElementRules(send=False)}),
    }
    for name, each in rules.items():
        yield f"rules: {name}", _queued(submitted(a_reading()), each)
    for kind, units in UNITS.items():
        for unit in sorted(units):
            for target in sorted(units - {unit}):
                if can_exchange(kind, target):
                    reading = a_reading(Quantity(kind=kind, value=Decimal("98.6"), unit=unit))
                    wanted = MappingRules(kinds={kind: ElementRules(unit=target)})
                    yield (
                        f"rules: {kind} in {unit} as {target}",
                        _queued(submitted(reading), wanted),
                    )
