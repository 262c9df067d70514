"""Devices that follow the Blood Pressure Service (0x1810) plainly.

No command asks for records: once indications are on, the device sends what it has, old and new,
and falls silent or disconnects. It may be connected before, while or after it measures.

Cuffs that send the same characteristic in a form of their own bring their own decoder.

Source: Blood Pressure Profile 1.1.1; Bluetooth SIG health services, sessions.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_MEASUREMENT, INTERMEDIATE_CUFF_PRESSURE
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.clock_setting import set_current_time
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
from ohx_desktop.ble.unasked import is_record
from ohx_desktop.domain.errors import ConnectionLost, DecodingError, DeviceError, DeviceSilent

if TYPE_CHECKING:
    from ohx_desktop.domain.quantity import Quantity

Decode = Callable[[bytes], BloodPressureMeasurement]
"""Takes a 0x2A35 value apart. Raises the DecodingError family."""


async def read_blood_pressure(
    link: Link,
    conversation: Conversation,
    decode: Decode = decode_blood_pressure_measurement,
    *,
    once_subscribed: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Take every record the device sends and tell the readings.

    `once_subscribed` is done before records are waited for. Raises DeviceSilent when no record
    comes, ConnectionLost when the link breaks before one, PairingRefused, DeviceError for a device
    without the measurement characteristic, and DeviceNotSet.
    """
    connected_s = asyncio.get_running_loop().time()
    if BLOOD_PRESSURE_MEASUREMENT not in link.characteristics:
        raise DeviceError(
            "the device offers no blood-pressure measurements",
            hint="see docs/devices.md for the devices this program reads",
        )
    conversation = await identify(link, conversation)
    offset = await measure_clock_offset(link, conversation)
    burst = Burst.of(conversation, offset)
    await settle(connected_s, conversation.recognised.settle_s)
    reception = _Reception(burst, conversation, decode)
    await _subscribe(link, conversation, reception)
    lost = asyncio.ensure_future(link.wait_disconnected())
    lost.add_done_callback(lambda _: reception.signs.put_nowait(_Sign.GONE))
    try:
        if once_subscribed is not None:
            await once_subscribed()
        failure = await reception.until_over()
    finally:
        lost.cancel()
    burst.close()
    if not burst.has_records:
        raise failure
    if isinstance(failure, DeviceSilent):  # all is in, and the link is up
        await set_current_time(link, conversation, offset, burst.latest_stamp)


async def _subscribe(link: Link, conversation: Conversation, reception: "_Reception") -> None:
    async def enable(characteristic: str, on_value: Callable[[bytes], None]) -> None:
        await with_pairing(link, conversation, lambda: link.subscribe(characteristic, on_value))

    if INTERMEDIATE_CUFF_PRESSURE in link.characteristics:
        await enable(INTERMEDIATE_CUFF_PRESSURE, reception.note_progress)
    await enable(BLOOD_PRESSURE_MEASUREMENT, reception.take)


class _Sign(Enum):
    """What the link shows."""

    ALIVE = auto()
    GONE = auto()


class _Reception:
    """Takes values as they arrive: a record is told at once and waits for no task's turn.

    `signs` holds what the link shows, and what went wrong with a value, in order.
    """

    def __init__(self, burst: Burst, conversation: Conversation, decode: Decode) -> None:
        self.signs: asyncio.Queue[_Sign | Exception] = asyncio.Queue()
        self._burst = burst
        self._conversation = conversation
        self._decode = decode
        self._is_receiving = False

    def note_progress(self, _: bytes) -> None:
        """Take a value that is no record: the device is at work."""
        if not self._is_receiving:
            self._is_receiving = True
            self._conversation.tell_state(LinkState.RECEIVING)
        self.signs.put_nowait(_Sign.ALIVE)

    def take(self, value: bytes) -> None:
        """Take a value of the measurement characteristic."""
        received_at = self._conversation.now()
        self.note_progress(value)
        if not is_record(value):
            return
        try:
            self._burst.add(*blood_pressure_record(value, self._decode, received_at=received_at))
        except Exception as error:  # noqa: BLE001 - raised where the session waits, not in the link
            self.signs.put_nowait(error)

    async def until_over(self) -> DeviceError:
        """Wait until the device is silent or gone; return what that means without a record.

        Raises DeviceError for a device that sends without end.
        """
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + SESSION_S
        while True:
            silence_s = SILENCE_S if self._burst.has_records else FIRST_RECORD_S
            try:
                async with asyncio.timeout(min(silence_s, ends_s - loop.time())):
                    sign = await self.signs.get()
            except TimeoutError:
                if self.signs.empty() or loop.time() >= ends_s:
                    return DeviceSilent("the device is connected but sends no measurement")
                continue
            if isinstance(sign, Exception):
                raise sign
            if sign is _Sign.GONE:
                return ConnectionLost("the device disconnected before it sent a measurement")


def blood_pressure_record(
    frame: bytes, decode: Decode, *, received_at: datetime
) -> tuple[Record, DecodingError | None]:
    """Return what a 0x2A35 value is to the judge of new and stored, and why it was refused.

    A value without a pressure may still tell when it was measured.
    """
    try:
        parts = decode(frame)
    except DecodingError as error:
        return Record(frames=(frame,), received_at=received_at, quantities=None), error
    quantities: tuple[Quantity, ...] | None = None
    refusal: DecodingError | None = None
    try:
        quantities = quantities_of(parts)
    except DecodingError as error:
        refusal = error
    record = Record(
        frames=(frame,),
        received_at=received_at,
        quantities=quantities,
        has_time=parts.has_time,
        stamp=parts.timestamp,
        flags=flags_of(parts),
        user_slot=parts.user_id,
    )
    return record, refusal
