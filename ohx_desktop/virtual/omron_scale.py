"""A virtual Omron scale whose memory is read: HN-300T2, byte for byte as captured.

Everything is high byte first: weight in steps of 0.05 kg, time, unit of the display, number, the
weight once more in steps of 0.2 lb, and the sum of all before it.
"""

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from ohx_desktop.virtual.encoding import CuffRecord
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_memory import ClockRefused, EepromMemory, with_odd_parity
from ohx_desktop.virtual.omron_models import HN_300T2
from ohx_desktop.virtual.profiles import Pace

_KG_STEP, _LB_STEP = Decimal("0.05"), Decimal("0.2")
_LB_PER_KG = Decimal("2.2046226")
_YEAR_OFFSET = 2000
_KILOGRAMS = 0
_CLOCK_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One weighing by the scale's own clock (naive); None: not determined."""

    weight_kg: Decimal | None
    taken_at: datetime


def encode_weighing(weighing: Weighing, *, sequence: int) -> bytes:
    """Encode the sixteen bytes of a slot."""
    weight_kg = weighing.weight_kg
    kg = 0xFFFF if weight_kg is None else int(weight_kg / _KG_STEP)
    in_lb_steps = (weight_kg or Decimal(0)) * _LB_PER_KG / _LB_STEP
    lb = int(in_lb_steps.to_integral(ROUND_HALF_EVEN))
    body = (
        struct.pack(">H", kg)
        + _time(weighing.taken_at)
        + struct.pack(">BHHB", _KILOGRAMS, sequence, lb, 0x6D)
    )
    return body + bytes((sum(body) & 0xFF, 0xFF))


def _time(moment: datetime) -> bytes:
    year = moment.year - _YEAR_OFFSET
    return bytes((year, moment.month, moment.day, moment.hour, moment.minute, moment.second))


class ScaleMemory(EepromMemory):
    """The memory of the scale: one ring, pointers and counters of one byte."""

    def store_weighing(self, weighing: Weighing, *, is_damaged: bool = False) -> None:
        """Write a weighing into the next slot; the oldest one gives way."""
        sequence = self.unread[1][0] + 1
        encoded = bytearray(encode_weighing(weighing, sequence=sequence))
        if is_damaged:
            encoded[1] ^= 0x01
        self._keep(self._rings[0], bytes(encoded))

    def _index(self) -> bytes:
        ring = self._rings[0]
        pointer = with_odd_parity(ring.next_slot | (0x40 if ring.has_wrapped else 0), bits=8)
        unread = with_odd_parity(ring.unread, bits=8)
        block = bytes((pointer, 0x80, 0x80, 0x80, unread, 0x80, 0x80, 0x80))
        return block + struct.pack(">H", ring.sequence) + bytes(2)

    def _clock_block(self) -> bytes:
        body = _time(self._clock.read())
        return body + bytes((sum(body) & 0xFF, 0xFF))

    def _take_over(self, settings: bytes, *, writes_clock: bool) -> None:
        at = self._profile.clock_offset
        if writes_clock:
            block = settings[at : at + _CLOCK_LENGTH]
            if block[6] != sum(block[:6]) & 0xFF:
                raise ClockRefused
            year, month, day, hour, minute, second = block[:6]
            moment = datetime(_YEAR_OFFSET + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone in the scale
            self._clock.set(moment)
        self._rings[0].unread = settings[4] & 0x3F


class OmronEepromScale(OmronEepromCuff):
    """A HN-300T2. Call `close` when done; it owns tasks while it is awake."""

    memory: ScaleMemory
    group = "0001"

    def __init__(
        self,
        *,
        address: str,
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
    ) -> None:
        clock = clock or CuffClock()
        super().__init__(
            HN_300T2,
            address=address,
            serial="20261123-0006",
            clock=clock,
            pace=pace,
            faults=faults,
            memory=ScaleMemory(HN_300T2, clock),
        )

    @property
    def records(self) -> tuple[CuffRecord, ...]:
        """No blood pressure is in it."""
        return ()

    async def weigh(self, weight_kg: Decimal | str) -> Weighing:
        """Weigh now, remember the result and go on the air."""
        weighing = self.remember_weight(weight_kg)
        self.press_bluetooth_button()
        return weighing

    def remember_weight(
        self, weight_kg: Decimal | str, *, ago: timedelta = timedelta()
    ) -> Weighing:
        """Put a weighing taken `ago` into the memory."""
        faults = Faults() if ago else self.peripheral.faults
        weighing = Weighing(
            weight_kg=None if faults.failed_measurement else Decimal(weight_kg),
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
        )
        self.memory.store_weighing(weighing, is_damaged=faults.damaged_record)
        self._appliance.announce()
        return weighing
