"""Glucose meters: asked for what is new, believed only when whole, aborted when left."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from ble_fakes import ADDRESS
from driver_fakes import (
    NOW,
    START,
    Device,
    conversation,
    failures,
    new,
    readings,
    refusals,
    stopped_after,
    stored,
    told_by,
)

from ohx_desktop.ble.assigned_numbers import (
    CURRENT_TIME,
    GLUCOSE_MEASUREMENT,
    GLUCOSE_MEASUREMENT_CONTEXT,
    GLUCOSE_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
)
from ohx_desktop.ble.codec.record_access import ResponseCode
from ohx_desktop.ble.dialogue import Heard, Write
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.seen_frames import SeenFrames
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.errors import ConnectionLost, DeviceError, DeviceSilent, Truncated

ALL, ABORT = bytes.fromhex("0101"), bytes.fromhex("0300")
YESTERDAY, NOW_MEASURED = START - timedelta(days=1), START + timedelta(seconds=1)


def moment(when: datetime) -> bytes:
    parts = (when.month, when.day, when.hour, when.minute, when.second)
    return when.year.to_bytes(2, "little") + bytes(parts)


def record(number: int, mg_per_dl: int, when: datetime, *, announces: bool = False) -> bytes:
    flags = 0x12 if announces else 0x02
    value = (0xB000 | mg_per_dl).to_bytes(2, "little")
    return bytes([flags]) + number.to_bytes(2, "little") + moment(when) + value + b"\x11"


def context(number: int, meal: int) -> bytes:
    return b"\x02" + number.to_bytes(2, "little") + bytes([meal])


OLD, NEW = record(1, 142, YESTERDAY), record(2, 105, NOW_MEASURED)


@dataclass
class Meter:
    """Answers the control point with its records, or as a test wants it to."""

    records: list[bytes]
    contexts: dict[int, bytes] = field(default_factory=dict)
    code: int = ResponseCode.SUCCESS
    unheard: int = 0
    answers: bool = True
    asked: list[bytes] = field(default_factory=list)
    outbox: deque[Heard] = field(default_factory=deque)

    def take(self, step: Any) -> None:
        if not isinstance(step, Write):
            return
        request = step.value
        self.asked.append(request)
        if request == ABORT:
            self.say(RECORD_ACCESS_CONTROL_POINT, bytes.fromhex("06000301"))
        elif self.unheard:
            self.unheard -= 1
        else:
            self.report(int.from_bytes(request[3:], "little") if request[1] == 3 else 0)

    def report(self, first: int) -> None:
        code = self.code
        chosen = [one for one in self.records if number(one) >= first]
        if code == ResponseCode.SUCCESS and not chosen:
            code = ResponseCode.NO_RECORDS
        for one in chosen if code != ResponseCode.NO_RECORDS else ():
            self.say(GLUCOSE_MEASUREMENT, one)
            if number(one) in self.contexts:
                self.say(GLUCOSE_MEASUREMENT_CONTEXT, self.contexts[number(one)])
        if self.answers:
            self.say(RECORD_ACCESS_CONTROL_POINT, bytes([6, 0, 1, code]))

    def say(self, characteristic: str, value: bytes) -> None:
        self.outbox.append(Heard(characteristic, value))


def number(frame: bytes) -> int:
    return int.from_bytes(frame[1:3], "little")


def device(meter: Meter, *, has_clock: bool = True, **options: Any) -> Device:
    def shown() -> bytes:
        return moment(NOW().replace(tzinfo=None)) + b"\x02\x00\x00"

    return Device(
        take=meter.take,
        outbox=meter.outbox,
        services=frozenset({GLUCOSE_SERVICE}),
        characteristics=frozenset(
            {GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT}
        ),
        values={CURRENT_TIME: shown} if has_clock else {},
        **options,
    )


@dataclass
class Program:
    """What the program remembers from one conversation to the next."""

    seen: SeenFrames = field(default_factory=SeenFrames)
    last_sequences: dict[str, int] = field(default_factory=dict)
    listening: object = field(default_factory=object)

    def talk(self, name: str = "Some Meter") -> Conversation:
        heard = Advertisement(
            address=ADDRESS, name=name, service_uuids=frozenset({GLUCOSE_SERVICE})
        )
        listening = self.listening
        return replace(
            conversation(heard),
            listening=listening,
            first_met=lambda frame: self.seen.meet(listening, ADDRESS, frame),
            last_sequences=self.last_sequences,
        )

    def next_patient(self) -> Conversation:
        self.listening = object()
        return self.talk()


def talk(name: str = "Some Meter") -> Conversation:
    return Program().talk(name)


# ── new and stored ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("has_clock", [True, False])
def test_exactly_the_new_reading_is_new(*, has_clock: bool) -> None:
    told = told_by(device(Meter([OLD, NEW]), has_clock=has_clock), talk())
    assert failures(told) == []
    assert new(told) == [("105",)]
    assert stored(told) == [("142",)]
    assert [reading.sequence for reading in readings(told)] in ([2, 1], [1, 2])


def test_without_a_clock_a_later_record_proves_that_the_meter_runs_ahead() -> None:
    """The clock is an hour ahead: what was measured before the session looks as if it were new."""
    before = record(1, 142, START + timedelta(seconds=1))
    last = record(2, 98, START + timedelta(minutes=50))
    told = told_by(device(Meter([before, last]), has_clock=False), talk())
    assert new(told) == []


def test_without_a_clock_a_broken_transfer_tells_nothing_and_is_repeated() -> None:
    meter = Meter([OLD, NEW], answers=False)
    program = Program()
    told = told_by(device(meter, has_clock=False), program.talk())
    assert failures(told) == [DeviceSilent]
    assert readings(told) == []
    meter.answers = True
    told = told_by(device(meter, has_clock=False), program.talk())
    assert new(told) == [("105",)]


def test_with_a_clock_a_broken_transfer_tells_what_is_certain() -> None:
    told = told_by(device(Meter([OLD, NEW], answers=False)), talk())
    assert failures(told) == [DeviceSilent]
    assert new(told) == [("105",)]


def test_a_refused_record_is_told_and_no_older_one_takes_its_place() -> None:
    recent = record(1, 142, START - timedelta(minutes=2))
    told = told_by(device(Meter([recent, NEW[:-1]]), has_clock=False), talk())
    assert [type(refused.error) for refused in refusals(told)] == [Truncated]
    assert new(told) == []


# ── context ──────────────────────────────────────────────────────────────────────────────────


def test_a_context_is_joined_by_its_number() -> None:
    first = record(1, 142, NOW_MEASURED, announces=True)
    second = record(2, 105, NOW_MEASURED, announces=True)
    meter = Meter([first, second], contexts={1: context(2, 2), 2: context(1, 1)})
    told = told_by(device(meter), talk())
    flags = {str(r.quantities[0].value): sorted(r.flags) for r in readings(told)}
    assert flags == {"142": ["before_meal"], "105": ["after_meal"]}


@pytest.mark.parametrize("given", [{}, {2: context(7, 1)}, {2: b"\x02\x02"}])
def test_a_value_stands_without_the_context_it_announced(given: dict[int, bytes]) -> None:
    meter = Meter([record(2, 105, NOW_MEASURED, announces=True)], contexts=given)
    (reading,) = readings(told_by(device(meter), talk()))
    assert (str(reading.quantities[0].value), reading.flags) == ("105", frozenset())


# ── which records are asked for ──────────────────────────────────────────────────────────────


def test_a_known_meter_is_asked_from_its_last_record_on() -> None:
    meter = Meter([OLD, NEW])
    program = Program()
    told_by(device(meter), program.talk())
    meter.records.append(record(3, 98, NOW_MEASURED))
    told = told_by(device(meter), program.next_patient())
    assert meter.asked == [ALL, bytes.fromhex("0103010200")]
    assert new(told) == [("98",)]
    assert stored(told) == [("105",)], "a record of an earlier patient is never new"


def test_a_meter_that_was_reset_is_asked_for_everything() -> None:
    meter = Meter([OLD, NEW])
    program = Program()
    told_by(device(meter), program.talk())
    meter.records = [record(1, 88, NOW_MEASURED), record(2, 99, NOW_MEASURED)]
    told = told_by(device(meter), program.next_patient())
    assert meter.asked[1:] == [bytes.fromhex("0103010200"), ALL]
    assert sorted(new(told)) == [("88",), ("99",)]


def test_a_meter_that_has_less_records_than_before_is_asked_for_everything() -> None:
    meter = Meter([OLD, NEW])
    program = Program()
    told_by(device(meter), program.talk())
    meter.records = [record(1, 88, NOW_MEASURED)]
    told = told_by(device(meter), program.next_patient())
    assert new(told) == [("88",)]


def test_numbers_that_may_begin_anew_are_not_relied_upon() -> None:
    meter = Meter([record(0xFFFF, 142, NOW_MEASURED)])
    program = Program()
    told_by(device(meter), program.talk())
    told_by(device(meter), program.next_patient())
    assert meter.asked == [ALL, ALL]


# ── how it ends ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code", [code for code in ResponseCode if code not in {ResponseCode.SUCCESS, 6}]
)
def test_every_refusal_of_the_meter_has_its_own_words(code: ResponseCode) -> None:
    told = told_by(device(Meter([], code=code)), talk())
    assert failures(told) == [DeviceError]
    assert readings(told) == []


def test_a_meter_without_records_did_not_fail() -> None:
    told = told_by(device(Meter([])), talk())
    assert failures(told) == []


def test_an_unheard_request_is_made_once_more() -> None:
    meter = Meter([OLD, NEW], unheard=1)
    assert new(told_by(device(meter), talk())) == [("105",)]
    assert meter.asked == [ALL, ABORT, ALL]


def test_a_meter_that_never_answers_is_silent_within_half_a_minute() -> None:
    meter = Meter([OLD, NEW], unheard=9)
    told = told_by(device(meter), talk())
    assert failures(told) == [DeviceSilent]
    assert told[-1][0] < 30.0


def test_who_leaves_in_a_transfer_aborts_it() -> None:
    meter = Meter([OLD], answers=False)
    stopped_after(2.0, device(meter), talk())
    assert meter.asked == [ALL, ABORT]


@pytest.mark.parametrize("lose_at", range(1, 6))
def test_a_lost_link_is_told_at_whatever_step(lose_at: int) -> None:
    told = told_by(device(Meter([OLD, NEW]), lose_at=lose_at), talk())
    assert failures(told) == [ConnectionLost]


def test_a_meter_of_beurer_is_left_alone_and_its_impossible_values_are_refused() -> None:
    meter = Meter([record(1, 19, NOW_MEASURED), record(2, 105, NOW_MEASURED)])
    told = told_by(device(meter, has_clock=False), talk("Beurer GL50EVO"))
    assert len(refusals(told)) == 1
    assert {reading.quantities[0].value for reading in readings(told)} == {105}
    assert told[-1][0] > 2.5


def test_a_device_without_records_is_named() -> None:
    bare = device(Meter([]))
    bare.characteristics = frozenset({GLUCOSE_MEASUREMENT})
    assert failures(told_by(bare, talk())) == [DeviceError]
