"""The sender: once each, in order, and never stopped by one reading."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from outbox_fakes import KEY, Bench, FakeEhr, bench, content

from ohx_desktop.domain.errors import (
    Misconfigured,
    NotAuthorised,
    Refused,
    StoreEnvironment,
    Transient,
)
from ohx_desktop.domain.look_up import Found
from ohx_desktop.outbox.delivery import SEND_DEADLINE_S
from ohx_desktop.outbox.failures import CONFLICT_ATTEMPTS
from ohx_desktop.outbox.pauses import PAUSE_AFTER
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.worker import PARALLEL, OutboxWorker

DOWN = Transient("the EHR cannot be reached")
FAILING = Transient("the EHR is not able to", status=503)


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_a_confirmed_reading_is_sent_verified_and_forgotten(at_work: Bench) -> None:
    entry = await at_work.confirm(1)
    done = await at_work.until_state(entry, "verified")
    assert (done.attempts, done.ehr_reference) == (1, "Observation/1")
    assert at_work.ehr.sent == at_work.ehr.verified == [b"bundle 1"]
    assert at_work.clock.elapsed_s < 2
    assert await at_work.outbox.held(entry.id) is None


async def waiting(at_work: Bench) -> None:
    """Return when the sender has nothing to do and waits for a reading."""

    async def idle() -> bool:
        return at_work.outbox._store.sender_waits

    await at_work.until(idle)


async def test_a_reading_is_claimed_in_the_commit_that_saves_it(at_work: Bench) -> None:
    await waiting(at_work)
    commits: list[str] = []
    before_sending: list[int] = []

    def note(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    async def count(_bundle: bytes) -> None:
        before_sending.append(len(commits))

    await at_work.outbox.read(lambda store: store._connection.set_trace_callback(note))
    at_work.ehr.answers = [count]
    entry = await at_work.confirm(1)
    assert (entry.state, entry.attempts) == (EntryState.SENDING, 1)
    await at_work.until_state(entry, "verified")
    assert before_sending == [1]
    # Saved, acknowledged and erased, verified.
    assert len(commits) == 3


async def test_what_was_confirmed_before_of_a_patient_is_sent_before(at_work: Bench) -> None:
    at_work.ehr.answers = [DOWN]
    first = await at_work.confirm(1)
    await at_work.until_state(first, "queued")
    await waiting(at_work)
    second = await at_work.confirm(2)
    other = await at_work.confirm(3, "Patient/2")
    assert second.state is EntryState.QUEUED
    for entry in (first, second, other):
        await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent.index(b"bundle 2") > max(
        number for number, bundle in enumerate(at_work.ehr.sent) if bundle == b"bundle 1"
    )


async def test_a_reading_is_sent_though_who_confirmed_it_was_cancelled(at_work: Bench) -> None:
    await waiting(at_work)
    gate = threading.Event()
    slow_disk = asyncio.create_task(at_work.outbox.read(lambda _store: gate.wait(5)))
    await asyncio.sleep(0)
    confirming = asyncio.create_task(at_work.confirm(1))
    await asyncio.sleep(0)
    confirming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await confirming
    gate.set()
    assert await slow_disk

    async def sent() -> bool:
        return bool(at_work.ehr.sent)

    await at_work.until(sent)
    assert at_work.clock.elapsed_s < 2


async def test_a_sender_that_ends_gives_back_what_was_handed_to_it(at_work: Bench) -> None:
    await waiting(at_work)
    saving = asyncio.create_task(at_work.confirm(1))
    await asyncio.sleep(0)
    # Asked in the same moment: the reading is saved for a sender that never takes it.
    await at_work.stop()
    await saving
    entry = (await at_work.outbox.entries())[0]
    assert entry.state is EntryState.QUEUED
    assert at_work.outbox.next_handed() is None
    assert at_work.ehr.sent == []
    assert not at_work.outbox._store.sender_waits


async def test_a_reading_confirmed_twice_is_sent_once(at_work: Bench) -> None:
    first = await at_work.confirm(1)
    assert (await at_work.confirm(1)).id == first.id
    await at_work.until_state(first, "verified")
    assert (await at_work.confirm(1)).state is EntryState.VERIFIED
    assert at_work.ehr.sent == [b"bundle 1"]


async def test_an_ehr_that_is_down_gets_the_same_bundle_later(at_work: Bench) -> None:
    at_work.ehr.answers = [FAILING, FAILING]
    entry = await at_work.confirm(1)
    done = await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"] * 3
    assert done.attempts == 3
    assert done.last_error is None
    waits = [b - a for a, b in zip(at_work.ehr.sent_at_s, at_work.ehr.sent_at_s[1:], strict=False)]
    # Virtual time may leap a little while the store's thread works.
    assert waits == [pytest.approx(2, abs=1.5), pytest.approx(4, abs=1.5)]


async def test_a_refused_reading_waits_for_a_person_and_others_go_on(at_work: Bench) -> None:
    at_work.ehr.refused[b"bundle 1"] = Refused("the EHR refused the reading (422)")
    poison = await at_work.confirm(1)
    same_patient = await at_work.confirm(2)
    other = await at_work.confirm(3, "Patient/2")
    await at_work.until_state(same_patient, "verified")
    await at_work.until_state(other, "verified")
    kept = await at_work.outbox.entry(poison.id)
    assert kept.state is EntryState.NEEDS_ATTENTION
    assert "422" in (kept.last_error or "")
    at_work.ehr.refused.clear()
    await at_work.outbox.retry(poison.id)
    await at_work.until_state(poison, "verified")


async def test_one_failing_reading_never_blocks_another_patient(at_work: Bench) -> None:
    at_work.ehr.refused[b"bundle 1"] = Transient("it fails for this one", status=503)
    poison = await at_work.confirm(1)
    behind = await at_work.confirm(2)
    for number in range(3, 9):
        await at_work.until_state(await at_work.confirm(number, f"Patient/{number}"), "verified")
    assert (await at_work.outbox.entry(poison.id)).state is EntryState.QUEUED
    # The order within the patient holds meanwhile.
    assert (await at_work.outbox.entry(behind.id)).attempts == 0


@pytest.mark.parametrize("problem", [DOWN, FAILING])
async def test_an_ehr_that_is_down_is_not_asked_for_every_reading(
    at_work: Bench, problem: Transient
) -> None:
    at_work.ehr.answers = [problem] * 1000
    await at_work.stop()
    for number in range(30):
        await at_work.confirm(number, f"Patient/{number}")
    at_work.task = asyncio.create_task(at_work.worker.run())

    async def paused() -> bool:
        return at_work.outbox.problem is not None

    await at_work.until(paused)
    assert len(at_work.ehr.sent) <= PARALLEL
    assert at_work.outbox.problem is problem
    at_work.ehr.answers = []
    at_work.outbox.urge()

    async def all_there() -> bool:
        return len(await at_work.outbox.entries({EntryState.VERIFIED})) == 30

    await at_work.until(all_there)
    assert at_work.outbox.problem is None


async def test_the_server_is_not_asked_before_it_wants(at_work: Bench) -> None:
    at_work.ehr.answers = [Transient("too many requests", status=429, retry_after_s=120)]
    first = await at_work.confirm(1)
    await at_work.until_state(first, "queued", "verified")
    # A new reading does not break the server's wish either.
    second = await at_work.confirm(2, "Patient/2")
    await at_work.until_state(first, "verified")
    await at_work.until_state(second, "verified")
    assert at_work.ehr.sent_at_s[1] - at_work.ehr.sent_at_s[0] >= 120


@pytest.mark.parametrize("error", [NotAuthorised("401"), Misconfigured("404 on the endpoint")])
async def test_what_only_a_person_can_mend_stops_the_queue(at_work: Bench, error: Any) -> None:
    at_work.ehr.answers = [error] * 1000
    entry = await at_work.confirm(1)

    async def told() -> bool:
        return at_work.outbox.problem is error

    await at_work.until(told)
    for number in range(2, 6):
        await at_work.confirm(number, f"Patient/{number}")

    async def a_while_later() -> bool:
        return at_work.clock.elapsed_s > 20

    await at_work.until(a_while_later)
    assert at_work.ehr.sent == [b"bundle 1"]
    kept = await at_work.outbox.entry(entry.id)
    assert kept.state is EntryState.QUEUED
    at_work.ehr.answers = []
    await at_work.outbox.retry(entry.id)
    await at_work.until_state(entry, "verified")
    assert at_work.clock.elapsed_s < 40


async def test_a_lasting_conflict_is_shown_to_a_person(at_work: Bench) -> None:
    at_work.ehr.refused[b"bundle 1"] = Transient("conflict", status=409)
    entry = await at_work.confirm(1)
    kept = await at_work.until_state(entry, "needs-attention")
    assert kept.attempts == CONFLICT_ATTEMPTS


async def test_other_values_in_the_ehr_are_told_and_nothing_is_resent(at_work: Bench) -> None:
    at_work.ehr.verdicts = [Found.DIFFERENT]
    entry = await at_work.confirm(1)
    kept = await at_work.until_state(entry, "needs-attention")
    assert "with another content (Observation.value)" in (kept.last_error or "")
    assert at_work.ehr.sent == [b"bundle 1"]
    assert kept.ehr_reference == "Observation/1"


async def test_a_read_back_is_tried_again_without_resending(at_work: Bench) -> None:
    at_work.ehr.verdicts = [DOWN, DOWN]
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "acknowledged")
    later = await at_work.confirm(2)
    await at_work.until_state(later, "verified")
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1", b"bundle 2"]


async def test_cancelling_a_request_leaves_the_reading_queued(at_work: Bench) -> None:
    async def never(_bundle: bytes) -> None:
        await asyncio.get_running_loop().create_future()

    at_work.ehr.answers = [never]
    entry = await at_work.confirm(1)

    async def in_flight() -> bool:
        return bool(at_work.ehr.sent)

    await at_work.until(in_flight)
    await at_work.stop()
    assert (await at_work.outbox.entry(entry.id)).state is EntryState.QUEUED


async def test_stopping_finishes_the_reading_in_hand(at_work: Bench) -> None:
    async def stop_meanwhile(_bundle: bytes) -> None:
        at_work.worker.stop()

    at_work.ehr.answers = [stop_meanwhile]
    first, second = await at_work.confirm(1), await at_work.confirm(2)
    async with asyncio.timeout(5):
        await at_work.task
    assert (await at_work.outbox.entry(first.id)).state is EntryState.VERIFIED
    assert (await at_work.outbox.entry(second.id)).state is EntryState.QUEUED


@pytest.mark.parametrize("answer", [[], [DOWN] * PAUSE_AFTER, [NotAuthorised("401")]])
async def test_stopping_ends_every_kind_of_waiting(at_work: Bench, answer: list[Any]) -> None:
    at_work.ehr.answers = list(answer)
    for number in range(len(answer)):
        await at_work.confirm(number, f"Patient/{number}")

    async def asked() -> bool:
        return not at_work.ehr.answers

    await at_work.until(asked)
    at_work.worker.stop()
    # No time passes here.
    async with asyncio.timeout(5):
        await at_work.task


async def test_a_lock_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    async with bench(tmp_path) as at_work:
        await at_work.stop()
        (tmp_path / "folder.lock").mkdir()
        worker = OutboxWorker(
            at_work.outbox, at_work.ehr, tmp_path / "folder.lock", sleep=at_work.clock.sleep
        )
        at_work.task = asyncio.create_task(worker.run())

        async def told() -> bool:
            return isinstance(at_work.outbox.problem, StoreEnvironment)

        await at_work.until(told)
        worker.stop()
        await at_work.task


async def test_an_answer_that_never_comes_is_given_up(
    at_work: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_bundle: bytes) -> None:
        await asyncio.get_running_loop().create_future()

    assert SEND_DEADLINE_S > 60
    monkeypatch.setattr("ohx_desktop.outbox.delivery.SEND_DEADLINE_S", 0.01)
    at_work.ehr.answers = [never]
    await at_work.until_state(await at_work.confirm(1), "verified")
    assert at_work.ehr.sent == [b"bundle 1"] * 2


async def test_a_bug_loses_nothing_is_told_and_does_not_spin(at_work: Bench) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    bug = KeyError("128/82 of Mrs Canary")
    at_work.ehr.refused[b"bundle 1"] = bug
    entry = await at_work.confirm(1)
    other = await at_work.confirm(2, "Patient/2")
    await at_work.until_state(other, "verified")

    async def a_minute_later() -> bool:
        return at_work.clock.elapsed_s > 60

    await at_work.until(a_minute_later)
    kept = await at_work.outbox.entry(entry.id)
    assert kept.state is EntryState.QUEUED
    assert "KeyError" in (kept.last_error or "")
    assert "Canary" not in (kept.last_error or "")
    assert {context["exception"] for context in told} == {bug}
    assert len(told) == kept.attempts <= 6


async def test_a_bug_in_the_read_back_changes_nothing(at_work: Bench) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    at_work.ehr.verdicts = [ZeroDivisionError()]
    entry = await at_work.confirm(1)

    async def reported() -> bool:
        return bool(told)

    await at_work.until(reported)
    assert (await at_work.outbox.entry(entry.id)).state is EntryState.ACKNOWLEDGED
    assert await at_work.outbox.held(entry.id) is not None
    await at_work.until_state(await at_work.confirm(2, "Patient/2"), "verified")
    await at_work.until_state(entry, "verified")
    assert len(told) == 1


async def test_a_full_disk_stops_sending_until_there_is_room(at_work: Bench) -> None:
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "verified")
    await at_work.outbox.read(lambda store: store._connection.execute("PRAGMA query_only = ON"))
    at_work.outbox.woken.set()
    with pytest.raises(StoreEnvironment):
        await at_work.confirm(2)
    await at_work.outbox.read(lambda store: store._connection.execute("PRAGMA query_only = OFF"))
    await at_work.until_state(await at_work.confirm(2), "verified")


async def test_an_acknowledgement_that_cannot_be_noted_is_asked_for_and_not_sent_again(
    at_work: Bench,
) -> None:
    steps: list[str] = []
    followed = asyncio.Event()

    async def disk_fills_up(_bundle: bytes) -> None:
        await followed.wait()
        await set_query_only("ON")

    async def follow(entry: OutboxEntry) -> None:
        async for step in at_work.outbox.progress(entry.id):
            steps.append(step.state.value)
            followed.set()

    async def set_query_only(value: str) -> None:
        await at_work.outbox.read(
            lambda store: store._connection.execute(f"PRAGMA query_only = {value}")
        )

    at_work.ehr.answers = [disk_fills_up]
    entry = await at_work.confirm(1)

    async def told() -> bool:
        return isinstance(at_work.outbox.problem, StoreEnvironment)

    following = asyncio.create_task(follow(entry))
    await at_work.until(told)
    assert (await at_work.outbox.entry(entry.id)).state is EntryState.SENDING
    await set_query_only("OFF")
    await at_work.until_state(entry, "verified")
    # Who saw it arrive is not told the opposite: the EHR has it.
    await following
    assert steps[-1] == "verified"
    assert set(steps[steps.index("acknowledged") :]) == {"acknowledged", "verified"}
    assert at_work.ehr.sent == at_work.ehr.verified == [b"bundle 1"]


async def test_an_acknowledgement_is_told_before_it_is_noted(
    at_work: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting(at_work)
    noted: list[UUID] = []
    noted_when_told: list[UUID] = []
    followed = asyncio.Event()
    real = OutboxStore.acknowledge

    def acknowledge(store: OutboxStore, entry_id: UUID, reference: str | None) -> OutboxEntry:
        noted.append(entry_id)
        return real(store, entry_id, reference)

    async def answer(_bundle: bytes) -> None:
        await followed.wait()

    async def follow(entry: OutboxEntry) -> None:
        async for step in at_work.outbox.progress(entry.id):
            followed.set()
            if step.state is EntryState.ACKNOWLEDGED:
                assert step.ehr_reference == "Observation/1"
                noted_when_told.extend(noted)
                return

    monkeypatch.setattr(OutboxStore, "acknowledge", acknowledge)
    at_work.ehr.answers = [answer]
    entry = await at_work.confirm(1)
    following = asyncio.create_task(follow(entry))
    await at_work.until_state(entry, "verified")
    await following
    assert noted_when_told == []
    assert noted == [entry.id]
    assert await at_work.outbox.held(entry.id) is None


async def test_the_second_sender_only_watches_until_the_first_ends(
    at_work: Bench, tmp_path: Path
) -> None:
    await at_work.until_state(await at_work.confirm(1), "verified")
    outbox = await AsyncOutbox.open(tmp_path / "outbox.db", lambda: KEY, now=at_work.clock.now)
    ehr = FakeEhr(at_work.clock)
    worker = OutboxWorker(outbox, ehr, tmp_path / "sender.lock", sleep=at_work.clock.sleep)
    second = asyncio.create_task(worker.run())
    # What the second window confirms, the first one sends.
    mine = await outbox.enqueue(**content(2))
    await at_work.until_state(mine, "verified")
    assert ehr.sent == []
    await at_work.stop()
    later = await outbox.enqueue(**content(3))
    taken_over = Bench(outbox, ehr, at_work.clock, worker, second)
    await taken_over.until_state(later, "verified")
    assert ehr.sent == [b"bundle 3"]
    await taken_over.stop()
    await outbox.close()


async def test_changes_by_a_command_are_noticed_and_told(at_work: Bench, tmp_path: Path) -> None:
    await at_work.until_state(await at_work.confirm(1), "verified")
    changes = []
    at_work.outbox._on_change = lambda: changes.append(1)
    command = OutboxStore.open(tmp_path / "outbox.db", KEY, now=at_work.clock.now)
    entry = command.enqueue(**content(2))
    command.close()
    before = at_work.clock.elapsed_s
    await at_work.until_state(entry, "verified")
    assert at_work.clock.elapsed_s - before <= 3
    assert changes
