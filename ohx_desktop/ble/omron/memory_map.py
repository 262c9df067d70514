"""What a memory map is made of: where the records of a model lie, and in which form.

Two models with the same values here are read alike; nothing else in the program knows a model.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Literal

from ohx_desktop.ble.support import Support

ByteOrder = Literal["little", "big"]


class Stack(StrEnum):
    """Parent service and channels of the EEPROM protocol."""

    CLASSIC = "classic"
    """Four channels of 16 bytes; the device keeps one 16-byte key."""
    MODERN = "modern"
    """One channel, service 0xFE4A; a bond of the operating system opens it."""


class Unlock(StrEnum):
    """What must be said before a session starts."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the name of a step, not a secret
    NONE = "none"


class RecordForm(Enum):
    """Layout of a record: its name and size in bytes."""

    WORDS_LE_14 = ("words-le", 14)
    WORDS_LE_16 = ("words-le", 16)
    WORDS_BE_14 = ("words-be", 14)
    BYTES_16 = ("bytes", 16)
    BYTES_32 = ("bytes", 32)
    NIGHT_VIEW_24 = ("night-view", 24)
    WEIGHT_16 = ("weight", 16)
    COMPOSITION_32 = ("composition", 32)
    COMPOSITION_48 = ("composition", 48)

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return self.value[1]


class Trailer(Enum):
    """The check in the last two bytes; S is the sum of all others modulo 256."""

    UNCHECKED = "nobody has seen it on a model of this map"
    SUM_FIRST = "S, then 0 or its complement"
    SUM_PADDED = "S, then FF"
    SUM_LAST = "anything, then S"
    COMPLEMENT_SUM = "the complement of S, then S"
    COMPLEMENT = "two bytes that are each other's complement"


class Unconfirmed(StrEnum):
    """What no source settles for a model. It is not done unless asked for by name."""

    RECORD = "record"
    CLOCK = "clock"
    UNLOCK = "unlock"
    WRITING = "writing"
    """Writing clock or unread counters: unknown, or known to be refused by some."""


@dataclass(frozen=True, slots=True)
class UserArea:
    """The ring of one user: address of the first slot and number of slots."""

    start: int
    slots: int


@dataclass(frozen=True, slots=True)
class SettingsArea:
    """The settings are read at one address and written at another, with the same offsets."""

    read: int
    write: int

    @property
    def size(self) -> int:
        """Bytes that can be read in front of the writable copy."""
        return self.write - self.read


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexForm:
    """The index block, first in the settings: per user the offsets of pointer and unread counter.

    `word` is the size of both in bytes. `sequences` are the offsets of each user's last sequence
    number (32 bits, low word first), empty where there is none. Parity is over the whole word.
    """

    size: int
    users: tuple[tuple[int, int], ...]
    order: ByteOrder = "little"
    word: int = 2
    odd_parity: bool = True
    sequences: tuple[int, ...] = ()


class TimeField(StrEnum):
    """One byte of the clock block."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockForm:
    """The clock block: offset in the settings, size, offset and order of the time bytes.

    The byte at `check` is the sum of all before `summed`; `complement` is where its complement
    lies, None without one.
    """

    offset: int
    size: int
    time: int
    order: tuple[TimeField, ...]
    check: int
    summed: int
    complement: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMap:
    """How the EEPROM of one layout is read.

    `block` is the largest number of bytes the maker's map reads at once. `counts_records` means
    that records carry a sequence number, `reports_fit` that a clear cuff bit means a bad fit,
    `by_services` that the numbered records of Omron's extension are the better way where they are.
    `may_want_secure_session` means that some devices refuse the token for a session by keys agreed
    on, which no public source describes well enough.
    """

    model: str
    support: Support
    stack: Stack
    unlock: Unlock
    record: RecordForm
    users: tuple[UserArea, ...]
    settings: SettingsArea
    index: IndexForm
    clock: ClockForm | None
    block: int
    trailer: Trailer = Trailer.UNCHECKED
    counts_records: bool = True
    reports_fit: bool = False
    by_services: bool = False
    may_want_secure_session: bool = False
    unconfirmed: frozenset[Unconfirmed] = frozenset()
    notes: str = ""

    @property
    def is_proven(self) -> bool:
        """True where somebody has shown that records of this map are read rightly."""
        return self.support is not Support.MAP_ONLY and Unconfirmed.RECORD not in self.unconfirmed

    @property
    def is_disputed(self) -> bool:
        """True where sources contradict each other on the values: read by nobody's leave."""
        return self.record is RecordForm.COMPOSITION_32

    @property
    def is_writable(self) -> bool:
        """True where writing clock or counters is known to work."""
        return self.support is not Support.MAP_ONLY and Unconfirmed.WRITING not in self.unconfirmed
