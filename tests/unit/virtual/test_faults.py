"""The faults themselves: each strikes where it is ordered, and nowhere else."""

import asyncio

import pytest

from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.faults import HOSTILE, Faults, Reordering
from ohx_desktop.virtual.gatt import (
    AttError,
    AttributeTable,
    Characteristic,
    Property,
    Service,
    uuid16,
)
from ohx_desktop.virtual.pairing import PairingAgent


async def never(_: PairingAgent) -> None:
    raise AssertionError("nobody pairs here")


def link(faults: Faults) -> tuple[Connection, Characteristic]:
    value = Characteristic(
        uuid=uuid16(0x2A35),
        properties=frozenset({Property.READ, Property.INDICATE}),
        on_read=lambda: b"\x01",
    )
    table = AttributeTable([Service(uuid=uuid16(0x1810), characteristics=[value])])
    return Connection(table, faults, is_encrypted=True, negotiate=never), value


async def sent(faults: Faults, *frames: bytes) -> list[bytes]:
    connection, value = link(faults)
    heard: list[bytes] = []
    await connection.subscribe(value.handle, heard.append)
    for frame in frames:
        await connection.send(value, frame)
    connection.close()
    return heard


async def test_one_indication_comes_after_the_one_that_follows_it() -> None:
    faults = Faults(reordered_indication=1)
    assert await sent(faults, b"a", b"b", b"c", b"d") == [b"a", b"c", b"b", b"d"]


def test_what_nothing_follows_is_held_back_for_good() -> None:
    order: Reordering[str] = Reordering(0)
    assert order.next(0, "a") == ()


async def test_every_indication_is_repeated_and_one_is_hostile() -> None:
    assert await sent(Faults(repeats=2), b"a", b"b") == [b"a", b"a", b"b", b"b"]
    assert await sent(Faults(hostile_indication=1), b"a", b"b") == [b"a", *HOSTILE]


async def test_after_a_change_of_services_no_handle_is_valid() -> None:
    connection, value = link(Faults(services_change_after_operations=1))
    assert await connection.read(value.handle) == b"\x01"
    for _ in range(2):
        with pytest.raises(AttError):
            await connection.read(value.handle)
    connection.close()


async def test_a_device_that_answers_no_more_ends_the_wait_with_its_link() -> None:
    connection, value = link(Faults(no_answer_after_operations=1))
    await connection.read(value.handle)
    waiting = asyncio.ensure_future(connection.read(value.handle))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    connection.close()
    with pytest.raises(LinkDropped):
        await waiting


async def test_a_flood_goes_on_until_the_link_ends_and_repeats_nothing() -> None:
    connection, value = link(Faults(flood_interval_s=0.0))
    heard: list[bytes] = []
    await connection.subscribe(value.handle, heard.append)
    async with asyncio.timeout(2.0):
        while len(heard) < 100:
            await asyncio.sleep(0)
    connection.close()
    count = len(heard)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(heard) == count == len(set(heard))
