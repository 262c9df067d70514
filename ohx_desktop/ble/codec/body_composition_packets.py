"""Joining a body composition that came as two packets, because one was longer than the link takes.

Both halves say that they are one of two, repeat the unit and the body fat, and share no other
field; time and user stand in the first. Anything else is no pair: nobody can tell which half is
whose, so both are dropped.

Source: Body Composition Service 1.0.1, multiple packet measurements; receiver rules.
"""

from dataclasses import dataclass, fields
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
_ALL = tuple(field.name for field in fields(BodyComposition))
_all_values = attrgetter(*_ALL)


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
    first, rest = waiting.first, _parts(packet)
    if not _is_pair(first, packet) or rest.keys() & _parts(first).keys():
        raise incomplete()
    whole = dict(zip(_ALL, _all_values(first), strict=True))
    return BodyComposition(**{**whole, **rest, "is_one_of_two": False})


def incomplete() -> Truncated:
    """Return the error of a measurement whose other half did not come."""
    return Truncated("Body Composition Measurement: one of its two packets is missing")


def _is_pair(first: BodyComposition, second: BodyComposition) -> bool:
    return (
        second.is_one_of_two
        and not (second.has_time or second.has_user)
        and (second.mass_unit, second.body_fat) == (first.mass_unit, first.body_fat)
    )


def _parts(packet: BodyComposition) -> dict[str, Any]:
    """Return those parts that a packet has."""
    parts = zip(_PARTS, _values(packet), strict=True)
    return {name: part for name, part in parts if part is not None}
