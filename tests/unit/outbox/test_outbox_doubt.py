"""What nobody knows the fate of is asked for, and never sent blindly."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outbox_fakes import KEY, Bench, bench, content

from ohx_desktop.domain.errors import Misconfigured, Refused, Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore

LOST = Transient("the connection was lost before an answer came", is_doubtful=True)
DOWN = Transient("the EHR cannot be reached")


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def stored_then_lost(at_work: Bench) -> OutboxEntry:
    """Confirm a reading that the EHR stores without an answer."""

    async def store_and_drop(bundle: bytes) -> None:
        at_work.ehr.store(bundle)
        raise LOST

    at_work.ehr.answers = [store_and_drop]
    return await at_work.confirm(1)


async def test_an_answer_that_was_lost_is_looked_up_once_and_nothing_is_sent_again(
    at_work: Bench,
) -> None:
    entry = await stored_then_lost(at_work)
    done = await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"]
    assert at_work.ehr.looked_up == [[b"bundle 1"]]
    assert done.ehr_reference == "Observation/1"
    assert await at_work.outbox.held(entry.id) is None


async def test_what_the_ehr_does_not_have_is_sent_again_byte_by_byte(at_work: Bench) -> None:
    at_work.ehr.answers = [LOST]
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"] * 2
    # Asked before it was sent again, and read back afterwards.
    assert at_work.ehr.looked_up == [[b"bundle 1"]] * 2


async def test_a_sure_failure_is_not_asked_about(at_work: Bench) -> None:
    at_work.ehr.answers = [Transient("too many", status=429, retry_after_s=5)]
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.looked_up == [[b"bundle 1"]]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Found.DIFFERENT, "with another content (Observation.value)"),
        (Found.DOUBLED, "more than once"),
        (Found.RETRACTED, "as entered in error"),
    ],
)
async def test_another_content_under_our_name_is_a_persons_matter(
    at_work: Bench, found: Found, told: str
) -> None:
    at_work.ehr.verdicts = [found]
    entry = await stored_then_lost(at_work)
    kept = await at_work.until_state(entry, "needs-attention")
    assert told in (kept.last_error or "")
    assert kept.is_doubtful
    assert at_work.ehr.sent == [b"bundle 1"]
    held = await at_work.outbox.held(entry.id)
    assert held is not None
    assert held.bundle == b"bundle 1"


async def test_what_the_ehr_had_already_is_compared_before_it_is_erased(at_work: Bench) -> None:
    at_work.ehr.holds[b"bundle 1"] = "Observation/7"
    steps: list[EntryState] = []
    entry = await at_work.confirm(1)

    async def follow() -> None:
        steps.extend([step.state async for step in at_work.outbox.progress(entry.id)])

    following = asyncio.create_task(follow())
    done = await at_work.until_state(entry, "verified")
    await following
    assert done.ehr_reference == "Observation/7"
    assert at_work.ehr.looked_up == [[b"bundle 1"]]


async def test_what_the_ehr_had_already_with_other_content_is_never_skipped(
    at_work: Bench,
) -> None:
    at_work.ehr.holds[b"bundle 1"] = "Observation/7"
    at_work.ehr.verdicts = [Found.DIFFERENT]
    steps: list[EntryState] = []
    entry = await at_work.confirm(1)

    async def follow() -> None:
        steps.extend([step.state async for step in at_work.outbox.progress(entry.id)])

    following = asyncio.create_task(follow())
    await at_work.until_state(entry, "needs-attention")
    await following
    # Nobody is told that the EHR has it.
    assert EntryState.ACKNOWLEDGED not in steps
    assert await at_work.outbox.held(entry.id) is not None


@pytest.mark.parametrize("refusal", [Misconfigured("no search here", status=405), Refused("no")])
async def test_an_ehr_that_cannot_be_asked_gets_the_same_bytes_on_condition(
    at_work: Bench, refusal: Exception
) -> None:
    at_work.ehr.verdicts = [refusal]
    entry = await stored_then_lost(at_work)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"] * 2
    assert list(at_work.ehr.holds) == [b"bundle 1"]


async def test_doubt_lasts_while_the_ehr_cannot_be_asked(at_work: Bench) -> None:
    at_work.ehr.verdicts = [DOWN, DOWN]
    entry = await stored_then_lost(at_work)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"]
    assert len(at_work.ehr.looked_up) == 3


async def test_what_a_dead_sender_left_half_way_is_asked_for(tmp_path: Path) -> None:
    async with bench(tmp_path) as first:
        entry = await first.confirm(1)
        await first.until_state(entry, "verified")
    store = OutboxStore.open(tmp_path / "outbox.db", KEY)
    left = store.enqueue(**content(2))
    assert store.next_due(left.created_at) is not None
    store.close()
    async with bench(tmp_path) as second:
        second.ehr.holds[b"bundle 2"] = "Observation/2"
        await second.until_state(left, "verified")
        assert second.ehr.sent == []


async def test_a_restored_backup_sends_nothing_twice(tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    async with bench(tmp_path) as first:
        await first.stop()
        entry = await first.confirm(1)
        await first.outbox.read(OutboxStore.forget_erased)
        await first.outbox.read(
            lambda store: store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        )
        backup.write_bytes((tmp_path / "outbox.db").read_bytes())
        first.task = asyncio.create_task(first.worker.run())
        await first.until_state(entry, "verified")
        there = first.ehr.holds
    for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "outbox.db").write_bytes(backup.read_bytes())
    async with bench(tmp_path) as second:
        second.ehr.holds = there
        await second.until_state(entry, "verified")
        assert list(there) == [b"bundle 1"]
        assert second.ehr.looked_up == [[b"bundle 1"]]
