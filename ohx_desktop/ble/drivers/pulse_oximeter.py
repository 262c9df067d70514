"""Devices that follow the Pulse Oximeter Service (0x1822).

A spot check (0x2A5E) is a result; what the oximeter shows now (0x2A5F) is progress only. Stored
spot checks are asked for where the device has a control point for that; a new one comes unasked.

Source: Pulse Oximeter Service 1.0; Bluetooth SIG health services, sessions.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import (
    PLX_CONTINUOUS_MEASUREMENT,
    PLX_SPOT_CHECK_MEASUREMENT,
    RECORD_ACCESS_CONTROL_POINT,
)
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.codec.pulse_oximeter import SpotCheck, Status, decode_spot_check
from ohx_desktop.ble.codec.pulse_oximeter_values import flags_of, quantities_of
from ohx_desktop.ble.codec.record_access import ALL_RECORDS, ResponseCode
from ohx_desktop.ble.dialogue import Dialogue, Heard, Subscribe
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.record_transfer import transfer
from ohx_desktop.ble.session import Conversation, identify, measure_clock_offset, settle
from ohx_desktop.ble.unasked import is_record, receive_unasked, take_unasked
from ohx_desktop.domain.errors import DecodingError, DeviceError

# Values and time; the status tells whether a copy comes from the store.
_SAME_IN_COPIES = slice(1, 12)


async def read_pulse_oximeter(link: Link, conversation: Conversation) -> None:
    """Take the spot checks the oximeter has stored and the one it makes, and tell the readings.

    Raises DeviceSilent when none comes, ConnectionLost when the link breaks before one,
    PairingRefused, and DeviceError for a device without spot checks.
    """
    connected_s = asyncio.get_running_loop().time()
    if PLX_SPOT_CHECK_MEASUREMENT not in link.characteristics:
        raise DeviceError(
            "the oximeter offers no spot checks, only values that change all the time",
            hint="see docs/devices.md for the devices this program reads",
        )
    conversation = await identify(link, conversation)
    burst = Burst.of(conversation, await measure_clock_offset(link, conversation))
    await settle(connected_s, conversation.recognised.settle_s)
    dialogue = _whole(burst, link.characteristics)
    await receive_unasked(link, dialogue, conversation, burst)


def _whole(burst: Burst, characteristics: Collection[str]) -> Dialogue[None]:
    yield Subscribe(PLX_SPOT_CHECK_MEASUREMENT)
    if RECORD_ACCESS_CONTROL_POINT in characteristics:
        yield from _stored(burst)
    # Subscribed last: progress would hide that a transfer has come to a halt.
    if PLX_CONTINUOUS_MEASUREMENT in characteristics:
        yield Subscribe(PLX_CONTINUOUS_MEASUREMENT)
    yield from take_unasked(PLX_SPOT_CHECK_MEASUREMENT, burst, spot_check_record)


def _stored(burst: Burst) -> Dialogue[None]:
    """Take the stored records; an oximeter that does not give them may measure all the same."""

    def take(heard: Heard, received_at: datetime) -> None:
        if heard.characteristic == PLX_SPOT_CHECK_MEASUREMENT and is_record(heard.value):
            burst.hold(*spot_check_record(heard.value, received_at))

    yield Subscribe(RECORD_ACCESS_CONTROL_POINT)
    if (yield from transfer(ALL_RECORDS, take)) is ResponseCode.SUCCESS:
        burst.release()


def spot_check_record(frame: bytes, received_at: datetime) -> tuple[Record, DecodingError | None]:
    """Return what a 0x2A5E value is to the judge of new and stored, and why it was refused.

    What the oximeter calls stored was stored before this session, unless its time shows otherwise.
    """
    record = Record(frames=(frame,), received_at=received_at, quantities=None)
    try:
        check = decode_spot_check(frame)
        stamp = check.timestamp if check.clock_is_set else None
        record = replace(
            record,
            has_time=check.has_time,
            stamp=stamp,
            is_clock_set=check.clock_is_set,
            flags=flags_of(check),
            content=frame[_SAME_IN_COPIES] if check.has_time else None,
            is_live=False if _is_from_storage(check) and stamp is None else None,
        )
        return replace(record, quantities=quantities_of(check)), None
    except DecodingError as error:
        return record, error


def _is_from_storage(check: SpotCheck) -> bool:
    return bool((check.status or 0) & Status.FROM_STORAGE)
