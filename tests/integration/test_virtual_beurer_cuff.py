"""A virtual Beurer BM85: the swapped record and the first moments after connecting."""

import asyncio

from hosts import carry_in, host_for
from meeting import ADDRESS, MEASUREMENT, Meeting

from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.profiles import BEURER_BM85, BRISK


async def bm85(meeting: Meeting) -> Cuff:
    cuff = Cuff(BEURER_BM85, address=ADDRESS, pace=BRISK)
    carry_in(meeting, cuff)
    cuff.remember(119, 70, 87, user=1)
    await cuff.measure(106, 71, 63)
    return cuff


async def test_a_bm85_sends_a_user_that_no_flag_announces_and_a_swapped_pulse(
    meeting: Meeting,
) -> None:
    cuff = await bm85(meeting)
    async with await host_for(meeting, cuff) as host:
        await asyncio.sleep(BEURER_BM85.settle_s)  # the pause it wants
        await host.subscribe(MEASUREMENT)
        await host.wait_ended()
    first, second = host.heard[MEASUREMENT]
    assert first[:7].hex() == "56770046000000"
    assert first[14:].hex() == "0057010000"
    assert second[:7].hex() == "566a0047000000"
    assert second[14:].hex() == "003f000000"


async def test_a_bm85_never_answers_who_subscribes_at_once(meeting: Meeting) -> None:
    cuff = await bm85(meeting)
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(MEASUREMENT)
        await host.wait_ended()
    assert not host.heard[MEASUREMENT]
