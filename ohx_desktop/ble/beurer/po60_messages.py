"""Answers of the oximeter PO60: bytes to the parts that were sent, and what a record means.

A record has the highest, the lowest and the mean value of a measurement that lasts some seconds.
The mean is the reading, as the maker's document has it; the others have no place in one.

Source: PO60 transmission protocol rev01.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ohx_desktop.ble.beurer.po60 import RECORD, STORAGE, TIME, TIME_SET, VERSION, require_whole
from ohx_desktop.ble.codec.measured import Measured, number
from ohx_desktop.domain.errors import DecodingError, MeasurementFailed, Unsupported
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

_CENTURY = 2000
_BITS = 7
_NUMBER_BITS, _IS_LAST = 0x0F, 0x40
_DURATION_BITS = 0x07
_PULSE_HIGHEST_BIT, _PULSE_LOWEST_BIT, _PULSE_MEAN_BIT = 0x20, 0x10, 0x08


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Versions as the maker writes them: major, minor, patch."""

    hardware: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSet:
    """The answer to a time that was written."""

    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTime:
    """What the clock shows: naive, None where it names no moment."""

    moment: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """How many records there are; the oximeter calls all of them unread, always."""

    data_type: int
    total: int
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """What one value did during a measurement."""

    highest: int
    lowest: int
    mean: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOximetry:
    """One record. `place` is 0 to 9 in the records sent on one request.

    Times are naive, None where they name no moment; `duration_s` counts the first and the last
    second. Saturation in %, pulse in /min.
    """

    place: int
    is_last: bool
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int
    saturation: Extremes
    pulse: Extremes


Answer = Version | TimeSet | ShownTime | Storage | StoredOximetry


def decode_answer(message: bytes) -> Answer:
    """Decode a whole message. Raises Truncated, TrailingBytes, Unsupported, DecodingError."""
    decode = _DECODERS.get(message[0] if message else RECORD)
    if decode is None:
        raise Unsupported("PO60: a message of an unknown kind")
    return decode(message)


def decode_record(message: bytes) -> StoredOximetry:
    """Decode a record. Raises Truncated, TrailingBytes, Unsupported, DecodingError.

    A mean that is not between the extremes shows that the bytes are not what they seem to be.
    """
    require_whole(message, RECORD)
    high_bits = message[14]
    pulse = Extremes(
        highest=_with_bit(message[20], high_bits & _PULSE_HIGHEST_BIT),
        lowest=_with_bit(message[21], high_bits & _PULSE_LOWEST_BIT),
        mean=_with_bit(message[22], high_bits & _PULSE_MEAN_BIT),
    )
    saturation = Extremes(highest=message[17], lowest=message[18], mean=message[19])
    for values in (saturation, pulse):
        if not values.lowest <= values.mean <= values.highest:
            raise DecodingError("PO60: the values of a record contradict one another")
    return StoredOximetry(
        place=message[1] & _NUMBER_BITS,
        is_last=bool(message[1] & _IS_LAST),
        started_at=_moment(message[2:8]),
        ended_at=_moment(message[8:14]),
        duration_s=(high_bits & _DURATION_BITS) << 2 * _BITS | message[15] << _BITS | message[16],
        saturation=saturation,
        pulse=pulse,
    )


def measured_of(record: StoredOximetry) -> Measured:
    """Return the mean saturation and pulse, at the time the measurement began.

    Whoever was called after it began may not be the one who was measured. Raises
    MeasurementFailed, Implausible.
    """
    saturation = number(Decimal(record.saturation.mean))
    if saturation is None:
        raise MeasurementFailed(
            "the oximeter reports that it could not measure",
            hint="check how the oximeter sits on the finger and measure again",
        )
    quantities: list[Quantity] = [
        measured(QuantityKind.OXYGEN_SATURATION, saturation, Unit.PERCENT)
    ]
    rate = number(Decimal(record.pulse.mean))
    if rate is not None:
        quantities.append(measured(QuantityKind.PULSE_RATE, rate, Unit.PER_MINUTE))
    require_plausible(quantities)
    return Measured(quantities=tuple(quantities), has_time=True, timestamp=record.started_at)


def _version(message: bytes) -> Version:
    require_whole(message, VERSION)
    hardware, software = (".".join(map(str, reversed(message[i : i + 3]))) for i in (1, 4))
    return Version(hardware=hardware, software=software)


def _time_set(message: bytes) -> TimeSet:
    require_whole(message, TIME_SET)
    return TimeSet(is_accepted=message[1] == 0)


def _shown_time(message: bytes) -> ShownTime:
    require_whole(message, TIME)
    second = _moment(message[1:7])
    milliseconds = message[7] | message[8] << _BITS
    return ShownTime(moment=second and second + timedelta(milliseconds=milliseconds))


def _storage(message: bytes) -> Storage:
    require_whole(message, STORAGE)
    return Storage(
        data_type=message[1],
        total=message[2] | message[3] << _BITS,
        unread=message[4] | message[5] << _BITS,
    )


def _with_bit(low: int, high: int) -> int:
    return low | (1 << _BITS if high else 0)


def _moment(raw: bytes) -> datetime | None:
    year, month, day, hour, minute, second = raw
    try:
        return datetime(_CENTURY + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone on the wire
    except ValueError:
        return None


_DECODERS: Mapping[int, Callable[[bytes], Answer]] = {
    VERSION: _version,
    TIME_SET: _time_set,
    TIME: _shown_time,
    STORAGE: _storage,
    RECORD: decode_record,
}
