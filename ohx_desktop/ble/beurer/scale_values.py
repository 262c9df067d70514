"""Values of the private characteristics of Beurer's SIG scales. Numbers are little-endian.

The maker's form for the BF600 is wrong in places; captures decide: weights count 0.005 kg, and the
birth year of a user has its low byte first.

Sources: BF600 Data Form v002 (printed by the maker); captures of BF788 and SBF73.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from struct import Struct

from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported

_TENTH = Decimal("0.1")
_WEIGHT_STEP_KG = Decimal("0.005")
_UNSET_16 = 0xFFFF
_NO_INITIALS = b"\xff\xff\xff"
_INITIALS_LENGTH = 3
_SHOWS_CODE = 0x10

REQUEST_USER_LIST = b"\x00"
START_MEASUREMENT = b"\x00"


class Activity(IntEnum):
    """How much a user moves, from the least to the most."""

    NONE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    VERY_HIGH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The scale's settings, as sent; 0xFF where the scale does not have one.

    `unit` is 0 kg, 1 lb, 2 st: of the display only. `weight_threshold_kg` and
    `fat_threshold_percent` decide whose a weighing without consent is, None where not set.
    """

    language: int
    unit: int
    time_format: int
    guest_mode: int
    weight_threshold_kg: Decimal | None
    fat_threshold_percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    """One row of the user list. Who it is stays out of every representation."""

    index: int
    initials: str | None = field(repr=False)
    date_of_birth: date | None = field(repr=False)
    height_cm: int = field(repr=False)
    is_female: bool = field(repr=False)
    activity: int = field(repr=False)


class ListEnd(IntEnum):
    """What ends the user list."""

    COMPLETE = 1
    NO_USERS = 2


class MeasurementState(IntEnum):
    """What the scale says of a measurement it was asked to take."""

    SUCCESS = 1
    TIMED_OUT = 2
    FAILED = 3
    NO_USER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The reference weight and body fat of the consented user, None where not set."""

    weight_kg: Decimal | None
    fat_percent: Decimal | None


_SETTINGS = Struct("<4B2H")
_ROW = Struct("<BB3sHBBBBB")
_REFERENCE = Struct("<2H")
_LIST_ROW = 0


def decode_settings(raw: bytes) -> Settings:
    """Decode eight bytes. Raises Truncated, TrailingBytes."""
    _require_length("settings of the scale", raw, _SETTINGS.size)
    language, unit, time_format, guest_mode, weight, fat = _SETTINGS.unpack(raw)
    return Settings(
        language=language,
        unit=unit,
        time_format=time_format,
        guest_mode=guest_mode,
        weight_threshold_kg=_unless_unset(weight, _TENTH),
        fat_threshold_percent=_unless_unset(fat, _TENTH),
    )


def decode_user_list(raw: bytes) -> ListedUser | ListEnd:
    """Decode one notification of the user list. Raises Truncated, TrailingBytes, Unsupported."""
    name = "user list of the scale"
    if not raw:
        raise Truncated(f"{name}: it is empty")
    if raw[0] in set(ListEnd):
        _require_length(name, raw, 1)
        return ListEnd(raw[0])
    if raw[0] != _LIST_ROW:
        raise Unsupported(f"{name}: it is no row")
    _require_length(name, raw, _ROW.size)
    _, index, initials, year, month, day, height, gender, activity = _ROW.unpack(raw)
    return ListedUser(
        index=index,
        initials=_initials(initials),
        date_of_birth=_date(year, month, day),
        height_cm=height,
        is_female=gender == 1,
        activity=activity,
    )


def encode_show_code(index: int) -> bytes:
    """Return what has a scale that can do so display the consent code of a user."""
    return bytes([_SHOWS_CODE + index])


def decode_measurement_state(raw: bytes) -> MeasurementState:
    """Decode one byte. Raises Truncated, TrailingBytes, Unsupported."""
    _require_length("state of the measurement", raw, 1)
    try:
        return MeasurementState(raw[0])
    except ValueError:
        raise Unsupported("state of the measurement: none that this program knows") from None


def decode_reference(raw: bytes) -> Reference:
    """Decode four bytes. Raises Truncated, TrailingBytes."""
    _require_length("reference weight", raw, _REFERENCE.size)
    weight, fat = _REFERENCE.unpack(raw)
    return Reference(
        weight_kg=_unless_unset(weight, _WEIGHT_STEP_KG), fat_percent=_unless_unset(fat, _TENTH)
    )


def _unless_unset(raw: int, step: Decimal) -> Decimal | None:
    return None if raw == _UNSET_16 else raw * step


def _initials(raw: bytes) -> str | None:
    if raw == _NO_INITIALS:
        return None
    return raw.decode("ascii", errors="ignore").strip("\0 ") or None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _require_length(name: str, raw: bytes, length: int) -> None:
    if len(raw) < length:
        raise Truncated(f"{name}: {len(raw)} bytes where it has {length}")
    if len(raw) > length:
        raise TrailingBytes(f"{name}: {len(raw)} bytes where it has {length}")
