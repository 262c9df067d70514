"""A nightly task runs once a night: not twice in autumn, not never in spring, not lost when off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ohx_desktop.ops.wall_schedule import WallSchedule, cron

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = cron("30 2 * * *")


def _runs(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Give the instants (UTC) at which a computer in Berlin that is on runs it."""
    schedule, instant = WallSchedule(NIGHTLY, _wall(begin)), begin
    while instant < end:
        instant += step
        if schedule.is_due(_wall(instant)):
            yield instant


def _wall(instant: datetime) -> datetime:
    return instant.astimezone(BERLIN).replace(tzinfo=None)


def _is_due(last: datetime, now: datetime) -> bool:
    return WallSchedule(NIGHTLY, last).is_due(now)


@pytest.mark.parametrize(
    "night",
    [
        pytest.param(datetime(2026, 3, 28, 12, tzinfo=UTC), id="spring: 02:30 does not exist"),
        pytest.param(datetime(2026, 10, 24, 12, tzinfo=UTC), id="autumn: 02:30 comes twice"),
        pytest.param(datetime(2026, 11, 24, 12, tzinfo=UTC), id="any night"),
    ],
)
def test_each_night_has_one_run_also_when_the_clocks_change(night: datetime) -> None:
    runs = list(_runs(night, night + timedelta(days=3), timedelta(seconds=20)))
    assert len(runs) == 3
    assert all(2 <= run.astimezone(BERLIN).hour <= 3 for run in runs)


def test_a_computer_that_was_off_makes_up_for_one_run() -> None:
    last = datetime(2026, 11, 20, 2, 30)
    assert _is_due(last, datetime(2026, 11, 24, 8, 0))
    assert not _is_due(datetime(2026, 11, 24, 8, 0), datetime(2026, 11, 24, 20, 0))
    assert _is_due(last, datetime(2027, 11, 24, 8, 0))


def test_a_clock_that_was_years_ahead_does_not_stop_the_nights() -> None:
    assert _is_due(datetime(2031, 1, 1), datetime(2026, 11, 24, 8, 0))


@pytest.mark.parametrize("wrong", ["", "* * * *", "99 2 * * *", "a b c d e", "30 2 * * * *"])
def test_what_is_no_schedule_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|valid"):
        cron(wrong)
