"""Frames of the EEPROM protocol: captured ones, broken ones, and ones in pieces."""

from itertools import permutations
from typing import Any

import pytest
from omron_vectors import memory_of, vectors

from ohx_desktop.ble.omron.frames import (
    Assembler,
    FrameType,
    decode_frame,
    encode_end,
    encode_read,
    encode_start,
    encode_write,
    pieces,
)
from ohx_desktop.ble.omron.memory_map import Stack
from ohx_desktop.ble.omron.record import decode_cuff_record
from ohx_desktop.ble.omron.settings_area import decode_index
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated

FRAMES = vectors("frame")
LONG = bytes.fromhex(next(p for p in FRAMES if p.values[0].get("channels")).values[0]["frame"])
COMMANDS = {
    "start": encode_start(),
    "end": encode_end(),
    "read": encode_read(0x0260, 0x26),
    "write": encode_write(0x0286, bytes.fromhex("401e802d800080000100ff018601")),
}


@pytest.mark.parametrize("vector", FRAMES)
def test_a_frame_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    reply, expect = decode_frame(bytes.fromhex(vector["frame"])), vector["expect"]
    assert f"{reply.type:04x}" == expect["type"]
    assert reply.count == expect["count"]
    assert f"{reply.address:04x}" == expect.get("address", f"{reply.address:04x}")
    assert reply.data.hex() == expect.get("data", reply.data.hex())
    memory = memory_of(vector.get("model", "HEM-7322T"))
    size = memory.record.size
    shown = []
    for at in range(0, len(reply.data), size) if "records" in expect else ():
        record = decode_cuff_record(reply.data[at : at + size], memory)
        assert record is not None
        shown.append(
            f"{record.systolic}/{record.diastolic} p{record.pulse} {record.timestamp.isoformat()} "
            f"mov{record.movement:d} irr{record.irregular:d}"
        )
    assert shown == expect.get("records", [])
    for ring, wanted in zip(
        decode_index(reply.data, memory) if "rings" in expect else (),
        expect.get("rings", ()),
        strict=True,
    ):
        assert {name: getattr(ring, name) for name in wanted} == wanted


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_is_one_that_was_captured(command: bytes) -> None:
    assert command.hex() in [p.values[0]["frame"] for p in FRAMES]


@pytest.mark.parametrize("vector", FRAMES)
def test_a_frame_cut_short_or_changed_is_refused(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    for length in range(len(frame)):
        with pytest.raises(Truncated):
            decode_frame(frame[:length])
    with pytest.raises(TrailingBytes):
        decode_frame(frame + b"\0")
    for at in range(1, len(frame)):
        with pytest.raises(DecodingError):
            decode_frame(frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :])


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_reply_comes_together_in_any_order_of_its_channels(order: tuple[int, ...]) -> None:
    assembler, parts = Assembler(Stack.CLASSIC), pieces(LONG, Stack.CLASSIC)
    done = [assembler.feed(channel, parts[channel]) for channel in order]
    assert done == [None, None, None, LONG]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16])
def test_a_reply_comes_together_from_any_fragments(size: int) -> None:
    for stack in Stack:
        assembler, done = Assembler(stack), list[bytes | None]()
        for channel, part in enumerate(pieces(LONG, stack)):
            fragments = [part[at : at + size] for at in range(0, len(part), size)]
            done += [assembler.feed(channel, fragment) for fragment in fragments]
        assert done[-1] == LONG
        assert set(done[:-1]) <= {None}


def test_padding_of_the_last_piece_is_no_part_of_the_frame() -> None:
    assembler = Assembler(Stack.CLASSIC)
    frame = encode_write(0x0286, bytes(14))
    assert assembler.feed(0, frame[:16]) is None
    assert assembler.feed(1, frame[16:].ljust(16, b"\xff")) == frame


def test_a_repeated_answer_replaces_the_half_that_came_first() -> None:
    assembler, parts = Assembler(Stack.CLASSIC), pieces(LONG, Stack.CLASSIC)
    assembler.feed(0, b"\x40" + bytes(15))
    assert [assembler.feed(c, part) for c, part in enumerate(parts)][-1] == LONG


def test_values_on_channels_that_do_not_exist_do_no_harm() -> None:
    assembler = Assembler(Stack.MODERN)
    assert assembler.feed(1, LONG) is None
    assert assembler.feed(0, b"") is None
    assert assembler.feed(0, LONG) == LONG


def test_a_command_too_long_for_four_channels_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="four pieces"):
        pieces(encode_write(0, bytes(57)), Stack.CLASSIC)
    assert len(pieces(encode_write(0, bytes(56)), Stack.CLASSIC)) == 4


def test_the_types_of_replies_are_those_of_their_commands() -> None:
    for command, reply in (
        (FrameType.START, FrameType.STARTED),
        (FrameType.READ, FrameType.HAS_READ),
        (FrameType.WRITE, FrameType.WRITTEN),
        (FrameType.END, FrameType.ENDED),
    ):
        assert command | 0x8000 == reply
