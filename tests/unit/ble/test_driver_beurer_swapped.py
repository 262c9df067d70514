"""The BM85: plain in all but its bytes, which prove their own order or are refused."""

from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from ble_encoding import blood_pressure
from ble_fakes import ADDRESS, FakeDevice, FakeLink, FakeRadio
from ble_time import run
from driver_fakes import START, conversation, failures, new, readings, refusals, stored

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_SERVICE
from ohx_desktop.ble.drivers import read_device
from ohx_desktop.ble.events import CaptureEvent
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.session import converse
from ohx_desktop.domain.errors import ConnectionLost, Truncated, Unsupported

HEARD = Advertisement(
    address=ADDRESS, name="Beurer BM85", service_uuids=frozenset({BLOOD_PRESSURE_SERVICE})
)


def swapped(systolic: int, diastolic: int, pulse: int, stamp: datetime) -> bytes:
    plain = blood_pressure(systolic, diastolic, 0, stamp=stamp)
    return b"\x56" + plain[1:] + pulse.to_bytes(2, "big") + b"\x00\x00\x40"


def events_of(*frames: bytes, leaves: bool = False) -> list[tuple[float, CaptureEvent]]:
    async def script(link: FakeLink) -> None:
        for frame in frames:
            link.say(frame)
        if leaves:
            link.gone.set()

    async def listen() -> list[tuple[float, CaptureEvent]]:
        radio = FakeRadio(**{ADDRESS: FakeDevice(script=script)})
        async with aclosing(converse(radio, read_device, conversation(HEARD))) as events:
            return [(0.0, event) async for event in events]

    return run(listen())


OLD = swapped(141, 93, 80, START - timedelta(days=1))
NEW = swapped(128, 82, 71, START + timedelta(seconds=1))


def test_exactly_the_new_reading_is_new() -> None:
    # The cuff is left alone for three seconds before it is subscribed.
    told = events_of(OLD, NEW)
    assert failures(told) == []
    assert new(told) == [("128", "82", "71")]
    assert stored(told) == [("141", "93", "80")]
    assert readings(told)[0].user_slot == 0


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (NEW[:-1], Truncated),
        (swapped(128, 82, 0x4747, START), Unsupported),
        (blood_pressure(128, 82, stamp=START), Unsupported),
    ],
    ids=["truncated", "both orders fit", "plain without a pulse"],
)
def test_bytes_that_do_not_prove_their_order_are_refused(
    frame: bytes, error: type[Exception]
) -> None:
    told = events_of(frame)
    assert [type(refused.error) for refused in refusals(told)] == [error]
    assert readings(told) == []


def test_a_cuff_that_leaves_without_a_record_is_told() -> None:
    assert failures(events_of(leaves=True)) == [ConnectionLost]
