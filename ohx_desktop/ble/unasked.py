"""Devices that send their records by themselves, as steps: listen until they fall silent.

No marker ends such a stream. Progress of a measurement (an intermediate temperature, what an
oximeter shows now) is a sign of life that prolongs the listening, and never a result.

Source: Bluetooth SIG health services, sessions.
"""

from collections.abc import Callable
from datetime import datetime

from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.dialogue import Dialogue, hear, host_time
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import FIRST_RECORD_S, SILENCE_S, Conversation
from ohx_desktop.domain.errors import ConnectionLost, DecodingError, DeviceError, DeviceSilent

# Shorter values are no records: some stacks send empty ones when indications are switched on.
_SHORTEST_RECORD = 2

RecordOf = Callable[[bytes, datetime], tuple[Record, DecodingError | None]]
"""Takes a value and the aware moment it came; returns the record, and why it was refused."""


def is_record(value: bytes) -> bool:
    """Tell a record from a mere sign of life."""
    return len(value) >= _SHORTEST_RECORD


def take_unasked(characteristic: str, burst: Burst, record_of: RecordOf) -> Dialogue[None]:
    """Take the records of a characteristic, which is subscribed before, until silence."""
    while True:
        heard = yield from hear(SILENCE_S if burst.has_records else FIRST_RECORD_S)
        if heard is None:
            return
        if heard.characteristic == characteristic and is_record(heard.value):
            burst.add(*record_of(heard.value, (yield from host_time())))


async def receive_unasked(
    link: Link, dialogue: Dialogue[None], conversation: Conversation, burst: Burst
) -> None:
    """Run a dialogue that listens, and tell what only the whole burst could judge.

    Silence and a disconnection are the end of it once a record came. Raises DeviceSilent and
    ConnectionLost where none came, and PairingRefused.
    """
    failure: DeviceError = DeviceSilent("the device is connected but sends no measurement")
    try:
        await drive(link, dialogue, conversation)
    except (ConnectionLost, DeviceSilent) as error:
        failure = error
    burst.close()
    if not burst.has_records:
        raise failure
