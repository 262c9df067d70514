"""The outbox for the event loop: what the window and the command line rely on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outbox_fakes import KEY, Bench, bench, content

from ohx_desktop.domain.errors import KeyringLocked, Refused, StoreDamaged, Transient
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import SETTLED, EntryState, OutboxEntry


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def passing(at_work: Bench, task: "asyncio.Task[object]") -> None:
    """Let time pass until the task is done."""

    async def done() -> bool:
        return task.done()

    await at_work.until(done)


async def test_waiting_ends_when_the_reading_is_there(at_work: Bench) -> None:
    entry = await at_work.confirm(1)
    task = asyncio.create_task(at_work.outbox.wait_until_settled(entry.id, 10))
    await passing(at_work, task)
    assert task.result().state is EntryState.VERIFIED


async def test_waiting_ends_at_the_deadline(tmp_path: Path) -> None:
    outbox = await AsyncOutbox.open(tmp_path / "outbox.db", lambda: KEY)
    entry = await outbox.enqueue(**content(1))
    assert (await outbox.wait_for(entry.id, SETTLED, 0.01)).state is EntryState.QUEUED
    await outbox.close()


async def test_progress_tells_each_step_once(at_work: Bench) -> None:
    async def follow(entry: OutboxEntry) -> list[OutboxEntry]:
        return [step async for step in at_work.outbox.progress(entry.id)]

    task = asyncio.create_task(follow(await at_work.confirm(1)))
    await passing(at_work, task)
    states = [step.state for step in task.result()]
    assert states == sorted(set(states), key=list(EntryState).index)
    assert states[-1] is EntryState.VERIFIED


async def test_progress_can_be_left_early(at_work: Bench) -> None:
    entry = await at_work.confirm(1)
    progress = at_work.outbox.progress(entry.id)
    assert (await anext(progress)).id == entry.id
    await progress.aclose()
    assert not at_work.outbox._changes


async def test_drain_sends_all_that_waits(at_work: Bench) -> None:
    at_work.ehr.answers = [Transient("down")]
    first = await at_work.confirm(1)

    async def failed() -> bool:
        return (await at_work.outbox.entry(first.id)).last_error is not None

    await at_work.until(failed)
    await at_work.confirm(2, "Patient/2")
    task = asyncio.create_task(at_work.outbox.drain(10))
    await passing(at_work, task)
    assert task.result() == []


async def test_drain_ends_when_the_ehr_is_down(at_work: Bench) -> None:
    at_work.ehr.answers = [Transient("down")] * 1000
    for number in range(10):
        await at_work.confirm(number, f"Patient/{number}")
    task = asyncio.create_task(at_work.outbox.drain(10))
    await passing(at_work, task)
    assert len(task.result()) == 10
    assert len(at_work.ehr.sent) < 10


async def test_the_footer_counts_what_waits_and_what_needs_a_person(at_work: Bench) -> None:
    at_work.ehr.refused[b"bundle 1"] = Refused("no")
    await at_work.until_state(await at_work.confirm(1), "needs-attention")
    summary = await at_work.outbox.summary()
    assert (summary.waiting, summary.needs_attention) == (0, 1)
    await at_work.outbox.discard((await at_work.outbox.entries())[0].id, "other")
    assert (await at_work.outbox.summary()).needs_attention == 0


async def test_a_locked_keyring_is_told_as_it_is(tmp_path: Path) -> None:
    def locked() -> bytes:
        raise KeyringLocked("locked")

    with pytest.raises(KeyringLocked):
        await AsyncOutbox.open(tmp_path / "outbox.db", locked)
    assert not (tmp_path / "outbox.db").exists()


async def test_a_wrong_key_is_told_as_it_is(tmp_path: Path) -> None:
    await (await AsyncOutbox.open(tmp_path / "outbox.db", lambda: KEY)).close()
    with pytest.raises(StoreDamaged):
        await AsyncOutbox.open(tmp_path / "outbox.db", lambda: bytes(32))


async def test_the_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    outbox = await AsyncOutbox.open(tmp_path / "outbox.db", lambda: KEY)
    other = await AsyncOutbox.open(tmp_path / "outbox.db", lambda: KEY)
    await outbox.read(lambda store: store._connection.execute("BEGIN IMMEDIATE"))
    blocked = asyncio.create_task(other.enqueue(**content(1)))
    turns = 0
    for _ in range(100):
        await asyncio.sleep(0)
        turns += 1
    assert turns == 100
    assert not blocked.done()
    await outbox.read(lambda store: store._connection.execute("ROLLBACK"))
    assert (await blocked).state is EntryState.QUEUED
    await outbox.close()
    await other.close()
