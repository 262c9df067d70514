"""Devices that follow the Blood Pressure Service (0x1810) plainly.

No command asks for records: once indications are on, the device sends what it has, old and new,
and falls silent or disconnects. It may be connected before, while or after it measures.

Cuffs that send the same characteristic in a form of their own bring their own decoder.

Source: Blood Pressure Profile 1.1.1; Bluetooth SIG health services, sessions.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_MEASUREMENT, INTERMEDIATE_CUFF_PRESSURE
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.codec.blood_pressure import (
    BloodPressureMeasurement,
    decode_blood_pressure_measurement,
)
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.events import LinkState
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import (
    FIRST_RECORD_S,
    SESSION_S,
    SILENCE_S,
    Conversation,
    identify,
    measure_clock_offset,
    settle,
    with_pairing,
)
from ohx_desktop.domain.errors import ConnectionLost, DecodingError, DeviceError, DeviceSilent

Decode = Callable[[bytes], BloodPressureMeasurement]
"""Takes a 0x2A35 value apart. Raises the DecodingError family."""

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


async def read_blood_pressure(
    link: Link,
    conversation: Conversation,
    decode: Decode = decode_blood_pressure_measurement,
) -> None:
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
    conversation = await identify(link, conversation)
    burst = Burst.of(conversation, await measure_clock_offset(link, conversation))
    await settle(connected_s, conversation.recognised.settle_s)
    inbox: _Inbox = asyncio.Queue()
    lost = asyncio.ensure_future(link.wait_disconnected())
    lost.add_done_callback(lambda _: inbox.put_nowait(None))
    try:
        await _subscribe(link, conversation, inbox)
        failure = await _receive(inbox, burst, conversation, decode)
    finally:
        lost.cancel()
        # However this ends: what has come is taken, as the device may not send it again.
        while not inbox.empty():
            _take(inbox.get_nowait(), burst, decode)
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


async def _receive(
    inbox: _Inbox, burst: Burst, conversation: Conversation, decode: Decode
) -> DeviceError:
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
        _take(arrival, burst, decode)


def _take(arrival: _Arrival | None, burst: Burst, decode: Decode) -> None:
    if arrival is not None and arrival.is_record:
        burst.add(*blood_pressure_record(arrival.frame, decode, received_at=arrival.received_at))


def blood_pressure_record(
    frame: bytes, decode: Decode, *, received_at: datetime
) -> tuple[Record, DecodingError | None]:
    """Return what a 0x2A35 value is to the judge of new and stored, and why it was refused.

    A value without a pressure may still tell when it was measured.
    """
    record = Record(frames=(frame,), received_at=received_at, quantities=None)
    try:
        parts = decode(frame)
        record = replace(
            record,
            has_time=parts.has_time,
            stamp=parts.timestamp,
            user_slot=parts.user_id,
            flags=flags_of(parts),
        )
        return replace(record, quantities=quantities_of(parts)), None
    except DecodingError as error:
        return record, error
