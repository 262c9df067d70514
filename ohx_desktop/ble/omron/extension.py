"""Omron's measurement extension: like the standard measurements, with a number and more fields.

Flags say which fields follow, in the order of their bits. What is longer than the link takes comes
as two packets that both say so and carry the same sequence number.

Source: freesonwill/BleSampleOmron (layouts); captures of HBF-222T (magcode/omviva) and BP7900
(wildcommitter/omron-rs).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto

from ohx_desktop.ble.codec.blood_pressure import BloodPressureMeasurement
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.sfloat import SpecialValue, decode_sfloat
from ohx_desktop.domain.errors import DecodingError, Truncated
from ohx_desktop.domain.quantity import Unit

_UNKNOWN_USER = 0xFF
_PAIR = 2


class Field(Enum):
    """How a field is written."""

    U8 = auto()
    U16 = auto()
    SFLOAT = auto()
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of packet: its name in errors, bytes of its flags, fields by bit, the bit of two."""

    name: str
    flag_bytes: int
    fields: Mapping[int, tuple[tuple[str, Field], ...]]
    one_of_two: int

    @property
    def reserved(self) -> int:
        """The flags of no known meaning."""
        known = 1 | 1 << self.one_of_two | sum(1 << bit for bit in self.fields)
        return (1 << 8 * self.flag_bytes) - 1 & ~known


