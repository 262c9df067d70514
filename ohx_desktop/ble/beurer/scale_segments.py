"""What the BF1000 tells of the parts of a body, beside the composition of the whole.

Source: published captures and a published program for the BF1000.
"""

from dataclasses import dataclass
from decimal import Decimal
from struct import Struct

from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported

_TENTH = Decimal("0.1")
_FAT = Struct("<BB5H")
_MUSCLE = Struct("<B5H")
_FAT_FIRST, _MUSCLE_FIRST = 0x7E, 0x3E


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """A share of five parts of the body, in percent; `visceral_fat_level` beside the fat only."""

    left_arm: Decimal
    right_arm: Decimal
    torso: Decimal
    left_leg: Decimal
    right_leg: Decimal
    visceral_fat_level: Decimal | None = None


def decode_segmental_fat(raw: bytes) -> Segments:
    """Decode the fat of the parts of the body. Raises Truncated, TrailingBytes, Unsupported."""
    _require_form("segmental fat", raw, _FAT_FIRST, _FAT.size)
    _, visceral, *shares = _FAT.unpack(raw)
    return _segments(shares, visceral * _TENTH)


def decode_segmental_muscle(raw: bytes) -> Segments:
    """Decode the muscle of the parts of the body. Raises Truncated, TrailingBytes, Unsupported."""
    _require_form("segmental muscle", raw, _MUSCLE_FIRST, _MUSCLE.size)
    _, *shares = _MUSCLE.unpack(raw)
    return _segments(shares, None)


def _segments(shares: list[int], visceral: Decimal | None) -> Segments:
    left_arm, right_arm, torso, left_leg, right_leg = (share * _TENTH for share in shares)
    return Segments(
        left_arm=left_arm,
        right_arm=right_arm,
        torso=torso,
        left_leg=left_leg,
        right_leg=right_leg,
        visceral_fat_level=visceral,
    )


def _require_form(name: str, raw: bytes, first: int, length: int) -> None:
    if not raw:
        raise Truncated(f"{name}: it is empty")
    if raw[0] != first:
        raise Unsupported(f"{name}: it has a form this program does not know")
    if len(raw) < length:
        raise Truncated(f"{name}: {len(raw)} bytes where it has {length}")
    if len(raw) > length:
        raise TrailingBytes(f"{name}: {len(raw)} bytes where it has {length}")
