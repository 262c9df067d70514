"""Several patients at once, and what stops all of them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outbox_fakes import Bench, bench

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Refused, Transient
from ohx_desktop.outbox.backoff import RETRY_AFTER_CAP_S
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.worker import PARALLEL, PROBE_CAP_S

DOWN = Transient("the EHR cannot be reached")


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def fill(at_work: Bench, patients: int, of_each: int) -> None:
    """Confirm so many readings while nobody sends: the patients take turns."""
    await at_work.stop()
    for number in range(patients * of_each):
        await at_work.confirm(number, f"Patient/{number % patients}")


async def send(at_work: Bench) -> None:
    at_work.task = asyncio.create_task(at_work.worker.run())


async def verified(at_work: Bench, number: int) -> None:
    async def there() -> bool:
        return len(await at_work.outbox.entries({EntryState.VERIFIED})) == number

    await at_work.until(there)


async def test_several_patients_at_once_and_each_in_order(at_work: Bench) -> None:
    busy: dict[int, int] = defaultdict(int)

    async def watch(bundle: bytes) -> None:
        patient = int(bundle.split()[1]) % 6
        busy[patient] += 1
        assert busy[patient] == 1
        for _ in range(20):
            await asyncio.sleep(0)
        busy[patient] -= 1

    at_work.ehr.answers = [watch] * 60
    await fill(at_work, 6, 10)
    await send(at_work)
    await verified(at_work, 60)
    assert at_work.ehr.most_at_once == PARALLEL
    numbers = [int(bundle.split()[1]) for bundle in at_work.ehr.sent]
    for patient in range(6):
        of_patient = [number for number in numbers if number % 6 == patient]
        assert of_patient == sorted(of_patient)
    assert len(numbers) == len(set(numbers))


async def test_one_poison_among_four_patients_holds_nobody_up(at_work: Bench) -> None:
    await fill(at_work, 4, 5)
    at_work.ehr.refused[b"bundle 1"] = Transient("it fails for this one", status=500)
    at_work.ehr.refused[b"bundle 2"] = Refused("422")
    await send(at_work)
    # All of two patients, and of the one whose first was refused the others.
    await verified(at_work, 14)
    assert at_work.clock.elapsed_s < 60
    states = [entry.state for entry in await at_work.outbox.entries()]
    assert states.count(EntryState.NEEDS_ATTENTION) == 1
    # Of the patient whose first fails all five wait for it, or it is being tried once more.
    assert sum(state in {EntryState.QUEUED, EntryState.SENDING} for state in states) == 5
    assert b"bundle 5" not in at_work.ehr.sent


async def test_a_person_is_not_kept_waiting_by_a_backlog(at_work: Bench) -> None:
    async def slow(_bundle: bytes) -> None:
        await at_work.clock.sleep(1)

    await fill(at_work, 25, 2)
    at_work.ehr.answers = [slow] * 200
    await send(at_work)

    async def begun() -> bool:
        return len(at_work.ehr.sent) > PARALLEL

    await at_work.until(begun)
    entry = await at_work.confirm(1000, "Patient/1000")
    assert entry.state is EntryState.SENDING
    before = len(at_work.ehr.sent)
    await at_work.until_state(entry, "acknowledged", "verified")
    assert at_work.ehr.sent.index(b"bundle 1000") <= before + PARALLEL


async def test_what_is_confirmed_is_made_ready_while_the_disk_writes(at_work: Bench) -> None:
    async def claims() -> bool:
        return at_work.outbox._store.sender_waits

    await at_work.until(claims)
    await at_work.until_state(await at_work.confirm(1), "verified")
    assert at_work.ehr.prepared == [b"bundle 1"]


async def test_what_was_claimed_and_not_begun_is_as_if_it_had_not_been(at_work: Bench) -> None:
    await fill(at_work, 20, 1)
    at_work.ehr.is_there = False
    await send(at_work)

    async def paused() -> bool:
        return at_work.outbox.problem is not None and not await at_work.outbox.entries(
            {EntryState.SENDING}
        )

    await at_work.until(paused)
    entries = await at_work.outbox.entries()
    assert sum(entry.attempts for entry in entries) == len(at_work.ehr.sent) <= PARALLEL
    assert not any(entry.is_doubtful for entry in entries)


async def test_sending_goes_on_as_soon_as_the_ehr_is_back(at_work: Bench) -> None:
    at_work.ehr.is_there = False
    entry = await at_work.confirm(1)

    async def much_later() -> bool:
        return at_work.clock.elapsed_s > 900

    await at_work.until(much_later)
    # Asked often, by questions that cost nothing; the reading itself was sent rarely.
    assert len(at_work.ehr.probed_at_s) > 50
    assert len(at_work.ehr.sent) < 15
    at_work.ehr.is_there = True
    back_at_s = at_work.clock.elapsed_s
    await at_work.until_state(entry, "verified")
    assert at_work.clock.elapsed_s - back_at_s <= PROBE_CAP_S + 2


@pytest.mark.parametrize("asked_s", [120, 3600])
async def test_the_ehr_is_spared_as_long_as_it_asks_up_to_a_limit(
    at_work: Bench, asked_s: float
) -> None:
    await fill(at_work, 10, 1)
    patience = Transient("maintenance", status=503, retry_after_s=asked_s)
    at_work.ehr.answers = [patience] * PARALLEL
    await send(at_work)
    await verified(at_work, 10)
    pause_s = at_work.ehr.sent_at_s[PARALLEL] - at_work.ehr.sent_at_s[PARALLEL - 1]
    assert min(asked_s, RETRY_AFTER_CAP_S) <= pause_s <= RETRY_AFTER_CAP_S * 1.1 + 1
    assert at_work.ehr.probed_at_s == []
    # Then one goes ahead to see, and the others follow it.
    assert at_work.ehr.sent_at_s.count(at_work.ehr.sent_at_s[PARALLEL]) >= 1


@pytest.mark.parametrize("error", [NotAuthorised("401"), Misconfigured("403", status=403)])
async def test_a_refusal_that_is_one_readings_own_does_not_stop_the_others(
    at_work: Bench, error: Exception
) -> None:
    await fill(at_work, 5, 1)
    at_work.ehr.refused[b"bundle 0"] = error
    await send(at_work)
    await verified(at_work, 4)
    # One pause, in which it might have been everybody's; the rest went before it was tried again.
    assert at_work.ehr.sent.count(b"bundle 0") <= 2
    assert at_work.clock.elapsed_s < 120
