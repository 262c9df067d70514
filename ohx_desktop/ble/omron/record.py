"""One record of a cuff's EEPROM: bytes to the parts that were stored, not yet judged.

Almost all cuffs keep the same 16-bit words and differ in byte order and size only. A slot can hold
nothing, or what an earlier owner or a flat battery left: such bytes are refused, never repaired.

Source: bit positions agree in eigger/hass-omron, WariKoda/Sphygma and captures of 7144T2; the check
in the trailer is derived from captures, so it counts only where it was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ohx_desktop.ble.omron.memory_map import ByteOrder, MemoryMap, RecordForm, Trailer
from ohx_desktop.domain.errors import DecodingError, MeasurementFailed, TrailingBytes, Truncated

_FIRST_YEAR = 2000
_SYSTOLIC_BASE = 25
# Raw systolic values above stand for "nothing": 250 mm[Hg] is the most a cuff stores.
_SYSTOLIC_RAW_MAX = 0xE1
_PAD = 0xFF
# Some cuffs let the second run over the minute, as far as its six bits go.
_LAST_SECOND = 59
_OVERRUN = range(60, 64)


@dataclass(frozen=True, slots=True)
class Bits:
    """A bit field: which unit it lies in, its lowest bit, its width.

    The unit is a 16-bit word of the word forms, a byte of the others.
    """

    unit: int
    shift: int = 0
    width: int = 8

    def of(self, units: tuple[int, ...]) -> int:
        """Return the value of the field."""
        return units[self.unit] >> self.shift & (1 << self.width) - 1


Fields = Mapping[str, Bits]

# The upper two bits of the year's byte carry other data.
_WORDS: Fields = {
    "systolic": Bits(0, 0),
    "diastolic": Bits(0, 8),
    "pulse": Bits(1, 0),
    "year": Bits(1, 8, 6),
    "movement": Bits(2, 15, 1),
    "irregular": Bits(2, 14, 1),
    "month": Bits(2, 10, 4),
    "day": Bits(2, 5, 5),
    "hour": Bits(2, 0, 5),
    "series": Bits(3, 14, 2),
    "battery_low": Bits(3, 13, 1),
    "cuff_fit": Bits(3, 12, 1),
    "minute": Bits(3, 6, 6),
    "second": Bits(3, 0, 6),
    "sequence": Bits(5, 0, 16),
}
_NIGHT_VIEW: Fields = {**_WORDS, "error": Bits(8, 8)}  # byte 17: the high half of a word
_BYTES: Fields = {
    "year": Bits(0),
    "month": Bits(1),
    "day": Bits(2),
    "hour": Bits(3),
    "minute": Bits(4),
    "second": Bits(5),
    "systolic": Bits(6),
    "diastolic": Bits(7),
    "pulse": Bits(8),
    "irregular": Bits(11, 0, 2),
    "movement": Bits(11, 2, 2),
}


@dataclass(frozen=True, slots=True)
class _Layout:
    fields: Fields
    unit_size: int
    order: ByteOrder = "little"

    def units(self, raw: bytes) -> tuple[int, ...]:
        size = self.unit_size
        return tuple(
            int.from_bytes(raw[at : at + size], self.order) for at in range(0, len(raw), size)
        )


_LAYOUTS: Mapping[RecordForm, _Layout] = {
    RecordForm.WORDS_LE_14: _Layout(_WORDS, 2),
    RecordForm.WORDS_LE_16: _Layout(_WORDS, 2),
    RecordForm.WORDS_BE_14: _Layout(_WORDS, 2, "big"),
    RecordForm.NIGHT_VIEW_24: _Layout(_NIGHT_VIEW, 2),
    RecordForm.BYTES_16: _Layout(_BYTES, 1),
    RecordForm.BYTES_32: _Layout(_BYTES, 1),
}

CUFF_FORMS = frozenset(_LAYOUTS)
"""The forms that hold a blood pressure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CuffRecord:
    """The parts of one record. Pressures in mm[Hg], pulse in /min, `timestamp` naive.

    A part is None where the form or model has no such field. `series` is the number of the reading
    in a series on some models and means something else, or nothing, on others. `trailer_fits` is
    None where nobody knows the check of the model.
    """

    systolic: int
    diastolic: int
    pulse: int
    timestamp: datetime
    movement: bool
    irregular: bool
    cuff_fit: bool | None
    battery_low: bool | None
    series: int | None
    sequence: int | None
    trailer_fits: bool | None


