"""No provider is asked more often than it allows, and no link waits behind another for ever."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ohx_desktop.cloud.errors import RateLimited
from ohx_desktop.cloud.limit_file import LimitFile
from ohx_desktop.cloud.limits import QUOTAS, Limits, Quota
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.domain.errors import StoreEnvironment


class Time:
    """Passes while somebody sleeps: the sleeper that is due first goes on."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.may_pass = asyncio.Event()
        self.may_pass.set()

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await self.may_pass.wait()
        self.seconds += seconds
        await asyncio.sleep(0)


def _limits(folder: Path, time: Time, quota: Quota = QUOTAS[Provider.WITHINGS]) -> Limits:
    file = LimitFile(folder / "limits" / "withings.json")
    return Limits(Provider.WITHINGS, quota, file, now=time, sleep=time.sleep)


async def test_no_minute_holds_more_than_is_allowed(tmp_path: Path) -> None:
    time = Time()
    limits = _limits(tmp_path, time)
    given = []
    for _ in range(400):
        await limits.permit(uuid4())()
        given.append(time.seconds)
    in_a_minute = [sum(at <= each < at + 60 for each in given) for at in given]
    assert max(in_a_minute) <= 119
    assert len(given) / (given[-1] - given[0]) * 60 >= 0.95 * 120
    await limits.close()


async def test_the_desk_goes_first_and_links_take_turns(tmp_path: Path) -> None:
    time = Time()
    limits = _limits(tmp_path, time)
    await asyncio.gather(*(limits.permit(uuid4())() for _ in range(4)))
    time.may_pass.clear()
    greedy, modest, desk = uuid4(), uuid4(), uuid4()
    order: list[UUID] = []

    async def ask(link: UUID, *, urgent: bool = False) -> None:
        await limits.permit(link, urgent=urgent)()
        order.append(link)

    tasks = [asyncio.create_task(ask(greedy)) for _ in range(6)]
    tasks += [asyncio.create_task(ask(modest)) for _ in range(2)]
    tasks += [asyncio.create_task(ask(desk, urgent=True))]
    turns = limits._turns
    while sum(map(len, (*turns._others.values(), *turns._urgent.values()))) < len(tasks):
        await asyncio.sleep(0.001)
    time.may_pass.set()
    await asyncio.gather(*tasks)
    assert order[0] == desk
    assert [place for place, link in enumerate(order) if link == modest][-1] <= 5
    assert Counter(order) == {greedy: 6, modest: 2, desk: 1}
    await limits.close()


async def test_a_pause_the_provider_asks_for_holds_for_every_program(tmp_path: Path) -> None:
    time = Time()
    first, second = _limits(tmp_path, time), _limits(tmp_path, time)
    await first.pause(30.0)
    with pytest.raises(RateLimited) as told:
        await second.permit(uuid4(), urgent=True)()
    assert told.value.retry_after_s == pytest.approx(30.0)
    began = time.seconds
    await second.permit(uuid4())()
    assert time.seconds >= began + 30
    await first.pause(3600.0)
    with pytest.raises(RateLimited):
        await second.permit(uuid4())()
    await asyncio.gather(first.close(), second.close())


async def test_a_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    time = Time()
    limits = _limits(tmp_path, time)
    await asyncio.gather(*(limits.permit(uuid4())() for _ in range(5)))
    await limits.pause(60.0)
    time.seconds -= 10 * 86_400
    began = time.seconds
    await limits.permit(uuid4())()
    async with limits.not_the_same_again(uuid4(), "measures"):
        pass
    assert time.seconds - began < 2
    await limits.close()


async def test_the_same_is_not_asked_again_within_eleven_seconds(tmp_path: Path) -> None:
    time, link = Time(), uuid4()
    for program in (_limits(tmp_path, time), _limits(tmp_path, time)):
        async with program.not_the_same_again(link, "measures"):
            began = time.seconds
            time.seconds += 3
    assert began >= 1_000_000 + 3 + 11
    async with program.not_the_same_again(link, "sleep"):
        assert time.seconds == began + 3


async def test_one_google_account_is_not_asked_faster_than_a_user_may(tmp_path: Path) -> None:
    time, link = Time(), uuid4()
    limits = _limits(tmp_path, time, QUOTAS[Provider.GOOGLE_HEALTH])
    began = time.seconds
    for _ in range(120):
        await limits.permit(link)()
    assert time.seconds - began >= 58
    await limits.close()


async def test_who_gives_up_costs_nobody_a_permit(tmp_path: Path) -> None:
    time = Time()
    limits = _limits(tmp_path, time)
    await asyncio.gather(*(limits.permit(uuid4())() for _ in range(3)))
    waiting = [asyncio.create_task(limits.permit(uuid4())()) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting[:4]:
        task.cancel()
    await asyncio.wait_for(waiting[4], 5)
    await limits.close()


async def test_a_broken_file_is_made_anew_and_a_folder_that_is_none_is_told(
    tmp_path: Path,
) -> None:
    time = Time()
    limits = _limits(tmp_path, time)
    await limits.permit()()
    for broken in (b"", b"[]", b'{"next": "x", "asked": [1]', b'{"next": 1e999}'):
        (tmp_path / "limits" / "withings.json").write_bytes(broken)
        await limits.permit()()
        async with limits.not_the_same_again(uuid4(), "measures"):
            pass
    await limits.close()
    (tmp_path / "a-file").write_text("")
    with pytest.raises(StoreEnvironment):
        await _limits(tmp_path / "a-file", time).permit()()
