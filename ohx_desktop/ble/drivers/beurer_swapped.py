"""Beurer cuffs of the group of the BM85: 0x2A35 with pulse and status the other way round.

All else is as with plain cuffs. Each frame proves its own order of bytes, or is refused.
"""

from functools import partial

from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.beurer.swapped_blood_pressure import decode_blood_pressure_of
from ohx_desktop.ble.drivers.blood_pressure import read_blood_pressure
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.errors import Unsupported


async def read_swapped_blood_pressure(link: Link, conversation: Conversation) -> None:
    """Take every record the cuff sends and tell the readings.

    Raises what `read_blood_pressure` raises, and Unsupported for a model of no table.
    """
    model = model_named(conversation.recognised.model or "")
    if model is None:
        raise Unsupported("this program does not know the model of this cuff")
    await read_blood_pressure(link, conversation, partial(decode_blood_pressure_of, model))
