"""New or stored: the rules as a table.

The session began at 10:05:30, the frame came at 10:10:00.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from ble_encoding import blood_pressure

from ohx_desktop.ble.codec.blood_pressure import decode_blood_pressure_measurement
from ohx_desktop.ble.drivers.blood_pressure import blood_pressure_record
from ohx_desktop.ble.memory import Judge
from ohx_desktop.ble.record import Record
from ohx_desktop.domain.device import ClockTrust, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading

BEGAN = datetime(2026, 11, 24, 10, 5, 30).astimezone()
RECEIVED = datetime(2026, 11, 24, 10, 10, 0).astimezone()
IDENTITY = DeviceIdentity(manufacturer="ACME", model="CUFF", address="C8:0F:10:00:00:01")
NEVER_SET = datetime(2015, 1, 14, 10, 55)
FACTORY = datetime(2022, 1, 1, 0, 2)  # a BM54, two minutes after a change of batteries
UNKNOWN_DATE = bytes.fromhex("0000000000091e")

_systolic = count(110)


def at(text: str, day: int = 24) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day:02d}T{text}")


def record(stamp: datetime | bytes | None, *, seen: bool = False, frame: bytes = b"") -> Record:
    """Return a record, each with a systolic pressure of its own; `frame` may be one that fails."""
    frame = frame or blood_pressure(110 + next(_systolic) % 60, stamp=stamp)
    made, _ = blood_pressure_record(frame, decode_blood_pressure_measurement, received_at=RECEIVED)
    return replace(made, seen_before=seen)


def judged(
    *records: Record, offset_s: float | None = None
) -> tuple[list[Reading | None], list[Reading]]:
    """Return what is told at once, and every reading in the order of the records."""
    offset = None if offset_s is None else timedelta(seconds=offset_s)
    judge = Judge(identity=IDENTITY, session_began=BEGAN, offset=offset)
    at_once = [judge.judge_at_once(item) if item.quantities else None for item in records]
    later = {id(item): reading for item, reading in judge.judge_burst(records)}
    whole = [reading or later.get(id(item)) for item, reading in zip(records, at_once, strict=True)]
    return at_once, [reading for reading in whole if reading is not None]


def summary(reading: Reading) -> tuple[str, str, datetime | None]:
    measured = reading.measured_at
    local = measured.astimezone().replace(tzinfo=None) if measured else None
    return "stored" if reading.stored else "new", reading.clock.trust.value, local


WITH_CLOCK: list[Any] = [
    # offset, stamp, at once, expected
    (0.0, at("10:09:10"), True, ("new", "device", at("10:09:10"))),
    (-60.0, at("10:08:10"), True, ("new", "device", at("10:08:10"))),
    (60.0, at("10:10:10"), True, ("new", "device", at("10:10:10"))),
    (-61.0, at("10:08:09"), True, ("new", "corrected", at("10:09:10"))),
    (3600.0, at("11:09:10"), True, ("new", "corrected", at("10:09:10"))),
    (0.0, at("10:05:28"), True, ("new", "device", at("10:05:28"))),
    (0.0, at("10:05:27"), False, ("stored", "device", at("10:05:27"))),
    (60.0, at("10:06:27"), False, ("stored", "device", at("10:06:27"))),
    (60.0, at("10:06:28"), True, ("new", "device", at("10:06:28"))),
    (3600.0, at("11:05:27"), False, ("stored", "corrected", at("10:05:27"))),
    (0.0, at("10:09:10", day=23), False, ("stored", "device", at("10:09:10", day=23))),
    (0.0, at("10:15:00"), True, ("new", "device", at("10:15:00"))),
    (0.0, at("10:15:01"), False, ("new", "unknown", None)),  # alone: a person compares
    (-300_000_000.0, NEVER_SET, False, ("stored", "corrected", None)),
    (0.0, UNKNOWN_DATE, False, ("new", "unknown", None)),
    (0.0, None, False, ("new", "received", at("10:10:00"))),
]


@pytest.mark.parametrize(("offset_s", "stamp", "at_once", "expected"), WITH_CLOCK)
def test_a_measured_clock_tells_each_record_by_itself(
    offset_s: float, stamp: datetime | bytes | None, at_once: bool, expected: Any
) -> None:
    told, (reading,) = judged(record(stamp), offset_s=offset_s)
    assert (told[0] is not None) == at_once
    if stamp is NEVER_SET:
        assert summary(reading)[:2] == expected[:2]
    else:
        assert summary(reading) == expected
    assert reading.clock.offset_s == offset_s
    assert reading.clock.device == (stamp if isinstance(stamp, datetime) else None)


WITHOUT_CLOCK: list[Any] = [
    (at("10:09:10"), ("new", "device", at("10:09:10"))),
    (at("10:05:30"), ("new", "device", at("10:05:30"))),
    (at("10:05:29"), ("new", "unknown", at("10:05:29"))),
    (at("10:05:00"), ("new", "device", at("10:05:00"))),  # a clock of minutes
    (at("10:04:00"), ("new", "unknown", at("10:04:00"))),
    (at("10:10:00"), ("new", "device", at("10:10:00"))),
    (at("10:10:01"), ("new", "unknown", None)),  # the clock runs ahead
    (at("10:15:00"), ("new", "unknown", None)),
    (at("10:15:01"), ("new", "unknown", None)),
    (at("09:55:30"), ("new", "unknown", at("09:55:30"))),
    (at("09:55:29"), ("stored", "unknown", at("09:55:29"))),
    (at("10:09:10", day=23), ("stored", "unknown", at("10:09:10", day=23))),
    (NEVER_SET, ("new", "unknown", None)),
    (UNKNOWN_DATE, ("new", "unknown", None)),
    (None, ("new", "received", at("10:10:00"))),
]


@pytest.mark.parametrize(("stamp", "expected"), WITHOUT_CLOCK)
def test_without_a_clock_a_single_record_is_judged_by_its_stamp(
    stamp: datetime | bytes | None, expected: Any
) -> None:
    told, (reading,) = judged(record(stamp))
    assert told == [None]
    assert summary(reading) == expected
    new_by_its_clock = expected[:2] == ("new", "device")
    assert reading.needs_display_check == (not reading.stored and not new_by_its_clock)


FAILED = blood_pressure(b"\xff\x07", b"\xff\x07", stamp=at("10:09:00"))
FAILED_LONG_AGO = blood_pressure(b"\xff\x07", b"\xff\x07", stamp=at("10:09:00", day=2))
TRUNCATED = bytes.fromhex("1e7900")

BURSTS: list[Any] = [
    # a certain one makes every uncertain one stored
    ([at("10:01:00"), at("10:09:10")], ["stored", "new"]),
    ([at("10:09:10"), at("10:01:00")], ["new", "stored"]),
    ([at("10:09:10"), NEVER_SET], ["new", "stored"]),
    ([at("10:06:10"), at("10:09:10")], ["new", "new"]),
    # only the newest may be new
    ([at("10:01:00"), at("10:02:00")], ["stored", "new"]),
    ([at("10:02:00"), at("10:01:00")], ["new", "stored"]),
    ([at("10:02:00"), at("10:02:00")], ["stored", "stored"]),
    ([at("10:02:00", day=2), at("10:02:00")], ["stored", "new"]),
    # a stamp ahead of us proves that no stamp of this clock can vouch for itself
    ([at("10:08:00"), at("10:13:00")], ["stored", "new"]),
    ([at("10:08:00"), at("10:17:00")], ["stored", "stored"]),
    ([at("10:04:00"), at("10:17:00")], ["stored", "stored"]),
    ([at("09:54:00"), at("10:17:00")], ["stored", "new"]),
    # a date years ahead is one that was never set, and proves nothing
    ([at("10:08:00"), datetime(2099, 1, 1)], ["new", "stored"]),
    # dead clocks: the newest where that can be told
    ([NEVER_SET, NEVER_SET + timedelta(minutes=3)], ["stored", "new"]),
    ([UNKNOWN_DATE, NEVER_SET], ["stored", "stored"]),
    ([UNKNOWN_DATE, UNKNOWN_DATE], ["stored", "stored"]),
    ([at("10:01:00"), NEVER_SET], ["stored", "stored"]),
    ([at("10:01:00", day=2), NEVER_SET], ["stored", "new"]),
    # no times at all
    ([None, None], ["stored", "stored"]),
    ([at("10:01:00", day=2), None], ["stored", "new"]),
]


@pytest.mark.parametrize(("stamps", "expected"), BURSTS)
def test_without_a_clock_the_whole_burst_tells(stamps: list[Any], expected: list[str]) -> None:
    _, readings = judged(*[record(stamp) for stamp in stamps])
    assert ["stored" if reading.stored else "new" for reading in readings] == expected


def factory(days: float) -> datetime:
    return FACTORY + timedelta(days=days)


NEW_YEAR = datetime(2025, 1, 1, 14, 0)  # somebody was really measured then

FACTORY_BURSTS: list[Any] = [
    # its clock was never set: the newest is worth a look at the display
    ([FACTORY], [0]),
    ([FACTORY, factory(0.3), factory(2)], [2]),
    ([factory(2), factory(0.3), FACTORY], [0]),
    ([factory(-3), factory(-2), FACTORY], [2]),
    ([FACTORY, FACTORY], []),
    # the batteries were changed after the last good time
    ([at("10:09:10", day=1), at("10:09:10", day=2), FACTORY], [2]),
    ([FACTORY, at("10:09:10", day=2), at("10:09:10", day=1)], [0]),
    ([at("10:09:10", day=1), FACTORY, factory(0.1)], [2]),
    # an old reading of New Year's Day is where its time puts it
    ([NEW_YEAR, at("10:09:10", day=1), at("10:09:10", day=2)], []),
    ([at("10:09:10", day=2), at("10:09:10", day=1), NEW_YEAR], []),
    ([NEW_YEAR, at("10:09:10", day=2)], []),
    ([at("10:09:10", day=2), NEW_YEAR], []),
    ([at("10:09:10", day=1), NEW_YEAR, at("10:09:10", day=2)], []),
    # a clock that ran on past its first days, or was set after them
    ([factory(5), factory(9)], []),
    ([factory(9), factory(5)], []),
    ([FACTORY, factory(0.1), at("10:09:10", day=2)], []),
    # began anew twice, or a ring that is sent as it lies: nobody can tell
    ([FACTORY, factory(1), factory(0.5)], []),
    ([at("10:09:10", day=2), at("10:09:10", day=5), at("10:09:10", day=3), FACTORY], []),
    # what is certain goes first
    ([FACTORY, at("10:09:10")], [1]),
    ([FACTORY, at("10:02:00")], []),
]


@pytest.mark.parametrize(("stamps", "new"), FACTORY_BURSTS)
def test_a_clock_at_its_factory_default_asks_for_a_look_at_the_display_and_offers_no_old_record(
    stamps: list[datetime], new: list[int]
) -> None:
    _, readings = judged(*[record(stamp) for stamp in stamps])
    assert [n for n, reading in enumerate(readings) if not reading.stored] == new
    for n in new:
        if stamps[n].year < RECEIVED.year:
            assert readings[n].needs_display_check
            assert readings[n].measured_at is None
            assert readings[n].clock.device == stamps[n]


def test_a_record_met_before_hides_an_older_one_of_a_clock_never_set() -> None:
    _, readings = judged(record(factory(1), seen=True), record(FACTORY))
    assert [reading.stored for reading in readings] == [True, True]
    _, readings = judged(record(FACTORY, seen=True), record(factory(1)))
    assert [reading.stored for reading in readings] == [True, False]


def test_each_user_of_a_cuff_is_in_an_order_of_their_own() -> None:
    first, second = {"user_slot": 0}, {"user_slot": 1}
    _, readings = judged(
        replace(record(at("10:09:10", day=1)), **first),
        replace(record(at("10:09:10", day=2)), **first),
        replace(record(FACTORY), **first),
        replace(record(at("10:09:10", day=3)), **second),
        replace(record(at("10:09:10", day=4)), **second),
    )
    assert [reading.stored for reading in readings] == [True, True, False, True, True]


def test_a_clock_that_was_measured_at_its_factory_default_tells_by_itself() -> None:
    offset_s = (FACTORY - at("10:09:10")).total_seconds()
    _, (old, new) = judged(record(factory(-0.1)), record(FACTORY), offset_s=offset_s)
    assert summary(new) == ("new", "corrected", at("10:09:10"))
    assert old.stored


def test_what_was_measured_before_the_clock_fell_back_is_old() -> None:
    offset_s = (FACTORY - at("10:09:10")).total_seconds()
    before = record(at("10:09:10", day=20))
    _, (reading,) = judged(before, offset_s=offset_s)
    assert reading.stored
    offset = timedelta(seconds=offset_s)
    judge = Judge(identity=IDENTITY, session_began=BEGAN, offset=offset)
    assert judge.lay_in_memory(before)


def test_a_failure_with_a_clock_at_its_factory_default_may_be_todays() -> None:
    failed = blood_pressure(b"\xff\x07", b"\xff\x07", stamp=FACTORY)
    judge = Judge(identity=IDENTITY, session_began=BEGAN, offset=None)
    assert not judge.lay_in_memory(record(None, frame=failed))


@pytest.mark.parametrize(
    ("failed", "stamp", "expected"),
    [
        (FAILED, at("10:02:00"), "stored"),  # the failed one is newer: it is this person's
        (FAILED_LONG_AGO, at("10:02:00"), "new"),
        (TRUNCATED, at("10:02:00"), "stored"),  # it may have been the newest
        (TRUNCATED, None, "stored"),
        (TRUNCATED, NEVER_SET, "stored"),
        (TRUNCATED, at("10:09:00"), "new"),
        (FAILED, at("10:09:30"), "new"),
    ],
)
def test_a_refused_record_may_have_been_the_new_one(
    failed: bytes, stamp: datetime | None, expected: str
) -> None:
    _, (reading,) = judged(record(None, frame=failed), record(stamp))
    assert ("stored" if reading.stored else "new") == expected


@pytest.mark.parametrize("offset_s", [None, 0.0])
@pytest.mark.parametrize("stamp", [at("10:09:10"), at("10:02:00"), NEVER_SET, UNKNOWN_DATE, None])
def test_what_an_earlier_session_met_is_never_new(
    stamp: datetime | bytes | None, offset_s: float | None
) -> None:
    _, (reading,) = judged(record(stamp, seen=True), offset_s=offset_s)
    assert reading.stored


def test_an_old_record_is_not_offered_where_a_newer_one_is_known() -> None:
    _, readings = judged(record(at("10:02:00"), seen=True), record(at("10:01:00")))
    assert [reading.stored for reading in readings] == [True, True]


@pytest.mark.parametrize(
    ("frame", "offset_s", "old"),
    [
        (FAILED, None, False),
        (FAILED, 0.0, False),
        (FAILED_LONG_AGO, None, True),
        (FAILED_LONG_AGO, 0.0, True),
        (TRUNCATED, None, False),
        (TRUNCATED, 0.0, False),
    ],
)
def test_a_failure_of_last_month_is_not_todays(
    frame: bytes, offset_s: float | None, old: bool
) -> None:
    offset = None if offset_s is None else timedelta(seconds=offset_s)
    judge = Judge(identity=IDENTITY, session_began=BEGAN, offset=offset)
    assert judge.lay_in_memory(record(None, frame=frame)) is old


def test_burst_readings_come_in_the_order_they_were_measured() -> None:
    stamps = [at("10:09:10"), at("08:00:00"), at("09:00:00"), NEVER_SET]
    judge = Judge(identity=IDENTITY, session_began=BEGAN, offset=None)
    order = [reading.clock.device for _, reading in judge.judge_burst([record(s) for s in stamps])]
    assert order == sorted(stamps)


def test_the_same_record_has_one_id_whatever_is_known_of_the_clock() -> None:
    frame = blood_pressure(stamp=at("10:09:10"))
    ids = {
        judged(record(None, frame=frame), offset_s=offset)[1][0].id for offset in (None, 0.0, 500.0)
    }
    assert len(ids) == 1


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the host into a zone where clocks went back from 3 to 2 o'clock on 25 October 2026."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


SECOND_TWO = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # two o'clock for the second time


def in_the_second_hour(minute: int) -> datetime:
    return (SECOND_TWO + timedelta(minutes=minute)).astimezone()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("offset_s", "stamp", "expected"),
    [
        (0.0, datetime(2026, 10, 25, 2, 40), "new"),
        (3600.0, datetime(2026, 10, 25, 3, 40), "new"),  # a clock that stays on summer time
        (3600.0, datetime(2026, 10, 25, 2, 40), "stored"),  # an hour ago, when it was two
        (None, datetime(2026, 10, 25, 2, 40), "check"),
    ],
)
def test_the_hour_that_comes_twice_mixes_up_no_patients(
    offset_s: float | None, stamp: datetime, expected: str
) -> None:
    offset = None if offset_s is None else timedelta(seconds=offset_s)
    judge = Judge(identity=IDENTITY, session_began=in_the_second_hour(20), offset=offset)
    came = replace(record(stamp), received_at=in_the_second_hour(50))
    reading = judge.judge_at_once(came) or judge.judge_burst([came])[0][1]
    if expected == "check":
        assert reading.needs_display_check
        return
    assert ("stored" if reading.stored else "new") == expected
    if expected == "new":
        assert reading.measured_at == in_the_second_hour(40)


@pytest.mark.usefixtures("in_berlin")
def test_a_stored_summer_reading_keeps_its_summer_time() -> None:
    _, (reading,) = judged(record(datetime(2026, 7, 1, 8, 0)), offset_s=0.0)
    assert reading.measured_at == datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
    assert reading.measured_at.isoformat() == "2026-07-01T08:00:00+02:00"


def test_times_at_the_edge_of_the_calendar_do_no_harm() -> None:
    for stamp in (datetime(1582, 1, 1), datetime(9999, 12, 31, 23, 59, 59)):
        for offset_s in (None, -1e9, 1e9, -2e11, 2e11):
            _, (reading,) = judged(record(stamp), offset_s=offset_s)
            assert reading.clock.trust in set(ClockTrust)


def test_a_corrected_time_has_the_device_s_precision() -> None:
    _, (reading,) = judged(record(at("11:09:10")), offset_s=3599.6)
    assert reading.measured_at is not None
    assert reading.measured_at.microsecond == 0


# ── what a device says itself ────────────────────────────────────────────────────────────────


def weighing(stamp: datetime | None, **fields: Any) -> Record:
    quantities = (
        Quantity(kind=QuantityKind.BODY_WEIGHT, value=Decimal("80.0"), unit=Unit.KILOGRAM),
    )
    return Record(
        frames=(b"1", b"2"),
        received_at=RECEIVED,
        quantities=quantities,
        has_time=stamp is not None,
        stamp=stamp,
        **fields,
    )


LIVE: list[Any] = [
    # stamp, measured now, expected
    (at("10:09:50"), True, ("new", "device", at("10:09:50"))),
    (at("10:08:00"), True, ("new", "received", at("10:10:00"))),  # no clock of a live weighing
    (NEVER_SET, True, ("new", "received", at("10:10:00"))),
    (at("10:15:00"), True, ("new", "received", at("10:10:00"))),
    (None, True, ("new", "received", at("10:10:00"))),
    (at("10:09:50"), False, ("stored", "unknown", at("10:09:50"))),
    (None, False, ("stored", "unknown", None)),
]


@pytest.mark.parametrize(("stamp", "is_live", "expected"), LIVE)
def test_the_device_s_own_word_decides(
    stamp: datetime | None, is_live: bool, expected: Any
) -> None:
    told, (reading,) = judged(weighing(stamp, is_live=is_live))
    assert (told[0] is not None) is is_live
    assert summary(reading) == expected


def test_a_live_weighing_is_new_though_an_earlier_one_had_the_same_bytes() -> None:
    _, (reading,) = judged(weighing(None, is_live=True, seen_before=True))
    assert not reading.stored


def test_what_is_called_stored_never_becomes_new_and_hides_no_new_one() -> None:
    _, readings = judged(weighing(at("10:09:00"), is_live=False), weighing(at("10:09:30")))
    assert [reading.stored for reading in readings] == [True, False]


@pytest.mark.usefixtures("in_berlin")
def test_a_clock_in_utc_is_compared_in_utc_and_kept_as_it_was() -> None:
    began = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    judge = Judge(identity=IDENTITY, session_began=began, offset=None)
    stamp = datetime(2026, 7, 1, 8, 1)  # ten o'clock in Berlin
    came = replace(weighing(stamp, zone=UTC), received_at=began + timedelta(minutes=2))
    ((_, reading),) = judge.judge_burst([came])
    assert not reading.stored
    assert reading.measured_at == datetime(2026, 7, 1, 8, 1, tzinfo=UTC)
    assert reading.clock.device == stamp
    as_local = replace(came, zone=None)
    ((_, reading),) = judge.judge_burst([as_local])
    assert reading.stored


def test_a_record_keeps_the_sequence_and_slot_of_its_device() -> None:
    _, (reading,) = judged(weighing(at("10:09:30"), sequence=7, user_slot=2))
    assert (reading.sequence, reading.user_slot) == (7, 2)
