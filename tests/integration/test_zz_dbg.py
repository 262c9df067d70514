import sys; sys.path.insert(0,'/work/main/tests/integration')
import pytest
from test_bluetooth_line import *
async def test_bm54(meeting):
    cuff = await cuff_with_backlog(meeting, BEURER_BM54, is_bonded=False)
    if meeting.bluez is None:
        from meeting import Person
        await meeting.seat(Person())
    import time
    t=time.time()
    async with asyncio.timeout(20), aclosing(listen(radio_of(meeting, typed=PASSKEY))) as ev:
        async for e in ev:
            print(round(time.time()-t,2), e if not isinstance(e,ReadingReceived) else (e.reading.stored,e.reading.clock))
            if is_end(e): break
async def test_refused(bluez_bench):
    await cuff_with_backlog(bluez_bench, faults=Faults(refuse_connections=2))
    import time
    t=time.time()
    async with asyncio.timeout(20), aclosing(listen(BleakRadio())) as ev:
        async for e in ev:
            print(round(time.time()-t,2), e if not isinstance(e,ReadingReceived) else (e.reading.stored,e.reading.clock))
            if is_end(e): break