def decode_cuff_record(raw: bytes, memory: MemoryMap) -> CuffRecord | None:
    """Return the parts of a slot, None for one that was never used.

    Raises Truncated and TrailingBytes for another length than the map's records have,
    MeasurementFailed where the device noted an error, and DecodingError for a check that fails, a
    pressure that stands for nothing, and a date that does not exist.
    """
    require_size(raw, memory.record)
    if is_empty(raw):
        return None
    trailer_fits = check_trailer(raw, memory.trailer)
    if trailer_fits is False:
        raise DecodingError("the check sum in the record is wrong")
    layout = _LAYOUTS[memory.record]
    units = layout.units(raw)
    parts = {name: bits.of(units) for name, bits in layout.fields.items()}
    if parts.get("error"):
        raise MeasurementFailed("the device noted that it could not measure the pressure")
    if parts["systolic"] > _SYSTOLIC_RAW_MAX:
        raise DecodingError("the record holds no pressure")
    cuff_fit, battery_low = parts.get("cuff_fit"), parts.get("battery_low")
    return CuffRecord(
        systolic=parts["systolic"] + _SYSTOLIC_BASE,
        diastolic=parts["diastolic"],
        pulse=parts["pulse"],
        timestamp=timestamp_of(parts),
        movement=bool(parts["movement"]),
        irregular=bool(parts["irregular"]),
        cuff_fit=None if cuff_fit is None else bool(cuff_fit),
        battery_low=None if battery_low is None else bool(battery_low),
        series=parts.get("series"),
        sequence=parts.get("sequence") if memory.counts_records else None,
        trailer_fits=trailer_fits,
    )


def require_size(raw: bytes, form: RecordForm) -> None:
    """Check the length of a slot. Raises Truncated or TrailingBytes."""
    if len(raw) < form.size:
        raise Truncated(f"EEPROM record: {len(raw)} bytes, but this model keeps {form.size}")
    if len(raw) > form.size:
        raise TrailingBytes(f"EEPROM record: {len(raw)} bytes, but this model keeps {form.size}")


def is_empty(raw: bytes) -> bool:
    """Tell whether a slot was never used or was erased."""
    return not raw.strip(b"\xff") or not raw.strip(b"\x00")


def check_trailer(raw: bytes, trailer: Trailer) -> bool | None:
    """Tell whether the last two bytes fit the others; None where the check is not known."""
    first, last = raw[-2:]
    total = sum(raw[:-2]) & 0xFF
    match trailer:
        case Trailer.UNCHECKED:
            return None
        case Trailer.SUM_FIRST:
            return first == total and last in {0, total ^ 0xFF}
        case Trailer.SUM_PADDED:
            return first == total and last == _PAD
        case Trailer.SUM_LAST:
            return last == total
        case Trailer.COMPLEMENT_SUM:
            return last == total and first == total ^ 0xFF
        case Trailer.COMPLEMENT:
            return first == last ^ 0xFF


def timestamp_of(parts: Mapping[str, int]) -> datetime:
    """Return the naive time of the fields year to second. Raises DecodingError for no date."""
    try:
        return datetime(  # noqa: DTZ001 - the bytes carry no zone
            _FIRST_YEAR + parts["year"],
            parts["month"],
            parts["day"],
            parts["hour"],
            parts["minute"],
            _LAST_SECOND if parts["second"] in _OVERRUN else parts["second"],
        )
    except ValueError:
        raise DecodingError("the date of the record does not exist") from None
