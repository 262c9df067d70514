"""Devices that follow the Health Thermometer Service (0x1809).

They send what they have by themselves, old and new. The FT95 shows an error unless it is subscribed
within half a minute; some devices measure objects, too, and those are no temperatures of a body.

Source: Health Thermometer Service 1.0; FT95 transmission protocol rev01.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial

from ohx_desktop.ble.assigned_numbers import (
    INTERMEDIATE_TEMPERATURE,
    TEMPERATURE_MEASUREMENT,
    TEMPERATURE_TYPE,
)
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.codec.health_thermometer import (
    decode_temperature_measurement,
    decode_temperature_type,
)
from ohx_desktop.ble.codec.health_thermometer_values import flags_of, quantities_of
from ohx_desktop.ble.dialogue import Dialogue, Subscribe, read
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import Conversation, identify, measure_clock_offset, settle
from ohx_desktop.ble.unasked import receive_unasked, take_unasked
from ohx_desktop.domain.errors import DecodingError, DeviceError

_MEASURES_OBJECTS = "Beurer"


async def read_thermometer(link: Link, conversation: Conversation) -> None:
    """Take every record the thermometer sends and tell the readings.

    Raises DeviceSilent when no record comes, ConnectionLost when the link breaks before one,
    PairingRefused, DeviceError for a device without the measurement characteristic, and a
    DecodingError where it does not tell rightly what it measures.
    """
    connected_s = asyncio.get_running_loop().time()
    if TEMPERATURE_MEASUREMENT not in link.characteristics:
        raise DeviceError(
            "the device offers no temperature measurements",
            hint="see docs/devices.md for the devices this program reads",
        )
    conversation = await identify(link, conversation)
    burst = Burst.of(conversation, await measure_clock_offset(link, conversation))
    await settle(connected_s, conversation.recognised.settle_s)
    dialogue = _listening(
        burst,
        has_progress=INTERMEDIATE_TEMPERATURE in link.characteristics,
        needs_type=conversation.recognised.manufacturer == _MEASURES_OBJECTS,
    )
    await receive_unasked(link, dialogue, conversation, burst)


def _listening(burst: Burst, *, has_progress: bool, needs_type: bool) -> Dialogue[None]:
    told = yield from read(TEMPERATURE_TYPE)
    constant_type = None if told is None else decode_temperature_type(told)
    if has_progress:
        yield Subscribe(INTERMEDIATE_TEMPERATURE)
    yield Subscribe(TEMPERATURE_MEASUREMENT)
    record_of = partial(temperature_record, constant_type=constant_type, needs_type=needs_type)
    yield from take_unasked(TEMPERATURE_MEASUREMENT, burst, record_of)


def temperature_record(
    frame: bytes, received_at: datetime, *, constant_type: int | None, needs_type: bool
) -> tuple[Record, DecodingError | None]:
    """Return what a 0x2A1C value is to the judge of new and stored, and why it was refused.

    A value without a temperature of a body may still tell when it was measured.
    """
    record = Record(frames=(frame,), received_at=received_at, quantities=None)
    try:
        parts = decode_temperature_measurement(frame)
        record = replace(
            record,
            has_time=parts.has_time,
            stamp=parts.timestamp,
            flags=flags_of(parts, constant_type=constant_type),
        )
        quantities = quantities_of(parts, constant_type=constant_type, needs_type=needs_type)
        return replace(record, quantities=quantities), None
    except DecodingError as error:
        return record, error