BLOOD_PRESSURE_FORM = Form(
    "Omron blood pressure",
    2,
    {
        1: (("sequence", Field.U16),),
        2: (("systolic", Field.SFLOAT),),
        3: (("diastolic", Field.SFLOAT),),
        4: (("mean_arterial", Field.SFLOAT),),
        5: (("time", Field.TIME),),
        6: (("pulse_rate", Field.SFLOAT),),
        7: (("user", Field.U8),),
        8: (("status", Field.U16),),
        9: (("continuous_number", Field.U8),),
        10: (("artefacts", Field.U8),),
        11: (("arrhythmias", Field.U8),),
        12: (("room_temperature", Field.U16),),  # captures fit no known unit: not told
    },
    13,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One notification taken apart: first flag bit, fields by name, whether another half exists."""

    imperial_or_kilopascal: bool
    fields: Mapping[str, object]
    is_one_of_two: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionBloodPressure:
    """A blood pressure of the extension: the standard parts and Omron's counts."""

    measurement: BloodPressureMeasurement
    sequence: int | None
    continuous_number: int | None
    artefacts: int | None
    arrhythmias: int | None


def decode_packet(frame: bytes, form: Form) -> Packet:
    """Take one notification apart. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader(form.name, frame)
    flags = int.from_bytes(reader.take(form.flag_bytes), "little")
    fields: dict[str, object] = {}
    for bit, written in form.fields.items():
        for name, kind in written if flags >> bit & 1 else ():
            fields[name] = _read(reader, kind)
    reader.finish(reserved=flags & form.reserved)
    return Packet(
        imperial_or_kilopascal=bool(flags & 1),
        fields=fields,
        is_one_of_two=bool(flags >> form.one_of_two & 1),
    )


def whole_records(frames: Sequence[bytes], form: Form) -> Iterator[Sequence[bytes]]:
    """Yield the one or two notifications of each record in turn.

    A half without its other half comes alone, and so does what cannot be decoded: both are refused
    later, and the records around them are not.
    """
    waiting: list[tuple[bytes, Packet]] = []
    for frame in frames:
        packet = _taken_apart(frame, form)
        if packet is not None and waiting and _is_pair(waiting[0][1], packet):
            yield [waiting.pop()[0], frame]
            continue
        if waiting:
            yield [waiting.pop()[0]]
        if packet is not None and packet.is_one_of_two:
            waiting = [(frame, packet)]
        else:
            yield [frame]
    if waiting:
        yield [waiting[0][0]]


def _taken_apart(frame: bytes, form: Form) -> Packet | None:
    try:
        return decode_packet(frame, form)
    except DecodingError:
        return None


def join(packets: Sequence[Packet], form: Form) -> Packet:
    """Return the whole of one packet, or of two that belong together.

    Raises Truncated where a half is missing or the two are no pair.
    """
    if len(packets) == 1 and not packets[0].is_one_of_two:
        return packets[0]
    if len(packets) != _PAIR or not _is_pair(*packets):
        raise Truncated(f"{form.name}: one of its two packets is missing")
    first, second = packets
    return Packet(
        imperial_or_kilopascal=first.imperial_or_kilopascal,
        fields={**first.fields, **second.fields},
        is_one_of_two=False,
    )


def _is_pair(first: Packet, second: Packet) -> bool:
    shared = first.fields.keys() & second.fields.keys()
    return (
        first.is_one_of_two
        and second.is_one_of_two
        and first.imperial_or_kilopascal == second.imperial_or_kilopascal
        and shared == {"sequence"}
        and first.fields["sequence"] == second.fields["sequence"]
    )


def decode_extension_blood_pressure(frames: Sequence[bytes]) -> ExtensionBloodPressure:
    """Decode the one or two notifications of a blood pressure.

    Raises Truncated, TrailingBytes, Unsupported.
    """
    form = BLOOD_PRESSURE_FORM
    packet = join([decode_packet(frame, form) for frame in frames], form)
    fields = packet.fields
    timestamp = fields.get("time")
    return ExtensionBloodPressure(
        measurement=BloodPressureMeasurement(
            unit=Unit.KILOPASCAL if packet.imperial_or_kilopascal else Unit.MM_HG,
            systolic=_sfloat(fields, "systolic"),
            diastolic=_sfloat(fields, "diastolic"),
            mean_arterial=_sfloat(fields, "mean_arterial"),
            has_time="time" in fields,
            timestamp=timestamp if isinstance(timestamp, datetime) else None,
            pulse_rate=_sfloat(fields, "pulse_rate") if "pulse_rate" in fields else None,
            user_id=user_of(fields),
            status=integer(fields, "status"),
        ),
        sequence=integer(fields, "sequence"),
        continuous_number=integer(fields, "continuous_number"),
        artefacts=integer(fields, "artefacts"),
        arrhythmias=integer(fields, "arrhythmias"),
    )


def measured_of(record: ExtensionBloodPressure) -> Measured:
    """Return the record's meaning. Raises MeasurementFailed, Implausible."""
    measurement = record.measurement
    return Measured(
        quantities=quantities_of(measurement),
        flags=flags_of(measurement),
        has_time=measurement.has_time,
        timestamp=measurement.timestamp,
        user_id=measurement.user_id,
        sequence=record.sequence,
    )


def decode_blood_pressures(frames: Sequence[bytes]) -> tuple[Measured, ...]:
    """Return the meaning of all records in notifications of one connection, in their order.

    Raises Truncated, TrailingBytes, Unsupported, MeasurementFailed, Implausible.
    """
    return tuple(
        measured_of(decode_extension_blood_pressure(record))
        for record in whole_records(frames, BLOOD_PRESSURE_FORM)
    )


def integer(fields: Mapping[str, object], name: str) -> int | None:
    """Return a whole-number field, None where it was not sent."""
    value = fields.get(name)
    return value if isinstance(value, int) else None


def user_of(fields: Mapping[str, object]) -> int | None:
    """Return the user, None for none and for the guest."""
    user = integer(fields, "user")
    return None if user == _UNKNOWN_USER else user


def _sfloat(fields: Mapping[str, object], name: str) -> Decimal | SpecialValue:
    value = fields.get(name)
    return value if isinstance(value, Decimal | SpecialValue) else SpecialValue.NOT_A_NUMBER


def _read(reader: FrameReader, kind: Field) -> object:
    match kind:
        case Field.U8:
            return reader.u8()
        case Field.U16:
            return reader.u16()
        case Field.SFLOAT:
            return decode_sfloat(reader.u16())
        case Field.TIME:
            return decode_date_time(reader.take(DATE_TIME_LENGTH))
