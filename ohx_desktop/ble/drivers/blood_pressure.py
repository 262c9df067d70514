"""Devices that follow the Blood Pressure Service (0x1810) plainly.

No command asks for records: once indications are on, the device sends what it has, old and new,
and falls silent or disconnects. It may be connected before, while or after it measures.

Source: Blood Pressure Profile 1.1.1; Bluetooth SIG health services, sessions.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_MEASUREMENT, INTERMEDIATE_CUFF_PRESSURE
from ohx_desktop.ble.codec.blood_pressure import decode_blood_pressure_measurement
from ohx_desktop.ble.codec.blood_pressure_values import quantities_of
from ohx_desktop.ble.events import LinkState, ReadingReceived, RecordRefused
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.memory import Judge, Record
from ohx_desktop.ble.session import (
    FIRST_RECORD_S,
    SESSION_S,
    SILENCE_S,
    Conversation,
    measure_clock_offset,
    pair,
    read_identity,
    settle,
    with_pairing,
)
from ohx_desktop.domain.errors import ConnectionLost, DecodingError, DeviceError, DeviceSilent
from ohx_desktop.domain.reading import Reading

# Shorter values are no records: some stacks send empty ones when indications are switched on.
_SHORTEST_RECORD = 2


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A value as it came in. `is_record` is False for a mere sign of life."""

    frame: bytes
    received_at: datetime
    is_record: bool


_Inbox = asyncio.Queue[_Arrival | None]
"""What arrives, in order; None once the link is gone."""


async def read_blood_pressure(link: Link, conversation: Conversation) -> None:
    """Take every record the device sends and tell the readings.

    Raises DeviceSilent when no record comes, ConnectionLost when the link breaks before one,
    PairingRefused, and DeviceError for a device without the measurement characteristic.
    """
    connected_s = asyncio.get_running_loop().time()
    if BLOOD_PRESSURE_MEASUREMENT not in link.characteristics:
        raise DeviceError(
            "the device offers no blood-pressure measurements",
            hint="see docs/devices.md for the devices this program reads",
        )
    if conversation.recognised.pairs_first:
        await pair(link, conversation)
    judge = Judge(
        identity=await read_identity(link, conversation),
        session_began=conversation.session_began,
        offset=await measure_clock_offset(link, conversation),
    )
    await settle(connected_s, conversation.recognised.settle_s)
    inbox: _Inbox = asyncio.Queue()
    await _subscribe(link, conversation, inbox)
    lost = asyncio.ensure_future(link.wait_disconnected())
    lost.add_done_callback(lambda _: inbox.put_nowait(None))
    burst = _Burst(judge, conversation)
    try:
        failure = await _receive(inbox, burst, conversation)
    finally:
        lost.cancel()
    burst.close()
    if not burst.has_records:
        raise failure


async def _subscribe(link: Link, conversation: Conversation, inbox: _Inbox) -> None:
    def deliver(value: bytes, *, can_be_record: bool) -> None:
        is_record = can_be_record and len(value) >= _SHORTEST_RECORD
        inbox.put_nowait(_Arrival(value, conversation.now(), is_record))

    async def enable(characteristic: str, on_value: Callable[[bytes], None]) -> None:
        await with_pairing(link, conversation, lambda: link.subscribe(characteristic, on_value))

    if INTERMEDIATE_CUFF_PRESSURE in link.characteristics:
        await enable(INTERMEDIATE_CUFF_PRESSURE, partial(deliver, can_be_record=False))
    await enable(BLOOD_PRESSURE_MEASUREMENT, partial(deliver, can_be_record=True))


async def _receive(inbox: _Inbox, burst: "_Burst", conversation: Conversation) -> DeviceError:
    """Take arrivals until the device is silent or gone; return what that means without a record."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + SESSION_S
    is_receiving = False
    while True:
        patience_s = min(SILENCE_S if burst.has_records else FIRST_RECORD_S, ends_s - loop.time())
        try:
            async with asyncio.timeout(patience_s):
                arrival = await inbox.get()
        except TimeoutError:
            if inbox.empty() or loop.time() >= ends_s:
                return DeviceSilent("the device is connected but sends no measurement")
            continue
        if arrival is None:
            return ConnectionLost("the device disconnected before it sent a measurement")
        if not is_receiving:
            is_receiving = True
            conversation.tell_state(LinkState.RECEIVING)
        if arrival.is_record:
            burst.add(arrival)


class _Burst:
    """The records of one connection: each told as soon as it is certain what it is."""

    def __init__(self, judge: Judge, conversation: Conversation) -> None:
        self._judge = judge
        self._conversation = conversation
        self._records: list[Record] = []
        self.has_records = False

    def add(self, arrival: _Arrival) -> None:
        """Take a record; a copy of one that this listening has met is dropped."""
        self.has_records = True
        first_met = self._conversation.first_met(arrival.frame)
        if first_met is self._conversation.listening:
            return
        record, error = _decode(arrival, seen_before=first_met is not None)
        self._records.append(record)
        if error is not None:
            stored = self._judge.lay_in_memory(record)
            self._conversation.tell(RecordRefused(error=error, stored=stored))
        elif (reading := self._judge.judge_at_once(record)) is not None:
            self._tell(reading, record.frame)

    def close(self) -> None:
        """Tell the readings that only the whole burst could judge."""
        for record, reading in self._judge.judge_burst(self._records):
            self._tell(reading, record.frame)

    def _tell(self, reading: Reading, frame: bytes) -> None:
        self._conversation.tell(ReadingReceived(reading=reading, frames=(frame,)))


def _decode(arrival: _Arrival, *, seen_before: bool) -> tuple[Record, DecodingError | None]:
    measurement, quantities, refusal = None, None, None
    try:
        measurement = decode_blood_pressure_measurement(arrival.frame)
        quantities = quantities_of(measurement)
    except DecodingError as error:
        refusal = error
    record = Record(
        frame=arrival.frame,
        received_at=arrival.received_at,
        measurement=measurement,
        quantities=quantities,
        seen_before=seen_before,
    )
    return record, refusal
