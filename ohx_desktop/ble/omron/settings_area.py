"""The settings of the EEPROM: where each ring stands, and the device's clock.

Source: index words and clock checks are derived from captures of 6232T, 7188T1, 7380T1, 7600T,
7142T2, 7382T1 and HN-300T2; eigger/hass-omron and userx14/omblepy for the offsets.
"""

from dataclasses import dataclass
from datetime import datetime

from ohx_desktop.ble.omron.memory_map import ClockForm, IndexForm, MemoryMap, TimeField
from ohx_desktop.ble.omron.record import timestamp_of
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated

_FIRST_YEAR, _LAST_YEAR = 2000, 2063


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Where one user's ring stands. `user` counts from 1.

    `next_slot` is where the next record goes, None where the pointer cannot be trusted: then only
    a look at all slots helps. `unread` and `last_sequence` are None where not known.
    """

    user: int
    slots: int
    next_slot: int | None
    wrapped: bool
    unread: int | None
    last_sequence: int | None

    @property
    def is_empty(self) -> bool:
        """True when nothing was stored since the last reset."""
        return self.next_slot == 0 and not self.wrapped

    def newest_first(self) -> tuple[int, ...]:
        """Return the slots that hold current records, newest first, or all where it is open.

        Slots outside hold readings of earlier owners: a reset of the device erases no record.
        """
        if self.next_slot is None:
            return tuple(range(self.slots))
        stored = self.slots if self.wrapped else self.next_slot
        return tuple((self.next_slot - 1 - age) % self.slots for age in range(stored))


def decode_index(block: bytes, memory: MemoryMap) -> tuple[Ring, ...]:
    """Return the rings of all users from the first bytes of the settings. Raises Truncated."""
    form = memory.index
    if len(block) < form.size:
        raise Truncated(f"EEPROM index: {len(block)} bytes, but this model keeps {form.size}")
    return tuple(_ring(block, memory, number) for number in range(len(memory.users)))


def _ring(block: bytes, memory: MemoryMap, number: int) -> Ring:
    form, slots = memory.index, memory.users[number].slots
    pointer_at, unread_at = form.users[number]
    pointer = _counter(block, pointer_at, form)
    wrap = 1 << 8 * form.word - 2
    next_slot = None if pointer is None else pointer & wrap - 1
    unread = _counter(block, unread_at, form)
    return Ring(
        user=number + 1,
        slots=slots,
        next_slot=next_slot if next_slot is not None and next_slot < slots else None,
        wrapped=bool(pointer and pointer & wrap),
        unread=unread,
        last_sequence=_sequence(block, form, number),
    )


def _counter(block: bytes, at: int, form: IndexForm) -> int | None:
    """Return a word without its parity bit, None where the parity is wrong."""
    word = int.from_bytes(block[at : at + form.word], form.order)
    if (word.bit_count() % 2 == 1) is not form.odd_parity and word != 1 << 8 * form.word - 1:
        return None
    return word & (1 << 8 * form.word - 1) - 1


def _sequence(block: bytes, form: IndexForm, number: int) -> int | None:
    if number >= len(form.sequences):
        return None
    at = form.sequences[number]
    low, high = (int.from_bytes(block[word : word + 2], form.order) for word in (at, at + 2))
    value = high << 16 | low
    return value & 0x7FFF_FFFF if value.bit_count() % 2 else None


def clear_unread(block: bytes, memory: MemoryMap) -> bytes:
    """Return the index block with all unread counters at zero and all else as it was."""
    form, cleared = memory.index, bytearray(block[: memory.index.size])
    for _, at in form.users:
        cleared[at : at + form.word] = (1 << 8 * form.word - 1).to_bytes(form.word, form.order)
    return bytes(cleared)


# ── clock ────────────────────────────────────────────────────────────────────────────────────


def decode_clock(block: bytes, form: ClockForm) -> datetime:
    """Return the naive local time the device shows.

    Raises Truncated, TrailingBytes, DecodingError for a check that fails or a date that does not
    exist; a clock that was never set reads FF throughout and is refused, too.
    """
    if len(block) < form.size:
        raise Truncated(f"EEPROM clock: {len(block)} bytes, but this model keeps {form.size}")
    if len(block) > form.size:
        raise TrailingBytes(f"EEPROM clock: {len(block)} bytes, but this model keeps {form.size}")
    if block[form.check] != sum(block[: form.summed]) & 0xFF:
        raise DecodingError("the check sum of the device's clock is wrong")
    if form.complement is not None and block[form.complement] != block[form.check] ^ 0xFF:
        raise DecodingError("the check sum of the device's clock is wrong")
    raw = block[form.time : form.time + len(form.order)]
    return timestamp_of({field.value: part for field, part in zip(form.order, raw, strict=True)})


def encode_clock(block: bytes, form: ClockForm, moment: datetime) -> bytes:
    """Return the clock block `block` with another naive local time; all else stays.

    Raises DecodingError where the block cannot be understood: what was never set or is broken must
    not be copied back. Raises ValueError for a year the device cannot keep.
    """
    decode_clock(block, form)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("the device keeps years from 2000 to 2063")
    parts = {
        TimeField.YEAR: moment.year - _FIRST_YEAR,
        TimeField.MONTH: moment.month,
        TimeField.DAY: moment.day,
        TimeField.HOUR: moment.hour,
        TimeField.MINUTE: moment.minute,
        TimeField.SECOND: moment.second,
    }
    changed = bytearray(block)
    changed[form.time : form.time + len(form.order)] = bytes(parts[field] for field in form.order)
    changed[form.check] = sum(changed[: form.summed]) & 0xFF
    if form.complement is not None:
        changed[form.complement] = changed[form.check] ^ 0xFF
    return bytes(changed)
