"""Beurer's oximeter PO60: everything it keeps is read, and judged by its clock.

It measures first and is connected afterwards, so that the new reading is in its memory. Nothing is
written to it but requests: clock and records stay as they are.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from ohx_desktop.ble.beurer.po60 import ANSWER, COMMAND
from ohx_desktop.ble.beurer.po60_messages import measured_of
from ohx_desktop.ble.beurer.po60_session import Item, Visit
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.dialogue import Dialogue, Subscribe
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import Conversation, identify, offset_of, settle
from ohx_desktop.domain.errors import DecodingError, DeviceError


async def read_po60(link: Link, conversation: Conversation) -> None:
    """Read the memory of the oximeter and tell its readings.

    A memory that breaks off in the middle tells nothing. An empty one is no failure. Raises
    ConnectionLost, DeviceSilent, PairingRefused, a DecodingError for answers of no known form, and
    DeviceError for a device without them.
    """
    connected_s = asyncio.get_running_loop().time()
    if not {COMMAND, ANSWER} <= link.characteristics:
        raise DeviceError(
            "the device offers no oximeter records",
            hint="see docs/devices.md for the devices this program reads",
        )
    conversation = await identify(link, conversation)
    await settle(connected_s, conversation.recognised.settle_s)
    burst = Burst.of(conversation)
    for record, error in await drive(link, _whole(burst), conversation):
        burst.add(record, error)
    burst.close()


def _whole(burst: Burst) -> Dialogue[list[tuple[Record, DecodingError | None]]]:
    visit = Visit()
    yield Subscribe(ANSWER)
    shown, before, after = yield from visit.clock()
    burst.judge_by(None if shown is None else offset_of(shown, before, after))
    return [oximetry_record(item, after) for item in (yield from visit.records())]


def oximetry_record(item: Item, received_at: datetime) -> tuple[Record, DecodingError | None]:
    """Return what a record is to the judge of new and stored, and why it was refused."""
    message, content = item
    # The head is the place in this transfer, which another record may have in the next one.
    record = Record(
        frames=(message,), received_at=received_at, quantities=None, content=message[2:-1]
    )
    if isinstance(content, DecodingError):
        return replace(record, content=None), content
    record = replace(record, stamp=content.started_at)
    try:
        return replace(record, quantities=measured_of(content).quantities), None
    except DecodingError as error:
        return record, error
