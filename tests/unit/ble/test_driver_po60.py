"""The PO60: its whole memory by its own clock, or nothing; and nothing written but requests."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from ble_fakes import ADDRESS
from driver_fakes import (
    NOW,
    START,
    Device,
    Told,
    conversation,
    failures,
    new,
    readings,
    refusals,
    stored,
    told_by,
)

from ohx_desktop.ble.beurer.po60 import ANSWER, COMMAND, PO60_SERVICE
from ohx_desktop.ble.dialogue import Heard, Write
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import ConnectionLost, DecodingError, DeviceSilent, Truncated

READ_ONLY = {bytes.fromhex(text) for text in ("8909", "900515", "990019", "99011a", "99021b")}
NOW_MEASURED = START + timedelta(seconds=1)


def summed(message: bytes) -> bytes:
    return message + bytes([sum(message) & 0x7F])


def six(when: datetime) -> bytes:
    parts = (when.year - 2000, when.month, when.day, when.hour, when.minute, when.second)
    return bytes(parts)


def record(saturation: int, began: datetime) -> bytes:
    """Return a record without its head and checksum."""
    values = bytes([saturation + 1, saturation - 1, saturation, 80, 70, 72])
    return six(began) + six(began + timedelta(seconds=21)) + b"\x00\x00\x16" + values


@dataclass
class Oximeter:
    """Answers as the maker's document has it. `spoil` changes a message once, by its number."""

    records: list[bytes]
    ahead: timedelta = timedelta()
    spoil: dict[int, bytes] = field(default_factory=dict)
    always: bool = False
    tells_time: bool = True
    asked: list[bytes] = field(default_factory=list)
    outbox: deque[Heard] = field(default_factory=deque)
    start: int = 0
    sent: int = 0

    def take(self, step: Any) -> None:
        if not isinstance(step, Write):
            return
        assert not step.with_response
        self.asked.append(step.value)
        match step.value[0]:
            case 0x89:
                now = (NOW() + self.ahead).replace(tzinfo=None)
                moment = six(now) if self.tells_time else bytes(6)
                self.say(summed(b"\xf9" + moment + bytes([0, 0])))
            case 0x90:
                count = bytes([len(self.records), 0])
                self.say(summed(b"\xe0\x05" + count + count))
            case 0x99:
                self.report(step.value[1])

    def report(self, which: int) -> None:
        self.start = {0: 0, 1: self.start + 10, 2: self.start}[which]
        for place, one in enumerate(self.records[self.start : self.start + 10]):
            is_last = self.start + place == len(self.records) - 1
            message = summed(bytes([0xE9, place | (0x40 if is_last else 0)]) + one)
            number, self.sent = self.sent, self.sent + 1
            if self.always and place in self.spoil:
                message = self.spoil[place]
            self.say(self.spoil.get(number, message))

    def say(self, message: bytes) -> None:
        for begin in range(0, len(message), 20):
            self.outbox.append(Heard(ANSWER, message[begin : begin + 20]))


def told(oximeter: Oximeter, **options: Any) -> Told:
    device = Device(
        take=oximeter.take,
        outbox=oximeter.outbox,
        services=frozenset({PO60_SERVICE}),
        characteristics=frozenset({COMMAND, ANSWER}),
        **options,
    )
    heard = Advertisement(address=ADDRESS, name="PO60", service_uuids=frozenset({PO60_SERVICE}))
    result = told_by(device, conversation(heard))
    assert set(oximeter.asked) <= READ_ONLY, "something was written that changes the oximeter"
    return result


def many(count: int) -> list[bytes]:
    old = [record(94, START - timedelta(hours=9 * ago)) for ago in range(count - 1, 0, -1)]
    return [*old, record(97, NOW_MEASURED)]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 25])
def test_exactly_the_new_reading_of_a_memory_is_new(count: int) -> None:
    oximeter = Oximeter(many(count))
    events = told(oximeter)
    assert failures(events) == []
    assert new(events) == [("72", "97")]
    assert len(stored(events)) == count - 1
    assert len(oximeter.asked) == 2 + (count + 9) // 10


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_wrong_clock_is_measured_and_left_as_it_is(hours: int) -> None:
    ahead = timedelta(hours=hours)
    records = [record(94, START - timedelta(minutes=30) + ahead), record(97, NOW_MEASURED + ahead)]
    events = told(Oximeter(records, ahead=ahead))
    assert new(events) == [("72", "97")]
    assert stored(events) == [("72", "94")]
    assert {reading.clock.trust for reading in readings(events)} == {ClockTrust.CORRECTED}


def test_a_measurement_that_began_before_the_patient_was_called_is_stored() -> None:
    events = told(Oximeter([record(97, START - timedelta(seconds=10))]))
    assert new(events) == []
    assert stored(events) == [("72", "97")]


def test_a_record_at_another_place_is_still_the_same_one() -> None:
    twice = record(97, NOW_MEASURED)
    assert new(told(Oximeter([twice, record(94, START - timedelta(days=1)), twice]))) == [
        ("72", "97")
    ]


def test_a_clock_that_was_never_set_vouches_for_nothing() -> None:
    records = [record(94, datetime(2021, 3, 1)), record(97, datetime(2021, 3, 2))]
    assert new(told(Oximeter(records, tells_time=False))) == []


def test_an_empty_memory_is_not_asked_and_no_failure() -> None:
    oximeter = Oximeter([])
    assert failures(told(oximeter)) == []
    assert len(oximeter.asked) == 2


@pytest.mark.parametrize(
    "spoilt", [b"", b"\xe9\x01", bytes([0xE9]) + bytes(23), b"\xff\x01", bytes(24)]
)
def test_ten_records_with_a_fault_are_asked_for_once_more(spoilt: bytes) -> None:
    oximeter = Oximeter(many(4), spoil={1: spoilt})
    events = told(oximeter)
    assert oximeter.asked[-1] == bytes.fromhex("99021b")
    assert failures(events) == []
    assert (new(events), len(stored(events))) == ([("72", "97")], 3)


def test_a_record_that_stays_faulty_is_refused_and_the_others_are_taken() -> None:
    broken = bytes([0xE9, 1]) + bytes(21) + b"\x01"
    events = told(Oximeter(many(4), spoil={1: broken}, always=True))
    assert [type(refused.error) for refused in refusals(events)] == [DecodingError]
    assert new(events) == [("72", "97")]


def test_a_record_that_never_arrives_leaves_nothing_certain() -> None:
    events = told(Oximeter(many(4), spoil={1: b""}, always=True))
    assert failures(events) == [Truncated]
    assert readings(events) == []


@pytest.mark.parametrize("at", range(1, 6))
def test_a_link_that_breaks_tells_nothing_half(at: int) -> None:
    events = told(Oximeter(many(12)), lose_at=at)
    assert failures(events) == [ConnectionLost]
    assert readings(events) == []


@pytest.mark.parametrize("at", range(1, 6))
def test_an_oximeter_that_falls_silent_is_told_in_time(at: int) -> None:
    events = told(Oximeter(many(12)), mute_at=at)
    assert failures(events) == [DeviceSilent]
    assert readings(events) == []
    assert events[-1][0] < 20.0
