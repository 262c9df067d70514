"""The profile by which a Beurer scale computes its estimates, and how it is written.

A scale that is not written to after the consent sends compositions full of zeros: each session
writes something, be it what was there before, and raises the counter of changes.

Sources: BF600 Data Form v002 (printed by the maker); captures of BF788.
"""

from dataclasses import dataclass, field
from datetime import date

from ohx_desktop.ble.assigned_numbers import (
    DATABASE_CHANGE_INCREMENT,
    DATE_OF_BIRTH,
    GENDER,
    HEIGHT,
)
from ohx_desktop.ble.beurer.scale_layout import ScaleLayout
from ohx_desktop.ble.beurer.scale_values import Activity
from ohx_desktop.ble.codec.user_data import (
    Gender,
    decode_change_increment,
    encode_change_increment,
    encode_date_of_birth,
    encode_gender,
    encode_height_cm,
    next_change_increment,
)
from ohx_desktop.ble.dialogue import Dialogue, Write, read
from ohx_desktop.domain.errors import DecodingError, DeviceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Whose estimates the scale computes. It stays out of every representation."""

    date_of_birth: date = field(repr=False)
    gender: Gender = field(repr=False)
    height_cm: int = field(repr=False)
    activity: Activity = field(repr=False)


NEUTRAL = Profile(
    date_of_birth=date(1991, 10, 1),
    gender=Gender.FEMALE,
    height_cm=165,
    activity=Activity.MEDIUM,
)
"""What a new user has: nobody's profile."""


def write_profile(layout: ScaleLayout, profile: Profile) -> Dialogue[None]:
    """Make the consented user's profile this one. Raises DeviceError."""
    yield Write(DATE_OF_BIRTH, encode_date_of_birth(profile.date_of_birth))
    yield Write(GENDER, encode_gender(profile.gender))
    yield Write(HEIGHT, encode_height_cm(profile.height_cm))
    yield Write(layout.activity, bytes([profile.activity]))
    yield from _count_change()


def write_back_profile(layout: ScaleLayout) -> Dialogue[None]:
    """Write the consented user's profile as it is. Raises DeviceError.

    All ones are what a scale gives without consent; they are never written.
    """
    for characteristic in (DATE_OF_BIRTH, GENDER, HEIGHT, layout.activity):
        value = yield from read(characteristic)
        if value and value.strip(b"\xff"):
            yield Write(characteristic, value)
    yield from _count_change()


def _count_change() -> Dialogue[None]:
    value = yield from read(DATABASE_CHANGE_INCREMENT)
    try:
        increment = decode_change_increment(value or b"")
    except DecodingError:
        increment = None
    if increment is None:
        raise DeviceError("the scale does not tell how often its user was changed")
    value = encode_change_increment(next_change_increment(increment))
    yield Write(DATABASE_CHANGE_INCREMENT, value)
