"""Kept before told: what a device may forget is on the disk first, whatever happens then."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from ble_encoding import NAN, blood_pressure, current_time
from ble_fakes import ADDRESS, FakeDevice, FakeLink, FakeRadio, advertisement
from ble_time import VirtualNow, elapsed_s, run

from ohx_desktop.ble import keeping
from ohx_desktop.ble.assigned_numbers import BEURER, CURRENT_TIME
from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.events import (
    CaptureEvent,
    KeepingFailed,
    LinkState,
    ReadingReceived,
    RecordRefused,
    StateChanged,
)
from ohx_desktop.ble.keeping import HeardRecord, KeepingLine, forgets
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.recognised import BLOOD_PRESSURE, OMRON_EEPROM, Recognised
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import NotKept, StoreEnvironment, Truncated

START = datetime(2026, 11, 24, 10, 5, 30)
YESTERDAY = START - timedelta(days=1)
COMMIT_S = 0.25


class Disk:
    """A keeper whose commits take a while; what is on it survives."""

    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.commits: list[tuple[HeardRecord, ...]] = []
        self.error: Exception | None = None
        self.met_before: frozenset[UUID] = frozenset()
        self.commit_s = COMMIT_S

    async def keep(self, records: Sequence[HeardRecord]) -> frozenset[UUID]:
        await asyncio.sleep(self.commit_s)
        if self.error is not None:
            raise self.error
        assert "disconnect" not in self.device.log, "kept only after the session"
        self.commits.append(tuple(records))
        return self.met_before & {r.reading.id for r in records if r.reading is not None}

    @property
    def frames(self) -> list[bytes]:
        """Return the raw bytes on the disk, in order, each once."""
        kept = [frame for commit in self.commits for r in commit for frame in r.frames]
        return list(dict.fromkeys(kept))


def says(*frames: bytes, gap_s: float = 0.0) -> Callable[[FakeLink], Awaitable[None]]:
    async def script(link: FakeLink) -> None:
        await asyncio.sleep(1.0)
        for frame in frames:
            link.say(frame)
            if gap_s:
                await asyncio.sleep(gap_s)

    return script


def in_s(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


NEW = blood_pressure(128, 82, stamp=in_s(1))
OLD = [blood_pressure(140 + n, 90, stamp=YESTERDAY + timedelta(hours=n)) for n in range(3)]


def device(*frames: bytes, has_clock: bool = True, gap_s: float = 0.0) -> FakeDevice:
    clock = {CURRENT_TIME: lambda: current_time(START + timedelta(seconds=elapsed_s()))}
    return FakeDevice(script=says(*frames, gap_s=gap_s), values=dict(clock) if has_clock else {})


async def listening(
    disk: Disk, *, name: str = "CUFF", radio_of: type[FakeRadio] = FakeRadio
) -> AsyncGenerator[CaptureEvent]:
    radio = radio_of(**{ADDRESS: disk.device})
    now = VirtualNow(START.astimezone())
    listener = Listener(radio, now)
    radio.air.put_nowait(advertisement(name=name, manufacturer_data={BEURER: b""}))
    events = listener.listen(session_began=now(), wanted=lambda _, __: True, keeper=disk)
    async with aclosing(events):
        async for event in events:
            yield event
            if event == StateChanged(state=LinkState.ENDED, address=ADDRESS, name=name):
                return


def told_by(disk: Disk, *, name: str = "CUFF") -> list[CaptureEvent]:
    """Return all events of one session; each reading that may be told was kept before."""

    async def listen() -> list[CaptureEvent]:
        told = []
        events = listening(disk, name=name)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, ReadingReceived) and event.not_kept is None:
                    assert set(event.frames) <= set(disk.frames) or event.reading.stored
                told.append(event)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
        return told

    return run(listen())


def readings(told: Sequence[CaptureEvent]) -> list[ReadingReceived]:
    return [event for event in told if isinstance(event, ReadingReceived)]


@pytest.mark.parametrize("has_clock", [True, False])
def test_every_record_of_a_push_is_kept_before_it_is_told(has_clock: bool) -> None:
    disk = Disk(device(*OLD, NEW, has_clock=has_clock))
    told = readings(told_by(disk))
    assert disk.frames == [*OLD, NEW]
    assert [event.not_kept for event in told] == [None] * 4
    assert sum(not event.reading.stored for event in told) == 1


def test_records_that_come_together_are_one_commit() -> None:
    disk = Disk(device(*OLD, NEW))
    told_by(disk)
    first, *later = disk.commits
    assert len(first) == 4
    # The old ones, judged when the burst was whole, are written once more: also in one.
    assert [len(commit) for commit in later] == [3]


def test_what_is_judged_later_has_the_id_it_was_kept_with() -> None:
    timeless = blood_pressure(131, 85)
    disk = Disk(device(timeless, has_clock=False))
    (event,) = readings(told_by(disk))
    kept = [record.reading for commit in disk.commits for record in commit]
    assert {reading.id for reading in kept if reading} == {event.reading.id}
    assert kept[-1] == event.reading


def test_a_record_on_the_disk_waits_for_nobody_to_look() -> None:
    """The window takes no event at all: still the record is kept, and before the disconnect."""

    async def test() -> None:
        disk = Disk(device(NEW))
        events = listening(disk)
        async with aclosing(events):
            async for event in events:
                if event == StateChanged(state=LinkState.CONNECTING, address=ADDRESS, name="CUFF"):
                    await asyncio.sleep(60)
                    assert disk.frames == [NEW]
                    return

    run(test())


@pytest.mark.parametrize("leave_after_s", [0.0, 0.1, COMMIT_S, 1.0])
def test_a_person_who_leaves_in_the_middle_loses_nothing(leave_after_s: float) -> None:
    """No clock: nothing could be told yet, and all that came is on the disk all the same."""

    async def test() -> None:
        disk = Disk(device(*OLD, NEW, has_clock=False))
        events = listening(disk)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, StateChanged) and event.state is LinkState.RECEIVING:
                    await asyncio.sleep(leave_after_s)
                    break
        assert disk.frames == [*OLD, NEW]
        assert disk.device.log[-1] == "disconnect"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(test())


class EagerLink(FakeLink):
    """Sends a record as soon as it may, while the subscription never ends."""

    async def subscribe(self, characteristic: str, on_value: Callable[[bytes], None]) -> None:
        await super().subscribe(characteristic, on_value)
        self.say(NEW)
        await asyncio.sleep(3600)


class EagerRadio(FakeRadio):
    @asynccontextmanager
    async def _connect(self, address: str) -> AsyncIterator[Link]:
        link = EagerLink(self.devices[address])
        try:
            yield link
        finally:
            await link.close()


def test_what_arrives_while_the_device_is_still_being_subscribed_is_kept() -> None:
    async def test() -> None:
        disk = Disk(device())
        with suppress(TimeoutError):
            async with asyncio.timeout(10), aclosing(listening(disk, radio_of=EagerRadio)) as told:
                async for _ in told:
                    pass
        assert disk.frames == [NEW]

    run(test())


def test_a_refused_record_is_kept_as_it_came() -> None:
    odd = NEW[:-1]
    failed = blood_pressure(NAN, NAN, stamp=in_s(1))
    disk = Disk(device(odd, failed))
    told = told_by(disk)
    assert disk.frames == [odd, failed]
    kept = [record for commit in disk.commits for record in commit]
    assert [record.reading for record in kept] == [None, None]
    assert [record.refusal.code for record in kept if record.refusal] == [
        "truncated",
        "measurement-failed",
    ]
    assert len([event for event in told if isinstance(event, RecordRefused)]) == 2


def test_a_full_disk_is_told_and_the_reading_is_shown_all_the_same() -> None:
    disk = Disk(device(NEW))
    disk.error = StoreEnvironment("the queue's file cannot grow: the disk is full", hint="free it")
    told = told_by(disk)
    (event,) = readings(told)
    assert isinstance(event.not_kept, NotKept)
    assert "disk is full" in event.not_kept.what
    assert event.not_kept.meaning == "the reading is on this screen only"
    assert "write it down" in event.not_kept.hint
    assert "free it" in event.not_kept.hint
    assert [e.error for e in told if isinstance(e, KeepingFailed)] == [event.not_kept]


def test_a_disk_that_never_answers_does_not_hide_the_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "KEEP_S", 2.0)
    disk = Disk(device(NEW))
    disk.commit_s = 3600
    (event,) = readings(told_by(disk))
    assert isinstance(event.not_kept, NotKept)


def test_a_fault_of_ours_does_not_take_the_reading_with_it() -> None:
    async def test() -> None:
        found: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: found.append(context["exception"])
        )
        disk = Disk(device(NEW))
        disk.error = ZeroDivisionError("a bug")
        events = listening(disk)
        async with aclosing(events):
            told = [event async for event in events]
        (event,) = readings(told)
        assert isinstance(event.not_kept, NotKept)
        assert found == [disk.error]

    run(test())


def test_a_reading_met_before_this_session_is_not_new() -> None:
    disk = Disk(device(NEW))
    (event,) = readings(told_by(disk))
    again = Disk(device(NEW))
    again.met_before = frozenset({event.reading.id})
    (event,) = readings(told_by(again))
    assert event.reading.stored


def test_a_copy_in_the_same_session_is_kept_once() -> None:
    disk = Disk(device(NEW, NEW, NEW))
    assert len(readings(told_by(disk))) == 1
    assert [len(commit) for commit in disk.commits] == [1]


def test_of_a_cuff_that_sends_all_again_only_the_new_reading_is_kept() -> None:
    disk = Disk(device(*OLD, NEW, OLD[0][:-1]))
    told = told_by(disk, name="BM54")
    assert disk.frames == [NEW]
    assert len(readings(told)) == 4


@pytest.mark.parametrize(
    ("driver", "model", "expected"),
    [
        (BLOOD_PRESSURE, "HEM-7155T", True),
        (BLOOD_PRESSURE, None, True),
        (BLOOD_PRESSURE, "BM54", False),
        (BLOOD_PRESSURE, "BM 77", False),
        (BLOOD_PRESSURE, "BM64", True),
        (Family.SIG_SCALE.value, "BF600", True),
        (Family.FFE0_SCALE.value, "BF700", False),
        (OMRON_EEPROM, "HEM-7322T", False),
    ],
)
def test_where_nobody_knows_a_device_may_forget(
    driver: str, model: str | None, expected: bool
) -> None:
    recognised = Recognised(manufacturer=None, model=model, driver=driver)
    assert forgets(recognised) is expected
    assert forgets(replace(recognised, manufacturer="OMRON")) is expected


def test_without_a_keeper_nothing_is_kept_and_all_is_told() -> None:
    async def test() -> None:
        radio = FakeRadio(**{ADDRESS: device(*OLD, NEW)})
        now = VirtualNow(START.astimezone())
        radio.air.put_nowait(advertisement())
        told: list[CaptureEvent] = []
        events = Listener(radio, now).listen(session_began=now(), wanted=lambda _, __: True)
        async with aclosing(events):
            async for event in events:
                told.append(event)
                if isinstance(event, StateChanged) and event.state is LinkState.ENDED:
                    break
        assert len(readings(told)) == 4
        assert all(event.not_kept is None for event in readings(told))

    run(test())


def test_a_measured_clock_times_an_old_record_at_once() -> None:
    disk = Disk(device(*OLD))
    told_by(disk)
    kept_at_once = disk.commits[0][0].reading
    assert kept_at_once is not None
    assert kept_at_once.stored
    assert kept_at_once.clock.trust is ClockTrust.DEVICE
    assert kept_at_once == disk.commits[-1][0].reading


def test_the_bytes_of_a_refused_weighing_are_kept_as_well() -> None:
    async def test() -> None:
        disk = Disk(device())
        conversation = Conversation(
            address=ADDRESS,
            name="SCALE",
            recognised=Recognised(manufacturer="Beurer", model="BF720", driver="beurer-sig-scale"),
            session_began=datetime.now(UTC),
            now=lambda: datetime.now(UTC),
            first_met=lambda _: None,
            listening=None,
        )
        line = KeepingLine(disk, conversation.events.put_nowait)
        burst = Burst.of(replace(conversation, keeping=line))
        burst.refuse(Truncated("the weight is cut off").about(b"\x0e\x00"), stored=False)
        await line.finish()
        assert disk.frames == [b"\x0e\x00"]

    run(test())
