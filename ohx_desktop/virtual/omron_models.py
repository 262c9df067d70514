"""Omron cuffs whose memory is read: models as data.

Memory maps, index and clock layouts come from published captures and device tables. The plain
numbers are addresses in the memory and offsets in its settings area.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Literal

from ohx_desktop.virtual.profiles import Pace

_FACTORY_TIME = datetime.fromisoformat("2022-01-01T00:00:00")
_PACE = Pace()


class Unlock(StrEnum):
    """What opens the memory."""

    KEY = "key"
    """A key of 16 bytes, programmed once in pairing mode (classic stack)."""
    TOKEN = "token"  # noqa: S105 - a kind, not a secret
    """Four random bytes, answered by the same four; the bond is what counts."""
    BOND = "bond"
    """Nothing but the bond."""


class Trailer(Enum):
    """How a record ends: the sum of all bytes before, and the byte beside it."""

    SUM_ZERO = auto()
    SUM_COMPLEMENT = auto()
    COMPLEMENT_SUM = auto()


class ClockLayout(Enum):
    """How the clock block is laid out; the first number is its length in bytes."""

    T1 = auto()
    """10: month, year, hour, day, second, minute from 2; sum of the first 8 at 9."""
    T2 = auto()
    """16: the same fields from 8; complement of the sum of the first 14 at 14, sum at 15."""
    T3 = auto()
    """16: year, month, day, hour, minute, second from 8; sum of the first 14 at 14, then 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EepromProfile:
    """One model. `users`: where the records of each user begin; `slots`: how many each has.

    `settings_read` and `settings_write` are the two images of the settings area: read from one,
    written to the other. `largest_read` is the longest read that is answered, in bytes.
    """

    model: str
    model_id: str | None
    """Four hexadecimal digits of the advertised name; None: the plain model is advertised."""
    firmware: str = "1.0.0"
    manufacturer: str = "OMRONHEALTHCARE"
    is_modern: bool = False
    """Parent service `fe4a`, one channel, bonded in pairing mode only."""
    unlock: Unlock = Unlock.KEY
    byte_order: Literal["little", "big"]
    record_size: int
    trailer: Trailer
    has_sequence: bool = True
    year_flags: int = 0
    """Other bits in the byte of the year, whose meaning is not known."""
    users: Sequence[int]
    slots: int
    settings_read: int
    settings_write: int
    index_size: int
    clock: ClockLayout
    clock_offset: int
    largest_read: int
    clock_is_blank_until_set: bool = False
    """After a battery change the clock block reads all FF."""
    factory_time: datetime = _FACTORY_TIME
    pace: Pace = _PACE


HEM_7322T = EepromProfile(
    model="HEM-7322T",
    model_id=None,
    byte_order="big",
    record_size=14,
    trailer=Trailer.COMPLEMENT_SUM,
    has_sequence=False,
    users=(0x02AC, 0x0824),
    slots=100,
    settings_read=0x0260,
    settings_write=0x0286,
    index_size=8,
    clock=ClockLayout.T1,
    clock_offset=0x14,
    largest_read=0x38,
)
"""Classic, words high byte first, no sequence numbers. What its record holds in their place and
before the check byte is not known; the virtual one fills in captured constants."""

HEM_6232T = EepromProfile(
    model="HEM-6232T",
    model_id="0244",
    byte_order="big",
    record_size=14,
    trailer=Trailer.COMPLEMENT_SUM,
    year_flags=0x40,
    users=(0x02E8, 0x0860),
    slots=100,
    settings_read=0x0260,
    settings_write=0x02A4,
    index_size=16,
    clock=ClockLayout.T2,
    clock_offset=0x2C,
    largest_read=0x2C,
)
"""Classic wrist cuff, words high byte first, with sequence numbers in record and index."""

HEM_7155T = EepromProfile(
    model="HEM-7155T",
    model_id="0264",
    byte_order="little",
    record_size=16,
    trailer=Trailer.SUM_ZERO,
    users=(0x0098, 0x0458),
    slots=60,
    settings_read=0x0010,
    settings_write=0x0054,
    index_size=16,
    clock=ClockLayout.T3,
    clock_offset=0x2C,
    largest_read=0x10,
    clock_is_blank_until_set=True,
)
"""Classic, words low byte first, short reads only."""

HEM_7142T2 = EepromProfile(
    model="HEM-7142T2",
    model_id="0560",
    is_modern=True,
    unlock=Unlock.TOKEN,
    byte_order="little",
    record_size=14,
    trailer=Trailer.SUM_ZERO,
    users=(0x02E8,),
    slots=14,
    settings_read=0x0260,
    settings_write=0x02A4,
    index_size=16,
    clock=ClockLayout.T3,
    clock_offset=0x2C,
    largest_read=0x2C,
)
"""Modern, one user, token."""

HEM_7146T = EepromProfile(
    model="HEM-7146T2-EBK",
    model_id=None,
    is_modern=True,
    unlock=Unlock.BOND,
    byte_order="little",
    record_size=14,
    trailer=Trailer.SUM_COMPLEMENT,
    users=(0x02E8,),
    slots=30,
    settings_read=0x0260,
    settings_write=0x02A4,
    index_size=16,
    clock=ClockLayout.T3,
    clock_offset=0x2C,
    largest_read=0x2C,
)
"""Modern, one user, the bond alone; its records end in the sum and the sum's complement."""

HEM_7380T1 = EepromProfile(
    model="HEM-7380T1-EBK",
    model_id="00D3",
    is_modern=True,
    unlock=Unlock.BOND,
    byte_order="little",
    record_size=16,
    trailer=Trailer.SUM_ZERO,
    users=(0x01C4, 0x0804),
    slots=100,
    settings_read=0x0010,
    settings_write=0x0054,
    index_size=24,
    clock=ClockLayout.T3,
    clock_offset=0x2C,
    largest_read=0x38,
)
"""Modern, two users. It answers a token, yet two programs read it without one."""

HN_300T2 = EepromProfile(
    model="HN300T2IntelliIT",
    model_id="0212",
    is_modern=True,
    unlock=Unlock.TOKEN,
    byte_order="big",
    record_size=16,
    trailer=Trailer.SUM_ZERO,
    users=(0x02C0,),
    slots=30,
    settings_read=0x01A0,
    settings_write=0x0230,
    index_size=12,
    clock=ClockLayout.T3,
    clock_offset=0x18,
    largest_read=0x10,
)
"""A scale. Its records, index and clock have forms of their own: see `omron_scale`."""

EEPROM_PROFILES: Mapping[str, EepromProfile] = {
    "omron-hem-7322t": HEM_7322T,
    "omron-hem-6232t": HEM_6232T,
    "omron-hem-7155t": HEM_7155T,
    "omron-hem-7142t2": HEM_7142T2,
    "omron-hem-7146t": HEM_7146T,
    "omron-hem-7380t1": HEM_7380T1,
}
