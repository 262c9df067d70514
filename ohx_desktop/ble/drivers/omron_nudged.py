"""BP7255 in standard mode: it sends its 0x2A35 records once its maker's channel was greeted.

All else is as with plain cuffs. The greeting holds nothing: twenty zero bytes.

Source: the project LocalVitals (BP7255).
"""

from ohx_desktop.ble.drivers.blood_pressure import read_blood_pressure
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.omron.uuids import RX, TX, UNLOCK
from ohx_desktop.ble.session import Conversation, with_pairing

_GREETING = bytes(20)


async def read_nudged_blood_pressure(link: Link, conversation: Conversation) -> None:
    """Take every record the cuff sends and tell the readings.

    Raises what `read_blood_pressure` raises.
    """

    async def greet() -> None:
        for characteristic in (UNLOCK, RX[0]):
            await link.subscribe(characteristic, lambda _: None)
        await link.write(TX[0], _GREETING, with_response=False)

    async def greet_paired() -> None:
        await with_pairing(link, conversation, greet)

    await read_blood_pressure(link, conversation, once_subscribed=greet_paired)
