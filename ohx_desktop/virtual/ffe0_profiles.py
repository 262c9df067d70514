"""Scales of the FFE0 family, models as data, and the commands they know.

Source: captures and working open programs; the maker published nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from ohx_desktop.virtual.profiles import Pace


class Ffe0Command(IntEnum):
    """Second byte of the `H7` frames."""

    ADD_USER = 0x31
    LIST_USERS = 0x33
    USER_ROW = 0x34
    USER_DETAILS = 0x36
    LIVE = 0x40
    STORED = 0x41
    STORED_PART = 0x42
    DELETE_STORED = 0x43
    UNKNOWN = 0x46
    UNKNOWN_ROW = 0x47
    UNIT = 0x4D
    STATUS = 0x4F
    WEIGHT = 0x58
    RESULT = 0x59
    REPLY = 0xF0
    ACKNOWLEDGE = 0xF1


_PACE = Pace(link_timeout_s=30.0, measuring_s=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ffe0Profile:
    """One model. `nibble`: high half of every first byte; `init_reply`: what answers the start."""

    manufacturer: str
    model: str
    name: str
    nibble: int
    init_reply: int = 0x20
    marks_live_time: bool = False
    """Sets the top bit in the time of live results."""
    max_users: int = 8
    memory_per_user: int = 30
    dozes: bool = False
    """After long idle it takes connections and answers nothing until its button is pressed."""
    pace: Pace = _PACE


SBF70 = Ffe0Profile(manufacturer="Sanitas", model="SBF70", name="SANITAS SBF70", nibble=0xE0)
BF700 = Ffe0Profile(manufacturer="Beurer GmbH", model="BF700", name="Beurer BF700", nibble=0xF0)
BF800 = Ffe0Profile(
    manufacturer="Beurer GmbH",
    model="BF800",
    name="Beurer BF800",
    nibble=0xF0,
    init_reply=0x24,
    marks_live_time=True,
    dozes=True,
)

FFE0_PROFILES: Mapping[str, Ffe0Profile] = {
    "sanitas-sbf70": SBF70,
    "beurer-bf700": BF700,
    "beurer-bf800": BF800,
}
