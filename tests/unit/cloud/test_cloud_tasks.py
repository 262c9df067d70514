"""Links are synced by themselves: at night, after a failure, and after the program died."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sync_line import SyncLine, sync_line

from ohx_desktop.app.tasks import CloudTasks, open_queue
from ohx_desktop.cloud.unlinking import take_back
from ohx_desktop.desk.cloud_sync import CloudSync
from ohx_desktop.ops.task_consumer import LoopBridge, TaskConsumer
from ohx_desktop.virtual.cloud import CloudFault

DEADLINE_S = 20.0
EVENING = datetime(2026, 11, 24, 20, 0).astimezone()


class WallClock:
    """The clock on the wall of the test."""

    def __init__(self) -> None:
        self.moment = EVENING

    def __call__(self) -> datetime:
        return self.moment


class AskedBack:
    """Takes consents back as the program does."""

    def __init__(self, line: SyncLine) -> None:
        self._line = line.line

    async def asked(self) -> None:
        await take_back(self._line.links, self._line.endpoint)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncGenerator[SyncLine]:
    async with sync_line(tmp_path) as made:
        yield made


@asynccontextmanager
async def _program(
    line: SyncLine, sync: CloudSync, wall: WallClock
) -> AsyncGenerator[tuple[CloudTasks, list[BaseException]]]:
    """Run the tasks as the window does, until the block ends."""
    queue = await asyncio.to_thread(open_queue, line.line.folder / "tasks.db")
    bridge, failures, asked_back = LoopBridge(), list[BaseException](), AskedBack(line)
    tasks = CloudTasks(
        queue, bridge, sync, "30 2 * * *", take_back=asked_back.asked, now=wall, rng=lambda: 0.0
    )
    consumer = TaskConsumer(
        queue, on_look=tasks.look, on_failure=failures.append, look_every_s=0.02, now=wall
    )
    working = asyncio.create_task(consumer.run())
    try:
        yield tasks, failures
    finally:
        await bridge.close()
        await sync.close()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        queue.storage.close()


async def _until_synced(line: SyncLine, count: int = 1) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while sum(each.last_sync_at is not None for each in await line.line.links.links()) < count:
            await asyncio.sleep(0.01)


async def _until_looked(line: SyncLine) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not _rows(line, "SELECT value FROM kv"):
            await asyncio.sleep(0.01)


def _rows(line: SyncLine, statement: str) -> list[tuple[bytes]]:
    with sqlite3.connect(line.line.folder / "tasks.db") as file:
        found: list[tuple[bytes]] = file.execute(statement).fetchall()
    file.close()
    return found


async def test_every_link_is_synced_at_night_and_not_before(line: SyncLine) -> None:
    await line.line.link()
    wall = WallClock()
    async with _program(line, line.sync(), wall) as (_, failures):
        await _until_looked(line)
        assert (await line.line.links.links())[0].last_sync_at is None
        wall.moment += timedelta(hours=7)
        await _until_synced(line)
    assert len(await line.readings()) == 6
    assert failures == []


async def test_a_night_that_the_computer_was_off_is_made_up_for(line: SyncLine) -> None:
    await line.line.link()
    wall = WallClock()
    async with _program(line, line.sync(), wall):
        await _until_looked(line)
    wall.moment += timedelta(days=2)
    async with _program(line, line.sync(), wall):
        await _until_synced(line)


async def test_a_provider_that_cannot_answer_is_asked_again_by_itself(line: SyncLine) -> None:
    link = await line.line.link()
    line.line.clouds.faults.arm(CloudFault.UNAVAILABLE, times=2)
    wall = WallClock()
    async with _program(line, line.sync(), wall) as (tasks, _):
        await _until_looked(line)
        await asyncio.to_thread(tasks.sync_link, str(link.id))
        for _ in range(2):
            async with asyncio.timeout(DEADLINE_S):
                while not _rows(line, "SELECT data FROM schedule"):
                    await asyncio.sleep(0.01)
            wall.moment += timedelta(minutes=10)
            async with asyncio.timeout(DEADLINE_S):
                while _rows(line, "SELECT data FROM schedule"):
                    await asyncio.sleep(0.01)
        await _until_synced(line)


async def test_a_sync_that_the_end_of_the_program_broke_off_goes_on_at_the_next_start(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    sync, wall = line.sync(), WallClock()
    client_of, begun = sync._client_of, asyncio.Event()
    loop = asyncio.get_running_loop()

    def watched(*arguments: object) -> object:
        loop.call_soon_threadsafe(begun.set)
        return client_of(*arguments)  # type: ignore[arg-type]  # as they came

    sync._client_of = watched  # type: ignore[assignment]  # the real one, watched
    async with _program(line, sync, wall) as (tasks, _):
        await _until_looked(line)
        await asyncio.to_thread(tasks.sync_link, str(link.id))
        await begun.wait()
    assert (await line.line.links.link(link.id)).last_sync_at is None
    wall.moment = datetime.now().astimezone() + timedelta(seconds=5)
    async with _program(line, line.sync(), wall):
        await _until_synced(line)


async def test_a_program_that_was_killed_amid_a_night_does_what_it_left(line: SyncLine) -> None:
    await line.line.link()
    wall = WallClock()
    async with _program(line, line.sync(), wall):
        await _until_looked(line)
    # The task was taken out of the file, and then the power failed.
    wall.moment += timedelta(minutes=1)
    async with _program(line, line.sync(), wall):
        await _until_synced(line)


async def test_a_consent_that_could_not_be_taken_back_is_taken_back_by_itself(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    held = await line.line.links.tokens(link.id)
    await line.line.links.end(link.id, by=None)
    assert line.line.opens(held.pair.access)
    async with _program(line, line.sync(), WallClock()), asyncio.timeout(DEADLINE_S):
        while await line.line.links.revocations():
            await asyncio.sleep(0.01)
    assert not line.line.opens(held.pair.access)


async def test_the_file_of_tasks_names_links_and_nobody(line: SyncLine) -> None:
    link = await line.line.link()
    queue = await asyncio.to_thread(open_queue, line.line.folder / "tasks.db")
    tasks = CloudTasks(queue, LoopBridge(), line.sync(), "", take_back=AskedBack(line).asked)
    await asyncio.to_thread(tasks.sync_link, str(link.id))
    await asyncio.to_thread(lambda: tasks.sync_link.schedule((str(link.id), 2), eta=EVENING))
    queue.storage.close()
    content = b"".join(path.read_bytes() for path in sorted(line.line.folder.glob("tasks.db*")))
    assert str(link.id).encode() in content
    held = await line.line.links.tokens(link.id)
    secrets = (link.account, link.patient, held.pair.access, held.pair.refresh)
    assert not any(secret.encode() in content for secret in secrets)


async def test_the_loop_is_never_held_up_by_the_tasks(line: SyncLine) -> None:
    await line.line.link()
    wall, loop = WallClock(), asyncio.get_running_loop()
    longest = 0.0
    async with _program(line, line.sync(), wall):
        await _until_looked(line)
        for _ in range(100):
            before = loop.time()
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - before - 0.005)
    # The consumer looks every 20 ms here; a loop that waited for its file would show it.
    assert longest < 0.25
