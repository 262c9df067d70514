"""Frames that the scales with the service FFE0 send, decoded.

Without a checksum the length is all that tells a whole frame from a broken one: each kind has
exactly one.

Sources: published programs for BF700, BF710, BF800 and SBF70, and captures of SBF70 and BF800.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ohx_desktop.ble.beurer.ffe0 import DATA, START, Command, Variant
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated, Unsupported

WEIGHT_STEP_KG = Decimal("0.05")
_TENTH = Decimal("0.1")
_FIRST_YEAR = 1900
_SHORTEST = 4
_NAME = "frame of an FFE0 scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The scale is ready."""

    variant: Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command. `first` is a count after FETCH_STORED, else 0 for success."""

    variant: Variant
    command: Command
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The answer to STATUS. `battery` is raw: sources disagree about its scale."""

    variant: Variant
    is_user_known: bool
    battery: int
    weight_threshold_kg: Decimal
    fat_threshold_percent: Decimal
    unit: int
    has_reference_weight: bool
    has_measurements: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCount:
    """The answer to LIST_USERS: `count` rows follow."""

    variant: Variant
    count: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One user of the scale. Who it is stays out of every representation."""

    variant: Variant
    count: int
    current: int
    uid: bytes = field(repr=False)
    name: str = field(repr=False)
    birth_year: int = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWeight:
    """The weight while somebody stands on the scale; a result only once it is stable."""

    variant: Variant
    is_stable: bool
    weight_kg: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of `count` parts, `current` counting from 1. `content` is a user or half a record."""

    variant: Variant
    command: Command
    count: int
    current: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRecord:
    """A record of a person the scale does not know: time, weight and impedance as `content`."""

    variant: Variant
    count: int
    current: int
    slot: int
    content: bytes


Frame = Started | Reply | Status | UserCount | UserRow | LiveWeight | Part | UnknownRecord


def decode_frame(frame: bytes) -> Frame:
    """Decode one notification. Raises Truncated, TrailingBytes, Unsupported."""
    if not frame:
        raise Truncated(f"{_NAME}: it is empty")
    try:
        variant = Variant(frame[0] & 0xF0)
    except ValueError:
        raise Unsupported(f"{_NAME}: it is none of a known variant") from None
    sort = frame[0] & 0x0F
    if sort == START:
        return _started(variant, frame)
    if sort != DATA:
        raise Unsupported(f"{_NAME}: it is of a sort this program does not know")
    if len(frame) < _SHORTEST:
        raise Truncated(f"{_NAME}: it ends before it says anything")
    decode = _DECODERS.get(frame[1])
    if decode is None:
        raise Unsupported(f"{_NAME}: it answers nothing this program asks for")
    return decode(variant, frame)


def _require_length(frame: bytes, length: int) -> None:
    if len(frame) < length:
        raise Truncated(f"{_NAME}: {len(frame)} bytes where its kind has {length}")
    if len(frame) > length:
        raise TrailingBytes(f"{_NAME}: {len(frame)} bytes where its kind has {length}")


def _started(variant: Variant, frame: bytes) -> Started:
    _require_length(frame, 3)
    if frame[1] != 0:
        raise Unsupported(f"{_NAME}: the scale does not start")
    return Started(variant=variant)


def _reply(variant: Variant, frame: bytes) -> Frame:
    if frame[2] == Command.STATUS:
        return _status(variant, frame)
    if frame[2] == Command.LIST_USERS:
        _require_length(frame, 6)
        if frame[3] != 0:
            raise Unsupported(f"{_NAME}: the scale does not list its users")
        return UserCount(variant=variant, count=frame[4], most=frame[5])
    length = _REPLY_LENGTHS.get(frame[2])
    if length is None:
        raise Unsupported(f"{_NAME}: it answers nothing this program asks for")
    _require_length(frame, length)
    return Reply(variant=variant, command=Command(frame[2]), first=frame[3])


_REPLY_LENGTHS: Mapping[int, int] = {
    Command.MEASURE: 4,
    Command.FETCH_STORED: 5,
    Command.DELETE_STORED: 4,
    Command.FETCH_UNKNOWN: 4,
}


def _status(variant: Variant, frame: bytes) -> Status:
    _require_length(frame, 12)
    return Status(
        variant=variant,
        is_user_known=frame[3] == 0,
        battery=frame[4],
        weight_threshold_kg=frame[5] * _TENTH,
        fat_threshold_percent=frame[6] * _TENTH,
        unit=frame[7],
        has_reference_weight=frame[9] == 0,
        has_measurements=frame[10] == 0,
        version=frame[11],
    )


def _user_row(variant: Variant, frame: bytes) -> UserRow:
    _require_length(frame, 16)
    count, current = _counted(frame)
    return UserRow(
        variant=variant,
        count=count,
        current=current,
        uid=frame[4:12],
        name=frame[12:15].decode("ascii", errors="ignore").strip("\0 "),
        birth_year=_FIRST_YEAR + frame[15],
    )


def _live_weight(variant: Variant, frame: bytes) -> LiveWeight:
    _require_length(frame, 5)
    weight_kg = int.from_bytes(frame[3:5], "big") * WEIGHT_STEP_KG
    return LiveWeight(variant=variant, is_stable=frame[2] == 0, weight_kg=weight_kg)


def _part(variant: Variant, frame: bytes) -> Part:
    is_user = frame[1] == Command.RESULT_PART and frame[3] == 1
    _require_length(frame, 13 if is_user else 15)
    count, current = _counted(frame)
    return Part(
        variant=variant,
        command=Command(frame[1]),
        count=count,
        current=current,
        content=frame[4:],
    )


def _unknown_record(variant: Variant, frame: bytes) -> UnknownRecord:
    _require_length(frame, 13)
    count, current = _counted(frame)
    return UnknownRecord(
        variant=variant, count=count, current=current, slot=frame[4], content=frame[5:]
    )


def _counted(frame: bytes) -> tuple[int, int]:
    count, current = frame[2:4]
    if not 1 <= current <= count:
        raise DecodingError(f"{_NAME}: it counts itself past the end")
    return count, current


_DECODERS: Mapping[int, Callable[[Variant, bytes], Frame]] = {
    Command.REPLY: _reply,
    Command.USER_ROW: _user_row,
    Command.LIVE_WEIGHT: _live_weight,
    Command.RESULT_PART: _part,
    Command.STORED_PART: _part,
    Command.UNKNOWN_RECORD: _unknown_record,
}
