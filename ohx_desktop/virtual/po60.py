"""A virtual oximeter PO60 of Beurer: it measures first, and hands its store over afterwards.

The host writes commands, the oximeter answers with messages of a checksum each, cut into
notifications of 20 bytes. It hangs up when nothing is said for a second, and an empty store is not
answered at all. Written from the maker's protocol document.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.virtual.appliance import Appliance, Pieces
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import Characteristic, Property, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.peripheral import Peripheral
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.vital_profiles import PO60_SERVICE, Make
from ohx_desktop.virtual.vital_services import services

_PIECE = 20
_BATCH = 10
_IS_LAST = 0x40
_ACCEPTED, _REFUSED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Po60Record:
    """One measurement: highest, lowest and mean of saturation (%) and pulse (beats a minute)."""

    started_at: datetime
    duration_s: int
    saturation: tuple[int, int, int]
    pulse: tuple[int, int, int]


def with_checksum(message: bytes) -> bytes:
    """Return a message with its last byte: the sum of all others, seven bits of it."""
    return message + bytes((sum(message) & 0x7F,))


def encode_record(record: Po60Record, *, place: int, is_last: bool) -> bytes:
    """Encode a record as one of the ten that answer a request."""
    ended_at = record.started_at + timedelta(seconds=record.duration_s - 1)
    length = record.duration_s
    high = sum((pulse >> 7) << bit for pulse, bit in zip(record.pulse, (5, 4, 3), strict=True))
    message = bytes((0xE9, place | (_IS_LAST if is_last else 0)))
    message += _six_bytes(record.started_at) + _six_bytes(ended_at)
    message += bytes((high | length >> 14, length >> 7 & 0x7F, length & 0x7F))
    message += bytes(record.saturation) + bytes(pulse & 0x7F for pulse in record.pulse)
    return with_checksum(message)


def _six_bytes(moment: datetime) -> bytes:
    parts = (moment.year - 2000, moment.month, moment.day)
    return bytes((*parts, moment.hour, moment.minute, moment.second))


def _two_times_seven(number: int) -> bytes:
    return bytes((number & 0x7F, number >> 7))


class Po60:
    """An oximeter. Call `close` when done; it owns tasks while it is awake."""

    def __init__(
        self,
        make: Make,
        *,
        address: str,
        serial: str = "00001",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.make = make
        self.clock = clock or CuffClock()
        self.records: list[Po60Record] = []
        self.commands: list[bytes] = []
        self._pace = pace or make.pace
        command = Characteristic(
            uuid=uuid16(0xFF01),
            properties=frozenset({Property.WRITE_WITHOUT_RESPONSE}),
            on_write=self._heard,
        )
        self._answer = Characteristic(uuid=uuid16(0xFF02), properties=frozenset({Property.NOTIFY}))
        self.peripheral = Peripheral(
            address=address,
            services=services(
                make,
                serial=serial,
                clock=self.clock,
                main=PO60_SERVICE,
                characteristics=[command, self._answer],
            ),
            pairing_method=make.pairing_method,
            beacon_interval_s=self._pace.beacon_interval_s,
        )
        self.peripheral.faults = faults or Faults()
        self._appliance = Appliance(
            self.peripheral, pace=self._pace, advertising=lambda: make.advertising(PO60_SERVICE)
        )
        self._appliance.on_connected = self._connected
        self._next = self._batch_start = 0

    async def measure(self, saturation: int, pulse: int) -> Po60Record:
        """Put a finger in, take it out again, and go on the air with the result."""
        started_at = self.clock.read()
        await asyncio.sleep(self._pace.measuring_s)
        record = self._remember(saturation, pulse, started_at)
        self._appliance.wake()
        return record

    def remember(self, saturation: int, pulse: int, *, ago: timedelta = timedelta()) -> Po60Record:
        """Put a measurement begun `ago` into the store, and stay as the oximeter is."""
        return self._remember(saturation, pulse, self.clock.read() - ago)

    def press_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._appliance.wake()

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    def _remember(self, saturation: int, pulse: int, started_at: datetime) -> Po60Record:
        failed = self.peripheral.faults.failed_measurement
        record = Po60Record(
            started_at=started_at.replace(microsecond=0),
            duration_s=22,
            saturation=(0, 0, 0) if failed else (saturation + 1, saturation - 2, saturation),
            pulse=(0, 0, 0) if failed else (pulse + 4, pulse - 3, pulse),
        )
        self.records = [*self.records, record][-self.make.memory :]
        return record

    def _connected(self, _: Connection) -> None:
        self._next = self._batch_start = 0

    # ── what the host asks for ───────────────────────────────────────────────────────────────

    def _heard(self, command: bytes) -> None:
        self.commands.append(command)
        if not command or with_checksum(command[:-1]) != command:
            return
        match command[0]:
            case 0x82:
                self._say(bytes.fromhex("f2000700010700"))
            case 0x83:
                self._set_time(command[1:-1])
            case 0x89:
                self._tell_time()
            case 0x90:
                total = _two_times_seven(len(self.records))
                self._say(b"\xe0\x05" + total + total)
            case 0x99:
                self._tell_records(command[1])

    def _set_time(self, given: bytes) -> None:
        year, month, day, hour, minute, second, low, high = given
        try:
            moment = datetime(  # noqa: DTZ001 - the clock has no zone
                2000 + year, month, day, hour, minute, second, (low | high << 7) * 1000
            )
        except ValueError:
            self._say(bytes((0xF3, _REFUSED)))
            return
        self.clock.set(moment)
        self._say(bytes((0xF3, _ACCEPTED)))

    def _tell_time(self) -> None:
        now = self.clock.read()
        milliseconds = now.microsecond // 1000
        self._say(b"\xf9" + _six_bytes(now) + _two_times_seven(milliseconds))

    def _tell_records(self, which: int) -> None:
        match which:
            case 0x00:
                self._batch_start = 0
            case 0x01:
                self._batch_start = self._next
            case 0x7F:
                self.records.clear()
                return
            case 0x7E:
                return
        batch = self.records[self._batch_start : self._batch_start + _BATCH]
        self._next = self._batch_start + len(batch)
        connection = self._appliance.connection
        loses_link = connection is not None and connection.faults.lose_link_mid_transfer
        for place, record in enumerate(batch):
            if loses_link and place == len(batch) // 2:
                self._appliance.hang_up()
                return
            is_last = self._batch_start + place == len(self.records) - 1
            self._say_whole(encode_record(record, place=place, is_last=is_last))

    def _say(self, message: bytes) -> None:
        self._say_whole(with_checksum(message))

    def _say_whole(self, message: bytes) -> None:
        self._appliance.say_frame(message, self._cut)

    def _cut(self, message: bytes) -> Pieces:
        return [
            (self._answer, message[start : start + _PIECE])
            for start in range(0, len(message), _PIECE)
        ]
