"""Every state of the desk with invented patients: what the gallery shows and the tests walk."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.admin_states import AdminState
from ohx_desktop.desk.enrolling_states import EnrolState
from ohx_desktop.desk.queue_states import QueueState
from ohx_desktop.desk.staff_states import SignedIn, StaffState
from ohx_desktop.desk.states import (
    Care,
    DeskState,
    Filed,
    FindPatient,
    PasskeyQuestion,
    QueueSummary,
    Reviewing,
    Waiting,
)
from ohx_desktop.desk.unlock_states import AskingKeyPin
from ohx_desktop.domain.care_context import CareContext, ContextOption, OfferedContexts
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity, DeviceKind
from ohx_desktop.domain.errors import (
    AlreadyOpen,
    ConnectionLost,
    NoKeyring,
    NotKept,
    OhxError,
    RadioReason,
    RadioUnavailable,
    StoreEnvironment,
    Transient,
)
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import Patient, PatientIdentifier, SearchNote
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.ui.admin_scenes import ADMIN_SCENES, ToMend
from ohx_desktop.ui.device_scenes import DEVICE_SCENES, Asked
from ohx_desktop.ui.queue_scenes import queue_scenes
from ohx_desktop.ui.staff_scenes import STAFF_SCENES
from ohx_desktop.ui.unlock_scenes import UNLOCK_SCENES

NOW = datetime(2026, 11, 23, 10, 15, 48, tzinfo=timezone(timedelta(hours=1)))
SIGNED_IN = SignedIn(
    person=StaffMember(reference="Practitioner/12", name="N. Okafor"),
    since=NOW - timedelta(hours=1),
)
QUEUE = QueueSummary(
    waiting=2, needs_attention=1, last_error="the EHR is not reachable; it is sent again by itself"
)


def now() -> datetime:
    """Return the moment at which all scenes play."""
    return NOW


def _patient(reference: str, family: str, given: str, **more: object) -> Patient:
    number = PatientIdentifier(system=None, value=f"94347659{reference:>02}", label="MRN")
    patient = Patient(
        reference=f"Patient/{reference}",
        family=family,
        given=given,
        birth_date=date(1951, 11, 23),
        gender="female",
        identifier=number,
    )
    return replace(patient, **more)  # type: ignore[arg-type]  # each field is checked by its scene


JANE = _patient("19", "Smith", "Jane", prefix="Ms")
JUERGEN = _patient(
    "20",
    "Weiß-Großmüller von und zu Hohenschönhausen",
    "Jürgen Maximilian Ägidius",
    prefix="Prof. Dr. med.",
    gender="male",
    birth_date=date(1938, 3, 2),
)
FATIMA = _patient("21", "الأحمدي", "فاطمة الزهراء", birth_date=date(1990, 7, 14))
INFANT = _patient("22", "Smith", "Jane", birth_date=date(2025, 9, 30), prefix=None)
LATE = _patient("23", "Smith", "Jane Margaret", prefix="Mrs", deceased=True)
PARTLY = Patient(reference="Patient/24", family="Smythe", given="")

_CUFF = DeviceIdentity(manufacturer="OMRON", model="HEM-7322T", address="AA:BB:CC:DD:EE:FF")


def _mm_hg(kind: QuantityKind, value: str) -> Quantity:
    return Quantity(kind=kind, value=Decimal(value), unit=Unit.MM_HG)


READING = Reading(
    source=Source.BLUETOOTH,
    device=_CUFF,
    measured_at=NOW.replace(second=0),
    received_at=NOW,
    clock=DeviceClock(
        device=NOW.replace(second=0, tzinfo=None), offset_s=-2.0, trust=ClockTrust.DEVICE
    ),
    sequence=14,
    quantities=(
        _mm_hg(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "128"),
        _mm_hg(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "82"),
        Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
    ),
    flags=frozenset({Flag.IRREGULAR_PULSE}),
)
CORRECTED = replace(
    READING,
    clock=DeviceClock(
        device=datetime(2026, 11, 23, 9, 13, tzinfo=None),  # noqa: DTZ001 - a device's own clock
        offset_s=-3720.0,
        trust=ClockTrust.CORRECTED,
    ),
    flags=frozenset({Flag.CUFF_FIT_OK}),
)
UNDATED = replace(
    READING,
    measured_at=None,
    clock=DeviceClock(trust=ClockTrust.UNKNOWN),
    flags=frozenset(),
)
IN_KPA = replace(
    READING,
    quantities=(
        pressure(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, Decimal("26.9"), Unit.KILOPASCAL),
        pressure(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, Decimal("17.1"), Unit.KILOPASCAL),
        pressure(QuantityKind.MEAN_ARTERIAL_PRESSURE, Decimal("20.4"), Unit.KILOPASCAL),
        Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal("171.5"), unit=Unit.PER_MINUTE),
    ),
    flags=frozenset(Flag),
)

_ENTRY = OutboxEntry(
    id=UUID(int=1),
    reading_id=READING.id,
    state=EntryState.QUEUED,
    attempts=0,
    created_at=NOW,
)
_FILED = Filed(patient=JANE, reading=READING, entry=_ENTRY, saved_at=NOW)
_SENT_AT = NOW + timedelta(seconds=1)

_CLINIC = ContextOption(
    reference="Encounter/771",
    name="Hypertension clinic",
    since=NOW - timedelta(minutes=22),
    appointment=NOW.replace(hour=10, minute=0, second=0),
)
_WARD = ContextOption(
    reference="Encounter/772", name="Stay on ward 4, cardiology", since=NOW - timedelta(days=2)
)
_ORDER = ContextOption(
    reference="ServiceRequest/31", name="Blood pressure", since=NOW - timedelta(hours=1)
)
ONE_VISIT = Care(
    offered=OfferedContexts(visits=(_CLINIC,)), chosen=CareContext(encounter="Encounter/771")
)
TWO_VISITS = Care(
    offered=OfferedContexts(visits=(_CLINIC, _WARD), orders=(_ORDER,)),
    chosen=CareContext(based_on="ServiceRequest/31"),
)

WithPatient = Waiting | Reviewing | Filed

Told = DeskState | EnrolState | StaffState | AdminState | AskingKeyPin | QueueState
Scene = Told | Asked | ToMend | OhxError | None

SCENES: dict[str, Scene] = {
    **DEVICE_SCENES,
    **STAFF_SCENES,
    **ADMIN_SCENES,
    **UNLOCK_SCENES,
    **queue_scenes(JANE, FATIMA, JUERGEN, READING),
    "00-starting": None,
    "01-no-keyring": NoKeyring("no secret store was found on this computer"),
    "02-already-open": AlreadyOpen("a window of this profile is open already"),
    "10-find": FindPatient(),
    "11-searching": FindPatient(searching=True),
    "12-found": FindPatient(results=(JANE, INFANT, LATE, PARTLY)),
    "13-nobody": FindPatient(results=()),
    "14-unreachable": FindPatient(
        error=Transient("the EHR is not reachable", hint="check the network, then search again")
    ),
    "16-by-name": FindPatient(results=(JANE, INFANT), by_name_alone=True),
    "17-too-many": FindPatient(results=(), note=SearchNote.TOO_MANY),
    "18-replaced": FindPatient(results=(JANE,), note=SearchNote.REPLACED),
    "19-not-unique": FindPatient(results=(), note=SearchNote.NOT_UNIQUE),
    "15-names": FindPatient(results=(JUERGEN, FATIMA)),
    "20-listening": Waiting(patient=JANE, device_name="Cuff room 2", kind=DeviceKind.CUFF),
    "21-receiving": Waiting(
        patient=JANE,
        link=LinkState.RECEIVING,
        device_name="HEM-7322T",
        kind=DeviceKind.CUFF,
    ),
    "25-any-device": Waiting(patient=JANE),
    "26-scale": Waiting(patient=JANE, kind=DeviceKind.SCALE),
    "27-thermometer": Waiting(patient=JANE, kind=DeviceKind.THERMOMETER),
    "28-oximeter": Waiting(patient=JANE, kind=DeviceKind.OXIMETER),
    "29-glucose-meter": Waiting(patient=JANE, kind=DeviceKind.GLUCOSE_METER),
    "22-lost": Waiting(
        patient=JANE, problem=ConnectionLost("the link to the device was lost"), stored_seen=2
    ),
    "23-bluetooth-off": Waiting(
        patient=JUERGEN,
        link=LinkState.NO_RADIO,
        problem=RadioUnavailable("Bluetooth is off", reason=RadioReason.POWERED_OFF),
    ),
    "24-one-visit": Waiting(patient=JANE, care=ONE_VISIT, device_name="Cuff room 2"),
    "25-two-visits": Waiting(patient=JANE, care=TWO_VISITS, device_name="Cuff room 2"),
    "26-visits-withheld": Waiting(
        patient=JANE,
        care=Care(offered=OfferedContexts(complete=False)),
        device_name="Cuff room 2",
    ),
    "39-two-visits": Reviewing(patient=JUERGEN, reading=CORRECTED, care=TWO_VISITS),
    "46-one-visit": Reviewing(patient=JANE, reading=READING, care=ONE_VISIT),
    "24-passkey": Asked(
        waiting=Waiting(patient=JANE, link=LinkState.PAIRING, device_name="BM54"),
        question=PasskeyQuestion(address="A4:C1:38:00:54:54"),
    ),
    "30-reading": Reviewing(patient=JANE, reading=READING),
    "31-corrected": Reviewing(patient=FATIMA, reading=CORRECTED),
    "32-undated": Reviewing(patient=JANE, reading=UNDATED),
    "33-checked": Reviewing(patient=JANE, reading=UNDATED, display_checked=True),
    "34-saving": Reviewing(patient=JANE, reading=READING, saving=True),
    "35-not-saved": Reviewing(
        patient=JANE, reading=READING, error=StoreEnvironment("the disk is full")
    ),
    "39-not-kept": Reviewing(
        patient=JANE, reading=READING, not_kept=NotKept("a reading could not be saved")
    ),
    "36-everything": Reviewing(patient=JUERGEN, reading=IN_KPA),
    "38-not-registered": Reviewing(
        patient=INFANT, reading=READING, device_registered=False, more=1
    ),
    "37-deceased": Reviewing(patient=LATE, reading=READING),
    "40-saved": _FILED,
    "41-retrying": replace(
        _FILED,
        entry=replace(_ENTRY, attempts=2, next_attempt=NOW + timedelta(seconds=40)),
    ),
    "42-sent": replace(
        _FILED, entry=replace(_ENTRY, state=EntryState.ACKNOWLEDGED), sent_at=_SENT_AT
    ),
    "43-in-chart": replace(
        _FILED,
        entry=replace(_ENTRY, state=EntryState.VERIFIED, ehr_reference="Observation/4711"),
        sent_at=_SENT_AT,
        verified_at=_SENT_AT,
    ),
    "45-one-more": replace(_FILED, more=1),
    "44-refused": replace(
        _FILED,
        entry=replace(
            _ENTRY,
            state=EntryState.NEEDS_ATTENTION,
            attempts=1,
            last_error="the EHR does not know this patient any more",
        ),
    ),
}
