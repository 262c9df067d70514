"""The memory of an Omron cuff, byte for byte: settings with index and clock, then the records.

Written from captured bytes and device tables, and on purpose not from this program's decoders.
"""

from datetime import datetime

from ohx_desktop.virtual.encoding import CuffRecord, StatusFlag
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_models import ClockLayout, EepromProfile, Trailer

_SYSTOLIC_OFFSET = 25
"""Systolic pressures are stored in one byte, less this many mmHg."""

_YEAR_OFFSET = 2000
_MOVEMENT, _IRREGULAR = 0x8000, 0x4000
_CUFF_FITS = 0x1000
_UNKNOWN_WORD = 0x005F
_NOT_A_SEQUENCE = b"\x95\x80"
_NOT_A_COMPLEMENT = 0x17
"""Bytes of a HEM-7322T where other cuffs keep flags, the sequence number and the complement."""

_CLOCK_LENGTH = {ClockLayout.T1: 10, ClockLayout.T2: 16, ClockLayout.T3: 16}
_CLOCK_START = {ClockLayout.T1: b"\xa0\xc0", ClockLayout.T2: b"\x50\xc0\x00\x03" + bytes(4)}
_OTHER_CLOCK_START = b"\xc8\xa8" + bytes(6)


class OutsideMemory(Exception):  # noqa: N818 - reads as what happened
    """There is no such address, or nothing may be written there."""


class ClockRefused(Exception):  # noqa: N818 - reads as what happened
    """A clock block was written whose check byte or date cannot be."""


def with_odd_parity(number: int, *, bits: int) -> int:
    """Return `number` with its top bit set where that makes the count of ones odd."""
    return number | (1 << (bits - 1) if number.bit_count() % 2 == 0 else 0)


