"""Visits to a scale with the service FFE0: every record once, whole, and deleted by nobody."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from beurer_runner import NOW, Peer
from ffe0_peer import HALVES, LIVE, OLDER_HALVES, RESULT, USER, Ffe0Scale

from ohx_desktop.ble.beurer.ffe0 import FFE1, Command, Variant, acknowledgement, command
from ohx_desktop.ble.beurer.ffe0_session import Visit
from ohx_desktop.domain.errors import DeviceError, DeviceSilent, Truncated
from ohx_desktop.domain.quantity import QuantityKind

OLDER, NEWER = datetime(2026, 6, 4, 3, 45, 10), datetime(2026, 6, 4, 21, 57, 26)


def weights(scale: Peer) -> list[Decimal]:
    return [
        quantity.value
        for record in scale.records
        for quantity in record.measured.quantities
        if quantity.kind is QuantityKind.BODY_WEIGHT
    ]


def stamps(scale: Peer) -> list[datetime | None]:
    return [record.measured.timestamp for record in scale.records]


def test_a_visit_says_what_the_published_programs_say() -> None:
    scale = Ffe0Scale(stored=[OLDER_HALVES], live=LIVE + RESULT)
    scale.run(Visit(Variant.BF710, USER).whole())
    time = int(NOW.timestamp()).to_bytes(4, "big").hex()
    assert scale.commands == [
        "e601",
        f"e9{time}",
        f"e74f{USER.hex()}",
        f"e741{USER.hex()}",
        "e746",
        f"e740{USER.hex()}",
        "ea02",
    ]


def test_every_part_is_acknowledged_and_becomes_a_record() -> None:
    scale = Ffe0Scale(
        stored=[OLDER_HALVES],
        unknown=["e7470101036a210000068701b5"],
        live=LIVE + RESULT,
    )
    scale.run(Visit(Variant.BF710, USER).whole())
    acknowledged = [value.hex() for _, value in scale.writes if value[1] == 0xF1]
    assert acknowledged == [
        "e7f1420201",
        "e7f1420202",
        "e7f1470101",
        "e7f1580108",
        "e7f1580106",
        "e7f1580006",
        "e7f1590301",
        "e7f1590302",
        "e7f1590303",
    ]
    assert stamps(scale) == [OLDER, datetime(2026, 6, 4, 4, 33, 4), NEWER]
    assert [record.is_live for record in scale.records] == [False, False, True]
    assert {record.stamp_zone for record in scale.records} == {UTC}
    assert not scale.refusals


def test_the_acknowledgement_is_the_one_of_the_captures() -> None:
    assert acknowledgement(bytes.fromhex("e75801085e")) == bytes.fromhex("e7f1580108")


@pytest.mark.parametrize("frame", ["", "e7", "e758", "e75801", "e60020", "e7f04f01", "d7580108"])
def test_nothing_else_is_acknowledged(frame: str) -> None:
    assert acknowledgement(bytes.fromhex(frame)) is None


def test_nobody_is_asked_for_records_that_are_not_his() -> None:
    scale = Ffe0Scale(stored=[OLDER_HALVES], live=LIVE + RESULT)
    scale.run(Visit(Variant.BF710).whole())
    assert not [text for text in scale.commands if text.startswith("e741")]
    assert stamps(scale) == [NEWER]


def test_a_stable_weight_stands_alone_where_no_composition_follows() -> None:
    scale = Ffe0Scale(live=LIVE)
    scale.run(Visit(Variant.BF710, USER).whole())
    assert weights(scale) == [Decimal("83.55")]
    assert stamps(scale) == [None]
    assert scale.silences[-1] == 15.0


def test_a_weight_that_never_got_stable_is_no_weighing_and_the_person_is_told() -> None:
    scale = Ffe0Scale(live=LIVE[:2])
    with pytest.raises(DeviceSilent):
        scale.run(Visit(Variant.BF710, USER).whole())
    assert not scale.records


def test_with_nobody_on_the_scale_the_stored_records_are_told_all_the_same() -> None:
    scale = Ffe0Scale(stored=[OLDER_HALVES, HALVES])
    scale.run(Visit(Variant.BF710, USER).whole())
    assert stamps(scale) == [OLDER, NEWER]
    assert scale.commands[-1] == "ea02"


def test_who_steps_on_meanwhile_is_weighed_and_the_rest_is_fetched_again() -> None:
    scale = Ffe0Scale(
        stored=[OLDER_HALVES, ("6a20ffff068701b500df02", OLDER_HALVES[1])],
        interruptions=[LIVE + RESULT],
    )
    scale.run(Visit(Variant.BF710, USER).whole())
    told = stamps(scale)
    assert told == [OLDER, NEWER, datetime(2026, 6, 4, 4, 33, 3)]
    assert len(set(told)) == 3
    assert not scale.refusals
    assert not [text for text in scale.commands if text.startswith("e740")], "was weighed already"


def test_endless_stepping_on_ends_the_fetching() -> None:
    scale = Ffe0Scale(stored=[OLDER_HALVES, HALVES], interruptions=[LIVE[:1]] * 9)
    scale.run(Visit(Variant.BF710, USER).fetch_stored())
    assert len([text for text in scale.commands if text.startswith("e741")]) == 3


def test_the_stored_copy_of_a_live_weighing_is_told_once() -> None:
    scale = Ffe0Scale(stored=[HALVES], live=LIVE + RESULT)
    scale.run(Visit(Variant.BF710, USER).whole())
    assert stamps(scale) == [NEWER]


@pytest.mark.parametrize("part", ["greet", "fetch_stored", "delete_stored"])
def test_a_scale_that_does_not_answer_is_named_as_silent(part: str) -> None:
    scale = Ffe0Scale(is_mute=True)
    with pytest.raises(DeviceSilent):
        scale.run(getattr(Visit(Variant.BF700, USER), part)())
    assert scale.silences == [4.0]


def test_a_visit_deletes_nothing() -> None:
    scale = Ffe0Scale(stored=[OLDER_HALVES], live=LIVE + RESULT)
    visit = Visit(Variant.BF710, USER)
    scale.run(visit.whole())
    assert not scale.deleted
    scale.run(visit.delete_stored())
    assert scale.deleted


def test_a_deletion_that_failed_is_told() -> None:
    peer = Peer(on_write=lambda peer, uuid, _value: peer.send(uuid, "e7f04301"))
    with pytest.raises(DeviceError):
        peer.run(Visit(Variant.BF710, USER).delete_stored())


def test_a_broken_frame_is_refused_acknowledged_and_followed_by_the_next() -> None:
    scale = Ffe0Scale(live=["e7580108", *LIVE, *RESULT])
    scale.run(Visit(Variant.BF710, USER).weigh())
    assert (FFE1, bytes.fromhex("e7f1580108")) in scale.writes
    assert [type(refusal) for refusal in scale.refusals] == [Truncated]
    assert stamps(scale) == [NEWER]


def test_a_part_that_was_lost_loses_its_record_only() -> None:
    scale = Ffe0Scale(live=[*LIVE, RESULT[0], RESULT[2]])
    scale.run(Visit(Variant.BF710, USER).weigh())
    assert [type(refusal) for refusal in scale.refusals] == [Truncated]
    assert weights(scale) == [Decimal("83.55")]
    assert stamps(scale) == [None]


def test_empty_values_are_ignored() -> None:
    peer = Peer()
    peer.send(FFE1, "", "e7", *LIVE, *RESULT)
    peer.run(Visit(Variant.BF710, USER).weigh())
    assert stamps(peer) == [NEWER]
    assert not peer.refusals


def test_a_user_id_has_eight_bytes() -> None:
    with pytest.raises(ValueError, match="eight bytes"):
        command(Variant.BF710, Command.MEASURE, b"\x65")
