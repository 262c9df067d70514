"""What a session does with the memory: read it; and, only when asked for, write to it.

Reading changes nothing on the device. Clearing the unread counters takes the records away from the
maker's own program, and a bad clock write shows an error on the display: both are steps of their
own, refused for every model on which nobody has seen them work.

Source: WariKoda/Sphygma and userx14/omblepy (index, reset), eigger/hass-omron (clock).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.ble.dialogue import Dialogue, HostTime, Pause
from ohx_desktop.ble.omron.eeprom import Eeprom, ReadRefused
from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.record import check_trailer, is_empty
from ohx_desktop.ble.omron.settings_area import (
    Ring,
    clear_unread,
    decode_clock,
    decode_index,
    encode_clock,
)
from ohx_desktop.domain.errors import DecodingError, DeviceNotSet, DeviceSilent, Unsupported

_AFTER_CLOCK_WRITE_S = 1.0
# What writing, the pause and reading back may take.
_CLOCK_WRITTEN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSample:
    """What the device's clock showed (naive) at an aware moment of the host."""

    device: datetime
    host: datetime

    @property
    def offset(self) -> timedelta:
        """The device's clock minus the host's."""
        return self.device - self.host.astimezone().replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """The bytes of a used slot, not decoded. `user` counts from 1."""

    user: int
    slot: int
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryContent:
    """What was read. Records are per user, newest first where the ring's pointer tells.

    `clock` is None where the device's clock is not known or was never set. `closed_users` are
    those whose records the device does not show.
    """

    rings: tuple[Ring, ...]
    clock: ClockSample | None
    records: tuple[StoredRecord, ...]
    closed_users: tuple[int, ...]


def read_memory(eeprom: Eeprom, *, newest: int | None) -> Dialogue[MemoryContent]:
    """Read the clock and the `newest` records of each user, None for all of them.

    Where a pointer cannot be trusted, all slots of that user are read. Raises DeviceError.
    """
    memory = eeprom.memory
    # In one block as the maker's program does; on some models the clock lies in it, too.
    size = max(memory.index.size, min(memory.block, memory.settings.size))
    settings = yield from eeprom.read(memory.settings.read, size)
    clock = yield from _sample(settings, memory)
    rings = decode_index(settings, memory)
    records: list[StoredRecord] = []
    closed: list[int] = []
    for ring in rings:
        slots = ring.newest_first()
        wanted = slots if ring.next_slot is None else slots[:newest]
        try:
            for run in _runs(wanted, max(1, memory.block // memory.record.size)):
                records += yield from _read_slots(eeprom, ring.user, run)
        except ReadRefused:
            closed.append(ring.user)
    if clock is None and not _holds_clock(settings, memory):
        clock = yield from _read_clock(eeprom)
    return MemoryContent(
        rings=rings, clock=clock, records=tuple(records), closed_users=tuple(closed)
    )


def clear_unread_counters(eeprom: Eeprom) -> Dialogue[None]:
    """Tell the device that all its records were fetched, and see that it took it.

    Raises Unsupported where this is not known to work, DeviceNotSet, DeviceError.
    """
    memory = eeprom.memory
    _require_writable(memory)
    block = yield from eeprom.read(memory.settings.read, memory.index.size)
    cleared = clear_unread(block, memory)
    if cleared == block:
        return
    yield from eeprom.write(memory.settings.write, cleared)
    shown = yield from eeprom.read(memory.settings.read, memory.index.size)
    if decode_index(shown, memory) != decode_index(cleared, memory):
        raise DeviceNotSet("the device did not take that its records were fetched")


def set_clock(eeprom: Eeprom) -> Dialogue[ClockSample]:
    """Set the device's clock to this computer's local time and return what it shows then.

    Raises Unsupported where this is not known to work, DecodingError for a clock that was never
    set (only the device itself can begin), DeviceNotSet, DeviceError.
    """
    memory = eeprom.memory
    _require_writable(memory)
    form = memory.clock
    if form is None:
        raise Unsupported("how this model keeps its clock is not known")
    block = yield from eeprom.read(memory.settings.read + form.offset, form.size)
    now = yield from _host_time()
    changed = encode_clock(block, form, now.astimezone().replace(tzinfo=None))
    yield from eeprom.write(memory.settings.write + form.offset, changed)
    yield Pause(_AFTER_CLOCK_WRITE_S)
    shown = yield from _read_clock(eeprom)
    if shown is None or abs(shown.offset) > _CLOCK_WRITTEN:
        raise DeviceNotSet("the device did not take the time of this computer")
    return shown


def _read_clock(eeprom: Eeprom) -> Dialogue[ClockSample | None]:
    """Read the clock for itself. No reading depends on it, so a device may keep it closed."""
    memory, form = eeprom.memory, eeprom.memory.clock
    if form is None:
        return None
    try:
        block = yield from eeprom.read(memory.settings.read + form.offset, form.size)
    except (DeviceSilent, ReadRefused):
        return None
    return (yield from _sample(bytes(form.offset) + block, memory))


def _holds_clock(settings: bytes, memory: MemoryMap) -> bool:
    return memory.clock is not None and len(settings) >= memory.clock.offset + memory.clock.size


def _sample(settings: bytes, memory: MemoryMap) -> Dialogue[ClockSample | None]:
    """Return the clock in the settings just read, None where it is not there or was never set."""
    form = memory.clock
    if form is None or not _holds_clock(settings, memory):
        return None
    now = yield from _host_time()
    try:
        shown = decode_clock(settings[form.offset : form.offset + form.size], form)
    except DecodingError:
        return None
    return ClockSample(device=shown, host=now)


def _host_time() -> Dialogue[datetime]:
    now = yield HostTime()
    if not isinstance(now, datetime):
        raise TypeError("the runner of a dialogue tells the time as a datetime")
    return now


def _read_slots(eeprom: Eeprom, user: int, run: Sequence[int]) -> Dialogue[list[StoredRecord]]:
    """Read neighbouring slots at once and return the used ones in the order of `run`."""
    memory = eeprom.memory
    size, lowest = memory.record.size, min(run)
    start = memory.users[user - 1].start
    block = yield from eeprom.read(start + lowest * size, len(run) * size, unit=size)
    records = []
    for slot in run:
        raw = block[(slot - lowest) * size :][:size]
        if check_trailer(raw, memory.trailer) is False and not is_empty(raw):
            raw = yield from eeprom.read(start + slot * size, size, unit=size)
        if not is_empty(raw):
            records.append(StoredRecord(user=user, slot=slot, raw=raw))
    return records


def _runs(slots: Sequence[int], longest: int) -> Iterator[Sequence[int]]:
    """Cut slots into runs of neighbours that one read can take."""
    run: list[int] = []
    for slot in slots:
        if run and (len(run) == longest or abs(slot - run[-1]) != 1):
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _require_writable(memory: MemoryMap) -> None:
    if not memory.is_writable:
        raise Unsupported("nobody has seen that this model can be written to safely")