class _Ring:
    """The slots of one user: the next to be written, and what has happened so far."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.clear()
        self.sequence = 0

    def clear(self) -> None:
        """Forget where the records are; the sequence numbers go on."""
        self.next_slot = 0
        self.has_wrapped = False
        self.unread = 0


class EepromMemory:
    """The memory of one cuff. `users` are numbered from 1."""

    def __init__(self, profile: EepromProfile, clock: CuffClock) -> None:
        self._profile = profile
        self._clock = clock
        self._rings = [_Ring(start) for start in profile.users]
        self._bytes = bytearray(b"\xff" * self._end)
        self._bytes[: self._records_start] = bytes(self._records_start)
        self._clock_start = _CLOCK_START.get(profile.clock, _OTHER_CLOCK_START)

    @property
    def _end(self) -> int:
        return max(self._profile.users) + self._profile.slots * self._profile.record_size

    @property
    def _records_start(self) -> int:
        return min(self._profile.users)

    @property
    def unread(self) -> dict[int, tuple[int, int]]:
        """User number to the last sequence number and the count of unread records."""
        return {user: (r.sequence, r.unread) for user, r in enumerate(self._rings, start=1)}

    def is_record(self, address: int) -> bool:
        """Whether records are kept at this address."""
        return address >= self._records_start

    def store(self, record: CuffRecord, *, is_damaged: bool = False) -> None:
        """Write a record into the next slot of its user; the oldest one gives way."""
        ring = self._rings[record.user - 1]
        encoded = bytearray(encode_record(record, self._profile, sequence=ring.sequence + 1))
        if is_damaged:
            encoded[0] ^= 0x01
        self._keep(ring, bytes(encoded))

    def _keep(self, ring: _Ring, encoded: bytes) -> None:
        """Put a record into the next slot of a ring."""
        ring.sequence += 1
        address = ring.start + ring.next_slot * self._profile.record_size
        self._bytes[address : address + len(encoded)] = encoded
        ring.next_slot = (ring.next_slot + 1) % self._profile.slots
        ring.has_wrapped = ring.has_wrapped or ring.next_slot == 0
        ring.unread = min(ring.unread + 1, self._profile.slots)

    def clear(self) -> None:
        """Reset to factory state: pointers and counters, not the records."""
        for ring in self._rings:
            ring.clear()

    def read(self, address: int, count: int) -> bytes:
        """Return `count` bytes from `address`. Raises OutsideMemory."""
        if address < self._profile.settings_read or address + count > self._end:
            raise OutsideMemory
        start = self._profile.settings_read
        index, clock = self._index(), self._clock_block()
        self._bytes[start : start + len(index)] = index
        at = start + self._profile.clock_offset
        self._bytes[at : at + len(clock)] = clock
        return bytes(self._bytes[address : address + count])

    def write(self, address: int, data: bytes) -> None:
        """Write to the settings. Raises OutsideMemory, ClockRefused."""
        profile = self._profile
        size = profile.settings_write - profile.settings_read
        offset = address - profile.settings_write
        if not 0 <= offset <= offset + len(data) <= size:
            raise OutsideMemory
        settings = bytearray(self.read(profile.settings_read, size))
        settings[offset : offset + len(data)] = data
        clock_end = profile.clock_offset + len(self._clock_block())
        writes_clock = offset < clock_end and offset + len(data) > profile.clock_offset
        self._take_over(bytes(settings), writes_clock=writes_clock)
        start = profile.settings_read
        self._bytes[start : start + size] = settings

    def _take_over(self, settings: bytes, *, writes_clock: bool) -> None:
        """Do what was written: set the clock, change the counters. Raises ClockRefused."""
        profile = self._profile
        if writes_clock:
            clock_end = profile.clock_offset + _CLOCK_LENGTH[profile.clock]
            self._set_clock(settings[profile.clock_offset : clock_end])
        for number, ring in enumerate(self._rings):
            ring.unread = self._word(settings, 4 + 2 * number) & 0x3FFF

    # ── settings ─────────────────────────────────────────────────────────────────────────────

    def _word(self, settings: bytes, offset: int) -> int:
        return int.from_bytes(settings[offset : offset + 2], self._profile.byte_order)

    def _index(self) -> bytes:
        rings: list[_Ring | None] = [*self._rings]
        rings += [None] * (2 - len(rings))
        pointers = [
            0 if r is None else r.next_slot | (0x4000 if r.has_wrapped else 0) for r in rings
        ]
        unread = [0 if r is None else r.unread for r in rings]
        words = [with_odd_parity(word, bits=16) for word in (*pointers, *unread)]
        if self._profile.index_size > 2 * len(words):
            for r in rings:
                last = with_odd_parity(0 if r is None else r.sequence, bits=32)
                words += [last & 0xFFFF, last >> 16]
        packed = b"".join(word.to_bytes(2, self._profile.byte_order) for word in words)
        return packed.ljust(self._profile.index_size, b"\x00")

    def _clock_block(self) -> bytes:
        if self._profile.clock_is_blank_until_set and not self._clock.is_set:
            return b"\xff" * _CLOCK_LENGTH[self._profile.clock]
        return encode_clock(self._clock.read(), self._profile.clock, start=self._clock_start)

    def _set_clock(self, block: bytes) -> None:
        moment = parse_clock(block, self._profile.clock)
        self._clock_start = block[: len(self._clock_start)]
        self._clock.set(moment)


def encode_record(record: CuffRecord, profile: EepromProfile, *, sequence: int) -> bytes:
    """Encode a record of `profile.record_size` bytes, with its check byte.

    A failed measurement has FF for the systolic pressure, which no valid record has.
    """
    moment = record.taken_at
    if moment is None:
        raise ValueError("a stored record has a time")
    failed = record.systolic is None
    systolic = 0xFF if record.systolic is None else int(record.systolic) - _SYSTOLIC_OFFSET
    diastolic, pulse = int(record.diastolic or 0), int(record.pulse or 0)
    flags = _MOVEMENT if StatusFlag.BODY_MOVEMENT in record.status else 0
    flags |= _IRREGULAR if StatusFlag.IRREGULAR_PULSE in record.status else 0
    fit = 0 if failed or StatusFlag.CUFF_TOO_LOOSE in record.status else _CUFF_FITS
    words = [
        diastolic << 8 | systolic,
        (profile.year_flags | moment.year - _YEAR_OFFSET) << 8 | pulse,
        flags | moment.month << 10 | moment.day << 5 | moment.hour,
        fit | moment.minute << 6 | moment.second,
        0 if profile.has_sequence else _UNKNOWN_WORD,
        sequence,
    ]
    body = b"".join(word.to_bytes(2, profile.byte_order) for word in words)
    if not profile.has_sequence:
        body = body[:-2] + _NOT_A_SEQUENCE
    body = body.ljust(profile.record_size - 2, b"\x00")
    return body + _trailer(body, profile)


def _trailer(body: bytes, profile: EepromProfile) -> bytes:
    check = sum(body) & 0xFF
    if profile.trailer is Trailer.SUM_ZERO:
        return bytes((check, 0))
    if profile.trailer is Trailer.SUM_COMPLEMENT:
        return bytes((check, check ^ 0xFF))
    beside = check ^ 0xFF if profile.has_sequence else _NOT_A_COMPLEMENT
    return bytes((beside, check))


def encode_clock(moment: datetime, layout: ClockLayout, *, start: bytes) -> bytes:
    """Encode a clock block; `start` is what precedes the time and stays as it was."""
    year = moment.year - _YEAR_OFFSET
    if layout is ClockLayout.T3:
        fields = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    else:
        fields = (moment.month, year, moment.hour, moment.day, moment.second, moment.minute)
    body = start + bytes(fields)
    check = sum(body) & 0xFF
    if layout is ClockLayout.T1:
        return body + bytes((0x37, check))
    return body + bytes((check ^ 0xFF, check) if layout is ClockLayout.T2 else (check, 0))


def parse_clock(block: bytes, layout: ClockLayout) -> datetime:
    """Return the time a host wrote. Raises ClockRefused for what the cuff does not take."""
    start = 2 if layout is ClockLayout.T1 else 8
    check = block[14] if layout is ClockLayout.T3 else block[-1]
    fields = block[start : start + 6]
    if check != sum(block[: start + 6]) & 0xFF or set(block[:2]) == {0xFF}:
        raise ClockRefused
    if layout is ClockLayout.T3:
        year, month, day, hour, minute, second = fields
    else:
        month, year, hour, day, second, minute = fields
    try:
        return datetime(_YEAR_OFFSET + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone in the cuff
    except ValueError:
        raise ClockRefused from None
