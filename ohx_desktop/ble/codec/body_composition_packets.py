"""Joining a body composition that came as two packets, because one was longer than the link takes.

Both halves say that they are one of two, repeat the unit and the body fat, and share no other
field; time and user stand in the first. Anything else is no pair: nobody can tell which half is
whose, so both are dropped.

Source: Body Composition Service 1.0.1, multiple packet measurements; receiver rules.
"""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from ohx_desktop.ble.codec.body_composition import BodyComposition
from ohx_desktop.domain.errors import Truncated

SECOND_PACKET_DEADLINE_S: Final = 5.0
"""A first packet that is alone for longer is half a measurement for good."""

_PARTS = (
    "basal_metabolism",
    "muscle_percentage",
    "muscle_mass",
    "fat_free_mass",
    "soft_lean_mass",
    "body_water_mass",
    "impedance",
    "weight",
    "height",
)
_values = attrgetter(*_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedSecondPacket:
    """Half a measurement. `first` is what came; the next 0x2A9C value must be the other half."""

    first: BodyComposition


def join(
    waiting: NeedSecondPacket | None, packet: BodyComposition
) -> BodyComposition | NeedSecondPacket:
    """Return the measurement that a packet is or completes, or what is waiting for its other half.

    `waiting` is what the call before returned, None after a whole measurement and for the first
    packet of a connection. Raises Truncated where two packets are no pair: both are lost, and the
    next call begins with None.
    """
    if waiting is None:
        return NeedSecondPacket(first=packet) if packet.is_one_of_two else packet
    first = waiting.first
    if not _is_pair(first, packet):
        raise incomplete()
    return BodyComposition(
        mass_unit=first.mass_unit,
        length_unit=first.length_unit,
        body_fat=first.body_fat,
        has_time=first.has_time,
        timestamp=first.timestamp,
        has_user=first.has_user,
        user_id=first.user_id,
        is_one_of_two=False,
        **_joined_parts(first, packet),
    )


def incomplete() -> Truncated:
    """Return the error of a measurement whose other half did not come."""
    return Truncated("Body Composition Measurement: one of its two packets is missing")


def _is_pair(first: BodyComposition, second: BodyComposition) -> bool:
    return (
        second.is_one_of_two
        and not (second.has_time or second.has_user)
        and (second.mass_unit, second.body_fat) == (first.mass_unit, first.body_fat)
    )


def _joined_parts(first: BodyComposition, second: BodyComposition) -> dict[str, Any]:
    """Return the parts of both. Raises Truncated where they share one."""
    joined: dict[str, Any] = {}
    for name, one, other in zip(_PARTS, _values(first), _values(second), strict=True):
        if one is not None and other is not None:
            raise incomplete()
        joined[name] = other if one is None else one
    return joined
