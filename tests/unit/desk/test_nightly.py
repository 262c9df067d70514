"""Once a night, whatever the clock does: compared at its time, made up for, never twice."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from ohx_desktop.desk.nightly import COMPARED_DAYS, NightlyComparison
from ohx_desktop.desk.reconciling import Reconciled
from ohx_desktop.domain.errors import Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.outbox.states import EntryState, OutboxEntry

EVENING = datetime.fromisoformat("2026-11-23T18:00:00+01:00")
AT = time(3, 0)


class Night:
    """A clock that runs by what is slept, and what is compared by it."""

    def __init__(self, file: Path, begin: datetime = EVENING) -> None:
        self.now = begin
        self.end = begin
        self.compared: list[datetime] = []
        self.since: list[datetime] = []
        self.report = Reconciled()
        self.failures = 0
        self.jumps: dict[datetime, timedelta] = {}
        self.told: list[int] = []
        self.nightly = NightlyComparison(
            self._compare,
            at=AT,
            file=file,
            on_result=lambda: self.told.append(self.nightly.differing),
            now=lambda: self.now,
            sleep=self._sleep,
        )

    async def until(self, end: str) -> None:
        self.end = datetime.fromisoformat(end)
        with pytest.raises(asyncio.CancelledError):
            await self.nightly.run()

    async def _compare(self, since: datetime) -> Reconciled:
        if self.failures:
            self.failures -= 1
            raise Transient("away")
        self.compared.append(self.now)
        self.since.append(since)
        return self.report

    async def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for moment, jump in list(self.jumps.items()):
            if self.now >= moment:
                self.now += jump
                del self.jumps[moment]
        if self.now >= self.end:
            raise asyncio.CancelledError


def _differing(*found: Found) -> Reconciled:
    entry = OutboxEntry(
        id=uuid4(),
        reading_id=uuid4(),
        state=EntryState.VERIFIED,
        attempts=1,
        created_at=EVENING,
    )
    return Reconciled(differing=[(entry, each) for each in found])


def _days(night: Night) -> list[str]:
    return [f"{moment:%d %H}" for moment in night.compared]


@pytest.fixture
def night(tmp_path: Path) -> Callable[..., Night]:
    return lambda begin=EVENING: Night(tmp_path / "reconciled.json", begin)


async def test_it_is_compared_once_a_night_and_made_up_for_at_first(
    night: Callable[..., Night],
) -> None:
    tonight = night()
    await tonight.until("2026-11-26T12:00:00+01:00")
    assert _days(tonight) == ["23 18", "24 03", "25 03", "26 03"]
    assert tonight.since[0] == tonight.compared[0] - timedelta(days=COMPARED_DAYS)


async def test_a_start_in_the_day_after_a_night_that_was_compared_does_nothing(
    night: Callable[..., Night],
) -> None:
    await night().until("2026-11-24T04:00:00+01:00")
    later = night(datetime.fromisoformat("2026-11-24T08:00:00+01:00"))
    await later.until("2026-11-24T20:00:00+01:00")
    assert later.compared == []
    missed = night(datetime.fromisoformat("2026-11-27T08:00:00+01:00"))
    await missed.until("2026-11-27T20:00:00+01:00")
    assert _days(missed) == ["27 08"]


async def test_an_ehr_that_is_away_is_asked_again(night: Callable[..., Night]) -> None:
    tonight = night()
    tonight.failures = 3
    await tonight.until("2026-11-24T02:00:00+01:00")
    assert _days(tonight) == ["23 18"]
    assert tonight.compared[0] - EVENING == timedelta(minutes=10 + 3 * 15)


@pytest.mark.parametrize(
    ("jump", "compared"),
    [
        # Set forward over the night: once, late.
        (timedelta(hours=12), ["23 18", "24 08"]),
        # Set back by a day: nothing was compared in that future, so once for good measure.
        (timedelta(days=-1), ["23 18", "22 20", "23 03", "24 03"]),
        (timedelta(minutes=-30), ["23 18", "24 03"]),
    ],
)
async def test_a_clock_that_is_set_costs_no_night_and_doubles_none(
    night: Callable[..., Night], jump: timedelta, compared: list[str]
) -> None:
    tonight = night()
    tonight.jumps[datetime.fromisoformat("2026-11-23T20:00:00+01:00")] = jump
    await tonight.until("2026-11-24T12:00:00+01:00")
    assert _days(tonight) == compared


async def test_what_differs_is_told_and_still_known_after_a_restart(
    night: Callable[..., Night],
) -> None:
    tonight = night()
    tonight.report = _differing(Found.ABSENT, Found.DIFFERENT, Found.DOUBLED, Found.RETRACTED)
    await tonight.until("2026-11-24T04:00:00+01:00")
    assert tonight.told[0] == 0
    assert set(tonight.told[1:]) == {3}
    again = night(datetime.fromisoformat("2026-11-24T08:00:00+01:00"))
    await again.until("2026-11-24T09:00:00+01:00")
    assert again.told == [3]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema":"ohx.reconciled/1","at":"2026","differing":1}']
)
async def test_a_broken_note_counts_as_none(
    night: Callable[..., Night], tmp_path: Path, content: str
) -> None:
    (tmp_path / "reconciled.json").write_text(content, encoding="utf-8")
    tonight = night()
    await tonight.until("2026-11-23T20:00:00+01:00")
    assert _days(tonight) == ["23 18"]


async def test_a_disk_that_takes_no_note_stops_nothing(tmp_path: Path) -> None:
    tonight = Night(tmp_path / "missing" / "reconciled.json")
    await tonight.until("2026-11-24T04:00:00+01:00")
    assert _days(tonight) == ["23 18", "24 03"]
