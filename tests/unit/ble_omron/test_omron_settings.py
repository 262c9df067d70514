"""Index and clock blocks of the EEPROM."""

from datetime import datetime
from typing import Any

import pytest
from omron_vectors import memory_of, vectors

from ohx_desktop.ble.omron.memory_map import ClockForm, MemoryMap
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.settings_area import (
    clear_unread,
    decode_clock,
    decode_index,
    encode_clock,
)
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated

CLOCKS = [p for p in vectors("clock") if "time_bytes_only" not in p.values[0]["expect"]]
WRIST = bytes.fromhex("401880000064800000e0000000008000")


def clock_of(memory: MemoryMap) -> ClockForm:
    assert memory.clock is not None
    return memory.clock


@pytest.mark.parametrize("vector", vectors("clock"))
def test_a_clock_shows_what_the_vector_says(vector: dict[str, Any]) -> None:
    block, form = bytes.fromhex(vector["frame"]), clock_of(memory_of(vector["model"]))
    expect = vector["expect"]
    if expect.get("time_bytes_only"):
        block = bytes(form.time) + block
        block += bytes([sum(block) & 0xFF, 0])
    else:
        assert form.check == expect["check"]
    assert decode_clock(block, form) == datetime.fromisoformat(expect["timestamp"])


@pytest.mark.parametrize("vector", CLOCKS)
def test_a_clock_that_fails_its_check_is_refused(vector: dict[str, Any]) -> None:
    block, form = bytes.fromhex(vector["frame"]), clock_of(memory_of(vector["model"]))
    for at in range(form.summed):
        with pytest.raises(DecodingError):
            decode_clock(block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :], form)
    with pytest.raises(Truncated):
        decode_clock(block[:-1], form)
    with pytest.raises(TrailingBytes):
        decode_clock(block + b"\0", form)


@pytest.mark.parametrize("vector", CLOCKS)
def test_setting_a_clock_changes_its_time_and_check_alone(vector: dict[str, Any]) -> None:
    block, form = bytes.fromhex(vector["frame"]), clock_of(memory_of(vector["model"]))
    moment = datetime(2031, 2, 3, 4, 5, 6)
    changed = encode_clock(block, form, moment)
    assert decode_clock(changed, form) == moment
    assert encode_clock(changed, form, decode_clock(block, form)) == block
    may_change = {*range(form.time, form.time + 6), form.check, form.complement}
    assert all(
        a == b or at in may_change for at, (a, b) in enumerate(zip(block, changed, strict=True))
    )


@pytest.mark.parametrize("block", [b"\xff" * 16, bytes(16)])
def test_a_clock_that_was_never_set_is_not_copied_back(block: bytes) -> None:
    with pytest.raises(DecodingError):
        encode_clock(block, clock_of(memory_of("HEM-7361T")), datetime(2026, 1, 1))


def test_a_year_the_device_cannot_keep_is_a_mistake_of_ours() -> None:
    block = bytes.fromhex("c6a40100000000001a070f113b13fa00")
    with pytest.raises(ValueError, match="2063"):
        encode_clock(block, clock_of(memory_of("HEM-7382T1")), datetime(2064, 1, 1))


@pytest.mark.parametrize("vector", vectors("index"))
def test_an_index_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    memory, raw = memory_of(vector["model"]), bytes.fromhex(vector["frame"])
    if vector.get("pointer_only"):
        raw = raw.ljust(memory.index.size, b"\x80")
    rings = decode_index(raw, memory)
    for ring, expect in zip(rings, vector["expect"], strict=False):
        newest = ring.newest_first()
        assert (ring.next_slot, ring.wrapped, ring.is_empty) == (
            expect["next_slot"],
            expect["wrapped"],
            expect["empty"],
        )
        assert (newest[0] if newest else None) == expect["newest"]
        for name in {"unread", "last_sequence"} & expect.keys():
            assert getattr(ring, name) == expect[name]
        if "newest_address" in expect:
            address = memory.users[0].start + newest[0] * memory.record.size
            assert f"{address:04x}" == expect["newest_address"]


def test_a_wrapped_ring_is_read_from_its_newest_slot_all_round() -> None:
    slots = decode_index(WRIST, memory_of("HEM-6232T"))[0].newest_first()
    assert slots[:2] == (23, 22)
    assert slots[22:26] == (1, 0, 99, 98)
    assert sorted(slots) == list(range(100))


def test_what_lies_beyond_the_pointer_of_a_ring_that_has_not_wrapped_is_not_current() -> None:
    ring = decode_index(
        bytes.fromhex("800580008000800000").ljust(16, b"\0"), memory_of("HEM-6232T")
    )[0]
    assert ring.newest_first() == (4, 3, 2, 1, 0)


@pytest.mark.parametrize("pointer", ["0018", "4064", "ffff"])
def test_a_pointer_that_cannot_be_trusted_leads_to_all_slots(pointer: str) -> None:
    ring = decode_index(bytes.fromhex(pointer) + WRIST[2:], memory_of("HEM-6232T"))[0]
    assert ring.next_slot is None
    assert not ring.is_empty
    assert sorted(ring.newest_first()) == list(range(100))


def test_clearing_touches_the_unread_counters_alone() -> None:
    cleared = clear_unread(WRIST, memory_of("HEM-6232T"))
    assert cleared.hex() == "401880008000800000e0000000008000"
    rings = decode_index(cleared, memory_of("HEM-6232T"))
    assert [ring.unread for ring in rings] == [0, 0]


def test_an_index_cut_short_is_refused() -> None:
    for memory in MAPS:
        with pytest.raises(Truncated):
            decode_index(bytes(memory.index.size - 1), memory)
