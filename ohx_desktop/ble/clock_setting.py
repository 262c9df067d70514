"""Setting the clock of a device by the Current Time Service, where an administrator wants it.

Only once all records are in, as they were stamped by the clock as it was; and never back behind
the newest of them, which would look new for so long. The time is read back and compared.
"""

from datetime import datetime, timedelta

from ohx_desktop.ble.assigned_numbers import CURRENT_TIME
from ohx_desktop.ble.codec.current_time import encode_current_time
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.memory import CLOCK_TOLERANCE
from ohx_desktop.ble.session import Conversation, measure_clock_offset
from ohx_desktop.domain.errors import ConnectionLost, DeviceError, DeviceNotSet

# What the exchange may take, and fractions that a device cuts off.
_WRITTEN = timedelta(seconds=5)


async def set_current_time(
    link: Link, conversation: Conversation, offset: timedelta | None, newest: datetime | None
) -> None:
    """Set the clock if it is switched on, wrong and may be set.

    `offset` is the device's clock minus the host's, None for a time that names no moment; `newest`
    the latest stamp of a record (naive). Raises DeviceNotSet, ConnectionLost.
    """
    if not wants_clock(link, conversation):
        return
    if offset is not None and abs(offset) <= CLOCK_TOLERANCE:
        return
    now = conversation.now().astimezone().replace(tzinfo=None)
    if newest is not None and newest >= now:
        return
    try:
        await link.write(CURRENT_TIME, encode_current_time(now))
        shown = await measure_clock_offset(link, conversation)
    except ConnectionLost:
        raise
    except DeviceError as error:
        raise DeviceNotSet("the device refuses to have its clock set") from error
    if shown is None or abs(shown) > _WRITTEN:
        raise DeviceNotSet("the device did not take the time of this computer")


def wants_clock(link: Link, conversation: Conversation) -> bool:
    """Tell whether setting the clock of this device is switched on."""
    names = (conversation.who.model, conversation.recognised.model)
    return CURRENT_TIME in link.characteristics and conversation.policy.sets_clock(*names)
