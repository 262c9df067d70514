"""Omron's EEPROM and extension: every value comes back, and no bytes do harm."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT, USER_CONTROL_POINT
from ohx_desktop.ble.dialogue import Expect, Heard, HostTime, Write
from ohx_desktop.ble.omron.advertisement import decode_company_data, decode_local_name
from ohx_desktop.ble.omron.extension import decode_extension_blood_pressure
from ohx_desktop.ble.omron.extension import measured_of as cuff_measured
from ohx_desktop.ble.omron.extension_records import records_of
from ohx_desktop.ble.omron.extension_session import GUEST, ExtensionVisit
from ohx_desktop.ble.omron.extension_weight import decode_extension_weight
from ohx_desktop.ble.omron.extension_weight import measured_of as weight_measured
from ohx_desktop.ble.omron.frames import (
    Assembler,
    decode_frame,
    encode_read,
    encode_write,
    pieces,
)
from ohx_desktop.ble.omron.handshake import enrol, in_session
from ohx_desktop.ble.omron.memory_content import read_memory
from ohx_desktop.ble.omron.memory_map import MemoryMap, RecordForm, Stack, Trailer
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.record import CUFF_FORMS, decode_cuff_record
from ohx_desktop.ble.omron.scale_record import decode_weight_record
from ohx_desktop.ble.omron.settings_area import decode_clock, decode_index
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.omron.uuids import EXTENSIONS, RX, UNLOCK
from ohx_desktop.domain.errors import DecodingError, DeviceError
from ohx_desktop.domain.plausibility import require_plausible

VECTORS = Path(__file__).parents[1] / "vectors" / "omron"
PACKETS = [
    bytes.fromhex(frame)
    for vector in json.loads((VECTORS / "extension.json").read_bytes())["vectors"]
    for frame in vector["frames"]
]
NOW = datetime(2026, 11, 24, 12, 0).astimezone()
MAP = st.sampled_from(MAPS)
WORD_MAPS = [
    m
    for m in MAPS
    if m.record in {RecordForm.WORDS_LE_14, RecordForm.WORDS_LE_16, RecordForm.WORDS_BE_14}
]
BYTE_MAPS = [m for m in MAPS if m.record in {RecordForm.BYTES_16, RecordForm.BYTES_32}]
MOMENT = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2063, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
VALUES = st.tuples(st.integers(25, 250), st.integers(1, 255), st.integers(0, 255))


def trailer(body: bytes, kind: Trailer) -> bytes:
    """Return the two check bytes, written from the description of each kind."""
    total = sum(body) % 256
    return {
        Trailer.UNCHECKED: b"\x5a\xa5",
        Trailer.SUM_FIRST: bytes([total, 255 - total]),
        Trailer.SUM_PADDED: bytes([total, 255]),
        Trailer.SUM_LAST: bytes([17, total]),
        Trailer.COMPLEMENT_SUM: bytes([255 - total, total]),
        Trailer.COMPLEMENT: bytes([255 - total, total]),
    }[kind]


def words_record(
    memory: MemoryMap, values: tuple[int, int, int], moment: datetime, flags: int, sequence: int
) -> bytes:
    """Return a record of 16-bit words, byte by byte."""
    systolic, diastolic, pulse = values
    date = (flags & 3) << 14 | moment.month << 10 | moment.day << 5 | moment.hour
    time = (flags >> 2 & 15) << 12 | moment.minute << 6 | moment.second
    order = "big" if memory.record is RecordForm.WORDS_BE_14 else "little"
    low_high = [(systolic - 25, diastolic), (pulse, moment.year - 2000 | (flags >> 6 & 3) << 6)]
    body = b"".join(bytes(pair[::-1] if order == "big" else pair) for pair in low_high)
    for word in (date, time, flags, sequence):
        body += word.to_bytes(2, order)  # type: ignore[arg-type] # one of the two orders
    body = body.ljust(memory.record.size - 2, b"\x33")
    return body + trailer(body, memory.trailer)


@given(st.sampled_from(WORD_MAPS), VALUES, MOMENT, st.integers(0, 255), st.integers(0, 0xFFFF))
def test_every_record_of_words_comes_back(
    memory: MemoryMap, values: tuple[int, int, int], moment: datetime, flags: int, sequence: int
) -> None:
    record = decode_cuff_record(words_record(memory, values, moment, flags, sequence), memory)
    assert record is not None
    assert (record.systolic, record.diastolic, record.pulse) == values
    assert record.timestamp == moment
    assert (record.movement, record.irregular) == (bool(flags & 2), bool(flags & 1))
    assert (record.cuff_fit, record.battery_low) == (bool(flags & 4), bool(flags & 8))
    assert record.series == flags >> 4 & 3
    assert record.sequence == (sequence if memory.counts_records else None)


@given(st.sampled_from(BYTE_MAPS), VALUES, MOMENT, st.integers(0, 15))
def test_every_record_of_bytes_comes_back(
    memory: MemoryMap, values: tuple[int, int, int], moment: datetime, flags: int
) -> None:
    systolic, diastolic, pulse = values
    raw = bytes([moment.year - 2000, moment.month, moment.day])
    raw += bytes([moment.hour, moment.minute, moment.second, systolic - 25, diastolic, pulse])
    raw += bytes([0, 0, flags])
    record = decode_cuff_record(raw.ljust(memory.record.size, b"\0"), memory)
    assert record is not None
    assert (record.systolic, record.diastolic, record.pulse) == values
    assert record.timestamp == moment
    assert (record.irregular, record.movement) == (bool(flags & 3), bool(flags & 12))


@given(st.integers(41, 0xFFFE), MOMENT, st.integers(0, 0xFFFF), st.sampled_from([0, 1, 2]))
def test_every_weight_comes_back(steps: int, moment: datetime, sequence: int, unit: int) -> None:
    memory = next(m for m in MAPS if m.record is RecordForm.WEIGHT_16)
    pounds = round(steps * 0.05 * 2.2046226 / 0.2)
    if pounds > 0xFFFF:
        return
    body = steps.to_bytes(2, "big") + bytes([moment.year - 2000, moment.month, moment.day])
    body += bytes([moment.hour, moment.minute, moment.second, unit])
    body += sequence.to_bytes(2, "big") + pounds.to_bytes(2, "big") + b"\xff"
    record = decode_weight_record(body + bytes([sum(body) % 256, 255]), memory)
    assert record is not None
    assert record.weight_kg * 20 == steps
    assert (record.timestamp, record.sequence) == (moment, sequence)


def likely_record(memory: MemoryMap) -> st.SearchStrategy[bytes]:
    """Return records whose check fits, so that the meaning is reached."""
    return st.binary(min_size=memory.record.size - 2, max_size=memory.record.size - 2).map(
        lambda body: body + trailer(body, memory.trailer)
    )


@given(MAP.flatmap(lambda m: st.tuples(st.just(m), st.binary(max_size=50) | likely_record(m))))
def test_no_bytes_become_a_value_that_nobody_can_have(case: tuple[MemoryMap, bytes]) -> None:
    memory, raw = case
    try:
        measured = decode_stored_record(raw, memory, user=None, unconfirmed=True)
    except DecodingError as refused:
        assert str(refused)  # noqa: PT017 - a refusal tells what happened
        return
    require_plausible(measured.quantities)
    assert len(raw) == memory.record.size
    assert measured.timestamp is not None


@given(MAP, st.binary(max_size=80))
def test_any_settings_are_read_or_refused(memory: MemoryMap, block: bytes) -> None:
    try:
        rings = decode_index(block, memory)
    except DecodingError:
        assert len(block) < memory.index.size
    else:
        for ring in rings:
            slots = ring.newest_first()
            assert len(set(slots)) == len(slots)
            assert set(slots) <= set(range(ring.slots))
    if memory.clock is not None:
        try:
            assert decode_clock(block[: memory.clock.size], memory.clock).year >= 2000
        except DecodingError as refused:
            assert str(refused)  # noqa: PT017 - a refusal tells what happened


@given(st.integers(0, 0xFFFF), st.binary(max_size=56), st.sampled_from(Stack), st.randoms())
def test_every_frame_comes_back_from_its_pieces(
    address: int, data: bytes, stack: Stack, random: Any
) -> None:
    for frame in (encode_write(address, data), encode_read(address, len(data))):
        parts = list(enumerate(pieces(frame, stack)))
        random.shuffle(parts)
        assembler = Assembler(stack)
        done = [assembler.feed(channel, part) for channel, part in parts]
        assert done[-1] == frame
        assert set(done[:-1]) <= {None}
        reply = decode_frame(frame)
        assert (reply.address, reply.count) == (address, len(data))
    assert decode_frame(encode_write(address, data)).data == data


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=20)), max_size=12))
def test_any_pieces_make_whole_frames_or_none(fed: list[tuple[int, bytes]]) -> None:
    for stack in Stack:
        assembler = Assembler(stack)
        for channel, value in fed:
            frame = assembler.feed(channel, value)
            assert frame is None or len(frame) == min(
                frame[0], 64 if stack is Stack.CLASSIC else 255
            )


@pytest.mark.parametrize(
    ("decode", "measured"),
    [
        (decode_extension_blood_pressure, cuff_measured),
        (decode_extension_weight, weight_measured),
    ],
)
@given(frames=st.lists(st.binary(max_size=40), max_size=2))
def test_any_extension_packets_decode_or_are_refused(
    decode: Callable[[Any], Any], measured: Callable[[Any], Any], frames: list[bytes]
) -> None:
    try:
        require_plausible(measured(decode(frames)).quantities)
    except DecodingError as refused:
        assert str(refused)  # noqa: PT017 - a refusal tells what happened


@given(st.binary(max_size=32), st.text(max_size=40))
def test_no_advertisement_does_harm(body: bytes, name: str) -> None:
    data = decode_company_data(body)
    assert data is None or data.format == body[0]
    local = decode_local_name(name)
    assert local is None or len(local.model_id) == 8


HEARD = st.none() | st.builds(
    Heard,
    st.sampled_from([*RX, UNLOCK]),
    st.binary(max_size=20)
    | st.sampled_from(
        [bytes.fromhex(v) for v in ("8100", "8200", "8000", "820f", "0880000000100098")]
    ),
)


@given(MAP, st.lists(HEARD, max_size=60), st.booleans())
def test_a_dialogue_ends_whatever_the_device_says(
    memory: MemoryMap, heard: list[Heard | None], enrolling: bool
) -> None:
    secret = bytes({"key": 16, "token": 4, "none": 0}[memory.unlock])
    dialogue: Any = (
        enrol(memory, secret)
        if enrolling
        else in_session(memory, secret, partial(read_memory, newest=2))
    )
    answers = iter(heard)
    try:
        step = next(dialogue)
        for _ in range(2000):
            answer: Any = None
            if isinstance(step, Expect):
                answer = next(answers, None)
            elif isinstance(step, HostTime):
                answer = NOW
            step = dialogue.send(answer)
    except (StopIteration, DeviceError):
        return
    pytest.fail("the dialogue goes on for ever")


EXTENSION = st.sampled_from(EXTENSIONS)
ANSWERS = ("05000200", "06000101", "06000106", "11000300", "200201", "200205", "20010102")


@given(EXTENSION, st.lists(st.binary(max_size=24) | st.sampled_from(PACKETS), max_size=12))
def test_every_notification_is_in_one_record_and_a_refused_one_spoils_no_other(
    characteristic: str, frames: list[bytes]
) -> None:
    judged = records_of(characteristic, frames, received_at=NOW)
    assert [frame for record, _ in judged for frame in record.frames] == frames
    for record, error in judged:
        assert (record.quantities is None) is (error is not None)
        assert len(record.frames) in {1, 2}
        if error is None:
            require_plausible(record.quantities or ())


@given(
    EXTENSION,
    st.booleans(),
    st.sampled_from([None, GUEST]),
    st.lists(
        st.none()
        | st.builds(
            Heard,
            st.sampled_from([*EXTENSIONS, RECORD_ACCESS_CONTROL_POINT, USER_CONTROL_POINT]),
            st.binary(max_size=20) | st.sampled_from([bytes.fromhex(a) for a in ANSWERS]),
        ),
        max_size=60,
    ),
)
def test_a_visit_by_numbers_ends_whatever_the_device_says_and_asks_for_nothing_else(
    characteristic: str, has_control_point: bool, user: Any, heard: list[Heard | None]
) -> None:
    visit = ExtensionVisit(characteristic=characteristic, has_control_point=has_control_point)
    dialogue = visit.whole(user)
    answers, written = iter(heard), []
    try:
        step = next(dialogue)
        for _ in range(2000):
            if isinstance(step, Write):
                written.append(step.value.hex())
            step = dialogue.send(next(answers, None) if isinstance(step, Expect) else None)
    except (StopIteration, DeviceError):
        assert set(written) <= {"02ff0000", "0401", "0101", "1000"}
        return
    pytest.fail("the dialogue goes on for ever")


def test_every_form_has_a_decoder() -> None:
    others = {RecordForm.WEIGHT_16, RecordForm.COMPOSITION_32, RecordForm.COMPOSITION_48}
    assert set(RecordForm) - others == CUFF_FORMS
