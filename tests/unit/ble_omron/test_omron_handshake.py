"""Opening, reading and closing a device, against a scripted one, whole and in fragments."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import xor
from typing import Any

import pytest
from omron_peer import KEY, NOW, TOKEN, Peer, StoppedError, reply, run
from omron_vectors import memory_of, vectors

from ohx_desktop.ble.dialogue import Heard, Subscribe, Unsubscribe, Write
from ohx_desktop.ble.omron.eeprom import Eeprom
from ohx_desktop.ble.omron.handshake import enrol, in_session
from ohx_desktop.ble.omron.memory_content import (
    MemoryContent,
    clear_unread_counters,
    read_memory,
    set_clock,
)
from ohx_desktop.ble.omron.memory_map import MemoryMap, Unconfirmed
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.models import candidates_for_name, decide
from ohx_desktop.ble.omron.record import decode_cuff_record
from ohx_desktop.ble.omron.uuids import RX, TX, UNLOCK
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceNotSet,
    DeviceSilent,
    PairingRefused,
    Unsupported,
)

WRIST = memory_of("HEM-6232T")
ARM = memory_of("HEM-7322T")
MODERN = memory_of("HEM-7142T2")
NEWEST = bytes.fromhex("4c5d574892531efa1200020e9867")
OLDER = bytes.fromhex("5263573a11121d340000020c37c8")
CLOCK = bytes.fromhex("50c0000300000000051a0a0e0806a758")
LE_14 = bytes.fromhex("6558541a331ade1800004c00ba00")
LE_14_BEFORE = bytes.fromhex("5f5a621a72198c1180000e00eb14")


def wrist(**fields: object) -> Peer:
    """Return a wrist cuff: user 1 has slots 0 to 2, user 2 nothing."""
    peer = Peer(**fields)  # type: ignore[arg-type] # passed through
    peer.fill(0x0260, bytes.fromhex("8003 8000 0002 8000 020e 8000 0000 8000"))
    peer.fill(0x028C, CLOCK)
    for slot, raw in enumerate((OLDER, OLDER, NEWEST)):
        peer.fill(0x02E8 + slot * 14, raw)
    peer.fill(0x02E8 + 3 * 14, OLDER)  # what an earlier owner left
    return peer


def modern(**fields: object) -> Peer:
    """Return an arm cuff with a bond: the ring of 14 slots has wrapped, the newest is slot 0."""
    peer = Peer(classic=False, **fields)  # type: ignore[arg-type] # passed through
    peer.fill(0x0260, bytes.fromhex("01c0 0080 0080 0080 4c00 0000 0000 0080"))
    for slot in range(14):
        peer.fill(0x02E8 + slot * 14, LE_14_BEFORE)
    peer.fill(0x02E8, LE_14)
    return peer


def read(peer: Peer, memory: MemoryMap = WRIST, newest: int | None = None) -> MemoryContent:
    secret = KEY if peer.classic else TOKEN
    return run(in_session(memory, secret, partial(read_memory, newest=newest)), peer)


@pytest.mark.parametrize("fragment", [None, 1, 3, 16])
def test_a_classic_cuff_is_read_whole_and_in_fragments(fragment: int | None) -> None:
    peer = wrist(fragment=fragment)
    content = read(peer)
    assert [(r.user, r.slot, r.raw) for r in content.records] == [
        (1, 2, NEWEST),
        (1, 1, OLDER),
        (1, 0, OLDER),
    ]
    assert [ring.unread for ring in content.rings] == [2, 0]
    assert content.rings[0].last_sequence == 526
    assert content.clock is not None
    assert content.clock.device == datetime(2026, 5, 14, 10, 6, 8)
    assert content.clock.host >= NOW
    expected = content.clock.device - content.clock.host.replace(tzinfo=None)
    assert content.clock.offset == expected
    assert peer.log[0] == "unlock 01"
    assert (peer.log[1], peer.log[-1], peer.in_session) == ("0000", "0f00", False)


@pytest.mark.parametrize("fragment", [None, 1, 7])
@pytest.mark.parametrize("wants_token", [True, False])
def test_a_modern_cuff_is_read_with_its_token_or_without(
    fragment: int | None, wants_token: bool
) -> None:
    content = read(modern(fragment=fragment, wants_token=wants_token), MODERN, newest=3)
    assert [(r.slot, r.raw) for r in content.records] == [
        (0, LE_14),
        (13, LE_14_BEFORE),
        (12, LE_14_BEFORE),
    ]
    assert content.clock is None  # never set: FF throughout


def test_only_the_newest_records_are_fetched_when_only_they_are_wanted() -> None:
    peer = wrist()
    assert [r.raw for r in read(peer, newest=1).records] == [NEWEST]
    assert peer.log.count("0100") == 3  # index, clock, one record


def test_reading_writes_nothing() -> None:
    for peer, memory in ((wrist(), WRIST), (modern(), MODERN)):
        before = dict(peer.memory)
        read(peer, memory)
        assert peer.memory == before
        assert "01c0" not in peer.log


def test_every_map_is_read_from_the_addresses_it_names() -> None:
    for memory in MAPS:
        peer = Peer(classic=memory.stack == "classic", largest_read=memory.block)
        form, size = memory.index, memory.record.size
        zero = (1 << 8 * form.word - 1).to_bytes(form.word, form.order)
        one = (1 if form.odd_parity else (1 << 8 * form.word - 1) + 1).to_bytes(
            form.word, form.order
        )
        peer.fill(memory.settings.read, zero * (form.size // form.word))
        for number, area in enumerate(memory.users):
            peer.fill(memory.settings.read + form.users[number][0], one)
            peer.fill(area.start, bytes([number + 1]) * size)
        secret = {"key": KEY, "token": TOKEN, "none": None}[memory.unlock]
        content = run(in_session(memory, secret, partial(read_memory, newest=None)), peer)
        assert [(r.user, r.slot) for r in content.records] == [
            (number + 1, 0) for number in range(len(memory.users))
        ], memory.model


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────


def once(trouble: Callable[[bytes], list[bytes] | None], type_: str) -> Callable[..., object]:
    """Return a quirk for the first command of a type."""
    done: list[bytes] = []

    def quirk(command: bytes) -> list[bytes] | None:
        if command[1:3].hex() != type_ or done:
            return None
        done.append(command)
        return trouble(command)

    return quirk


@pytest.mark.parametrize("type_", ["0000", "0100", "0f00"])
def test_a_lost_answer_is_asked_for_again(type_: str) -> None:
    peer = wrist(quirk=once(lambda _: [], type_))
    assert len(read(peer).records) == 3
    assert not peer.in_session


def _broken(command: bytes) -> list[bytes]:
    address = int.from_bytes(command[3:5], "big")
    frame = reply("8100", address, command[5], bytes(command[5]))
    return [frame[:-1] + bytes([frame[-1] ^ 1])]


def _short(command: bytes) -> list[bytes]:
    return [reply("8100", int.from_bytes(command[3:5], "big"), command[5], bytes(2))]


def _late(command: bytes) -> list[bytes]:
    return [reply("8100", 0x1234, command[5], b"\xee" * command[5])]


@pytest.mark.parametrize("trouble", [_broken, _short, _late])
def test_an_answer_that_is_no_answer_is_never_taken_for_one(
    trouble: Callable[[bytes], list[bytes]],
) -> None:
    assert next(r.raw for r in read(wrist(quirk=once(trouble, "0100"))).records) == NEWEST


def test_a_block_that_is_never_answered_is_read_in_smaller_ones() -> None:
    peer = wrist(largest_read=14)
    assert len(read(peer).records) == 3
    assert peer.waited_s < 40


def test_a_device_that_stops_answering_is_told_goodbye() -> None:
    peer = wrist(largest_read=0)
    with pytest.raises(DeviceSilent):
        read(peer)
    assert peer.log[-1] == "0f00"


def test_a_rejected_command_ends_the_session() -> None:
    peer = wrist(quirk=once(lambda _: [reply("8f00", 0, 0, result=0xE5)], "0100"))
    with pytest.raises(DeviceError, match="e5"):
        read(peer)
    assert peer.log[-1] == "0f00"


def test_a_device_without_a_session_is_silent() -> None:
    with pytest.raises(DeviceSilent):
        read(wrist(quirk=lambda command: [] if command[1:3] == b"\0\0" else None))


def test_the_records_of_a_closed_user_do_not_cost_those_of_the_other() -> None:
    peer = wrist(closed=range(0x0860, 0x0870))
    peer.fill(0x0262, b"\x00\x01")
    peer.fill(0x0860, OLDER)
    content = read(peer)
    assert content.closed_users == (2,)
    assert {r.user for r in content.records} == {1}


def test_a_record_that_fails_its_check_is_read_once_more() -> None:
    garbled = NEWEST[:-1] + bytes([NEWEST[-1] ^ 1])
    address = 0x02E8 + 2 * 14
    served: list[bytes] = []

    def serve(command: bytes) -> list[bytes] | None:
        if command[3:5] != address.to_bytes(2, "big") or served:
            return None
        served.append(garbled)
        return [reply("8100", address, 14, garbled)]

    assert [r.raw for r in read(wrist(quirk=serve), newest=1).records] == [NEWEST]
    assert served == [garbled]


def test_all_slots_are_read_where_the_pointer_cannot_be_trusted() -> None:
    peer = wrist()
    peer.fill(0x0260, b"\x00\x03")  # parity is wrong
    content = read(peer, newest=1)
    assert content.rings[0].next_slot is None
    assert [r.slot for r in content.records] == [0, 1, 2, 3]


@pytest.mark.parametrize("steps", range(1, 28))
def test_leaving_early_still_ends_the_session(steps: int) -> None:
    peer = wrist()
    with pytest.raises(StoppedError):
        run(in_session(WRIST, KEY, partial(read_memory, newest=None)), peer, stop_after=steps)
    assert not peer.in_session
    assert "0000" not in peer.log or peer.log[-1] == "0f00"


def test_a_broken_link_is_not_talked_to() -> None:
    dialogue = in_session(WRIST, KEY, partial(read_memory, newest=1))
    peer = wrist()
    step = next(dialogue)
    while "0100" not in peer.log:
        step = dialogue.send(peer.take(step))
    with pytest.raises(ConnectionLost):
        dialogue.throw(ConnectionLost("gone"))


def test_a_flood_of_other_values_counts_as_silence() -> None:
    peer = wrist(quirk=lambda command: [_late(command)[0]] * 200)
    with pytest.raises(DeviceSilent):
        read(peer)


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def test_the_channels_are_opened_in_the_order_that_devices_want() -> None:
    peer, steps = wrist(), []
    dialogue = in_session(WRIST, KEY, partial(read_memory, newest=0))
    step = next(dialogue)
    while not (isinstance(step, Write) and step.characteristic == TX[0]):
        steps.append(step)
        step = dialogue.send(peer.take(step))
    changes = [s for s in steps if isinstance(s, Subscribe | Unsubscribe)]
    assert changes == [
        Subscribe(RX[0]),
        Subscribe(UNLOCK),
        Unsubscribe(UNLOCK),
        *(Subscribe(characteristic) for characteristic in RX[1:]),
    ]


def test_a_key_of_another_host_is_told_as_such() -> None:
    peer = wrist(key=bytes(16))
    with pytest.raises(PairingRefused, match="another phone"):
        read(peer)
    assert peer.log == ["unlock 01"]


@pytest.mark.parametrize("bonded", [True, False])
def test_enrolling_stores_a_key_and_completes_a_session(bonded: bool) -> None:
    peer = wrist(key=None, programming=True, bonded=bonded)
    run(enrol(WRIST, KEY), peer)
    assert peer.key == KEY
    expected = ["unlock 02", "unlock 00", "0000", "0f00"]
    assert peer.log == expected if bonded else ["unlock 02", "pair", *expected]


@pytest.mark.parametrize("fields", [{"programming": False}, {"bonded": False, "takes_bond": False}])
def test_no_key_is_sent_to_a_device_that_takes_none(fields: dict[str, bool]) -> None:
    peer = wrist(key=None, **{"programming": True, **fields})
    with pytest.raises(PairingRefused, match="does not take a key"):
        run(enrol(WRIST, KEY), peer)
    assert "unlock 00" not in peer.log


def test_a_key_is_written_once_even_when_nothing_is_heard() -> None:
    peer = wrist(key=None, programming=True, unlock_replies={0x00: []})
    with pytest.raises(DeviceSilent):
        run(enrol(WRIST, KEY), peer)
    assert peer.log.count("unlock 00") == 1


def test_enrolling_a_modern_cuff_is_one_whole_session() -> None:
    peer = modern(wants_token=True)
    run(enrol(MODERN, TOKEN), peer)
    assert peer.log == ["unlock 11", "0000", "0f00"]


@pytest.mark.parametrize("answer", ["ff26", "91000000", "9101", "91"])
def test_a_refused_token_is_no_silence(answer: str) -> None:
    peer = modern(unlock_replies={0x11: [bytes.fromhex(answer)]})
    with pytest.raises(PairingRefused):
        read(peer, MODERN)
    assert "0000" not in peer.log


@pytest.mark.parametrize("vector", vectors("unlock_reply"))
def test_a_reply_to_unlocking_means_what_the_vector_says(vector: dict[str, str]) -> None:
    said = bytes.fromhex(vector["frame"])
    command = {"8200": 0x02, "820f": 0x02, "8000": 0x00}.get(vector["frame"], 0x01)
    peer = wrist(programming=True, unlock_replies={command: [said]})
    opening: Any = in_session(WRIST, KEY, partial(read_memory, newest=1))
    dialogue = opening if command == 0x01 else enrol(WRIST, KEY)
    if vector["expect"] in {"programming", "stored", "unlocked"}:
        run(dialogue, peer)
        assert peer.log[-1] == "0f00"
        return
    with pytest.raises(PairingRefused):
        run(dialogue, peer)
    assert ("pair" in peer.log) is (vector["expect"] == "not-bonded")


@pytest.mark.parametrize("answer", ["8100", "8104ff", "8101", "81"])
def test_only_a_whole_success_opens_the_device(answer: str) -> None:
    peer = wrist(unlock_replies={0x01: [b"", b"\x42", bytes.fromhex(answer)]})
    if answer == "8100":
        assert len(read(peer).records) == 3
    else:
        with pytest.raises(PairingRefused):
            read(peer)


def test_a_device_that_does_not_answer_the_key_is_asked_twice() -> None:
    peer = wrist(unlock_replies={0x01: []})
    with pytest.raises(DeviceSilent):
        read(peer)
    assert peer.log == ["unlock 01", "unlock 01"]


def test_a_clock_that_is_closed_costs_no_reading() -> None:
    content = read(wrist(closed=range(0x028C, 0x029C)))
    assert content.clock is None
    assert len(content.records) == 3


def test_no_key_and_no_measurement_shows_in_a_log() -> None:
    assert repr(Write(UNLOCK, KEY)) == f"Write(characteristic={UNLOCK!r}, with_response=True)"
    assert repr(Heard(RX[0], NEWEST)) == f"Heard(characteristic={RX[0]!r})"


def test_a_secret_of_another_length_is_a_mistake_of_ours() -> None:
    for memory, secret in ((WRIST, None), (WRIST, bytes(4)), (MODERN, KEY)):
        with pytest.raises(ValueError, match="bytes"):
            run(in_session(memory, secret, partial(read_memory, newest=1)), Peer())


# ── writing, only where asked for ────────────────────────────────────────────────────────────


def test_the_clock_is_set_to_the_host_s_local_time_and_read_back() -> None:
    peer = wrist()
    shown = run(in_session(WRIST, KEY, set_clock), _mirrored(peer, 0x0260, 0x02A4))
    assert abs(shown.offset) < timedelta(seconds=5)
    assert shown.device.date() == NOW.date()
    assert peer.log.count("01c0") == 1


def _mirrored(peer: Peer, read_at: int, write_at: int) -> Peer:
    """Have the device take over what is written, as real ones do."""

    def quirk(command: bytes) -> list[bytes] | None:
        if command[1:3] == b"\x01\xc0":
            address = int.from_bytes(command[3:5], "big") - write_at + read_at
            peer.fill(address, command[6 : 6 + command[5]])
        return None

    peer.quirk = quirk
    return peer


def test_a_clock_that_the_device_does_not_take_is_told() -> None:
    with pytest.raises(DeviceNotSet, match="did not take"):
        run(in_session(WRIST, KEY, set_clock), wrist())


def test_a_clock_that_was_never_set_is_left_alone() -> None:
    peer = wrist()
    peer.fill(0x028C, b"\xff" * 16)
    with pytest.raises(DecodingError):
        run(in_session(WRIST, KEY, set_clock), peer)
    assert (peer.log[-1], "01c0" in peer.log) == ("0f00", False)


def test_clearing_the_unread_counters_changes_nothing_else() -> None:
    peer = _mirrored(wrist(), 0x0260, 0x02A4)
    run(in_session(WRIST, KEY, clear_unread_counters), peer)
    assert peer.at(0x02A4, 16).hex() == "8003800080008000020e800000008000"
    assert peer.log.count("01c0") == 1
    run(in_session(WRIST, KEY, clear_unread_counters), peer)
    assert peer.log.count("01c0") == 1, "what is cleared is left alone"


def test_counters_that_the_device_does_not_clear_are_told() -> None:
    with pytest.raises(DeviceNotSet, match="did not take"):
        run(in_session(WRIST, KEY, clear_unread_counters), wrist())


@pytest.mark.parametrize("model", ["HEM-7188T1", "HEM-7380T1"])
def test_a_cuff_that_wants_the_maker_s_secure_session_is_refused_by_name(model: str) -> None:
    memory = memory_of(model)
    peer = Peer(classic=False, unlock_replies={0x11: [b"\xff\x26"]})
    is_known_for_it = model == "HEM-7188T1"
    with pytest.raises(Unsupported if is_known_for_it else PairingRefused) as refused:
        run(in_session(memory, TOKEN, partial(read_memory, newest=1)), peer)
    assert (model in str(refused.value)) is is_known_for_it
    assert "0100" not in peer.log


@pytest.mark.parametrize("action", [set_clock, clear_unread_counters])
def test_no_model_is_written_to_on_which_nobody_has_seen_it_work(
    action: Callable[[Eeprom], object],
) -> None:
    for memory in (
        memory_of("HEM-7511T"),
        memory_of("HEM-7380T1"),
        replace(WRIST, unconfirmed=frozenset({Unconfirmed.WRITING})),
    ):
        peer = Peer(classic=memory.stack == "classic")
        secret = KEY if memory.unlock == "key" else TOKEN
        with pytest.raises(Unsupported):
            run(in_session(memory, secret, action), peer)  # type: ignore[arg-type] # either result
        assert peer.log[-2:] == ["0000", "0f00"]


def test_what_is_decided_by_the_device_is_what_is_read() -> None:
    memory = decide(
        candidates_for_name("HEM-6232T"),
        services={"ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"},
        model_number="HEM-6232T-Z",
    )
    record = decode_cuff_record(read(wrist(), memory, newest=1).records[0].raw, memory)
    assert record is not None
    assert (record.systolic, record.diastolic, record.sequence) == (118, 76, 526)


def test_the_peer_s_frames_are_sound() -> None:
    assert reduce(xor, reply("8100", 0x0260, 2, b"\1\2")) == 0
