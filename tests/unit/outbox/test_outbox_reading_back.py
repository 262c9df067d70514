"""Reading back: only what the EHR gives back as sent is erased, and nothing stays for good."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from outbox_fakes import KEY, Bench, FakeEhr, bench, content

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Refused, Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.outbox.reading_back import ABSENT_ATTEMPTS, BATCH, REFUSED_ATTEMPTS
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore

DOWN = Transient("the EHR cannot be reached")


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def passed(at_work: Bench, seconds: float) -> None:
    """Let so much time pass."""
    end_s = at_work.clock.elapsed_s + seconds

    async def over() -> bool:
        return at_work.clock.elapsed_s >= end_s

    await at_work.until(over)


async def all_verified(at_work: Bench, number: int) -> None:
    async def there() -> bool:
        return len(await at_work.outbox.entries({EntryState.VERIFIED})) == number

    await at_work.until(there)


async def test_many_readings_are_read_back_in_few_requests(at_work: Bench) -> None:
    await at_work.stop()
    for number in range(3 * BATCH):
        await at_work.confirm(number, f"Patient/{number}")
    at_work.task = asyncio.create_task(at_work.worker.run())
    await all_verified(at_work, 3 * BATCH)
    assert len(at_work.ehr.looked_up) < BATCH / 2
    assert max(map(len, at_work.ehr.looked_up)) <= BATCH
    assert sorted(at_work.ehr.verified) == sorted(at_work.ehr.sent)


async def test_what_an_earlier_program_had_acknowledged_is_read_back(tmp_path: Path) -> None:
    store = OutboxStore.open(tmp_path / "outbox.db", KEY)
    entries = [store.enqueue(**content(number, f"Patient/{number}")) for number in range(150)]
    for entry in entries:
        assert store.next_due(entry.created_at) is not None
        store.acknowledge(entry.id, f"Observation/{entry.id}")
    store.close()
    async with bench(tmp_path) as at_work:
        at_work.ehr.holds = {b"bundle %d" % number: "Observation/1" for number in range(150)}
        await all_verified(at_work, 150)
        assert at_work.ehr.sent == []


async def test_what_the_ehr_shows_a_little_later_is_waited_for(at_work: Bench) -> None:
    at_work.ehr.verdicts = [Found.ABSENT, Found.ABSENT]
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"]
    assert at_work.clock.elapsed_s < 20


async def test_what_the_ehr_acknowledged_and_never_shows_is_kept_for_a_person(
    at_work: Bench,
) -> None:
    at_work.ehr.verdicts = [Found.ABSENT] * ABSENT_ATTEMPTS
    entry = await at_work.confirm(1)
    kept = await at_work.until_state(entry, "needs-attention")
    assert "does not show it" in (kept.last_error or "")
    assert await at_work.outbox.held(entry.id) is not None
    # Asked again by a person, it is looked up and, not being there, sent.
    at_work.ehr.holds.clear()
    await at_work.outbox.retry(entry.id)
    await at_work.until_state(entry, "verified")
    assert at_work.ehr.sent == [b"bundle 1"] * 2


async def test_one_that_was_corrected_in_the_ehr_meanwhile_has_arrived(at_work: Bench) -> None:
    at_work.ehr.verdicts = [Found.RETRACTED]
    await at_work.until_state(await at_work.confirm(1), "verified")


@pytest.mark.parametrize(
    "refusal", [Misconfigured("no search", status=405), Refused("no"), KeyError("a bug")]
)
async def test_one_reading_that_cannot_be_read_back_holds_no_other_up(
    at_work: Bench, refusal: Exception
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    poison = b"bundle 2"
    real = FakeEhr._found

    def found(self: FakeEhr, bundle: bytes) -> LookUp:
        if bundle == poison:
            raise refusal
        return real(self, bundle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeEhr, "_found", found)
        await at_work.stop()
        entries = [await at_work.confirm(number, f"Patient/{number}") for number in range(5)]
        at_work.task = asyncio.create_task(at_work.worker.run())
        await all_verified(at_work, 4)
        assert (await at_work.outbox.entry(entries[2].id)).state is EntryState.ACKNOWLEDGED


async def test_an_ehr_that_lets_nothing_be_read_back_leaves_no_reading_here(
    at_work: Bench,
) -> None:
    at_work.ehr.verdicts = [Misconfigured("no search here", status=405)] * 100
    entry = await at_work.confirm(1)

    async def erased() -> bool:
        return await at_work.outbox.held(entry.id) is None

    await at_work.until(erased)
    assert (await at_work.outbox.entry(entry.id)).state is EntryState.ACKNOWLEDGED
    assert len(at_work.ehr.looked_up) == REFUSED_ATTEMPTS
    assert at_work.clock.elapsed_s > 30


async def test_an_ehr_that_cannot_be_asked_for_hours_leaves_no_reading_here(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, verify_for=timedelta(minutes=20)) as at_work:
        at_work.ehr.verdicts = [DOWN] * 1000
        entry = await at_work.confirm(1)

        async def erased() -> bool:
            return await at_work.outbox.held(entry.id) is None

        await at_work.until(erased)
        assert at_work.clock.elapsed_s >= 20 * 60
        assert (await at_work.outbox.entry(entry.id)).state is EntryState.ACKNOWLEDGED


@pytest.mark.parametrize("by", [timedelta(days=400), timedelta(days=-400)])
async def test_a_clock_that_is_set_does_not_end_the_reading_back(
    at_work: Bench, by: timedelta
) -> None:
    at_work.ehr.verdicts = [DOWN] * 2
    entry = await at_work.confirm(1)
    await at_work.until_state(entry, "acknowledged")
    at_work.clock.set_wall_clock(by)
    await at_work.until_state(entry, "verified")
    assert at_work.clock.elapsed_s < 30


async def test_who_must_sign_in_is_not_taken_for_one_who_refuses(at_work: Bench) -> None:
    at_work.ehr.verdicts = [NotAuthorised("401")] * (REFUSED_ATTEMPTS + 2)
    entry = await at_work.confirm(1)
    await passed(at_work, 1200)
    assert (await at_work.outbox.entry(entry.id)).state is EntryState.VERIFIED


async def test_a_reading_stays_as_long_as_the_clinic_keeps_it(tmp_path: Path) -> None:
    async with bench(tmp_path, keep_verified=timedelta(minutes=5)) as at_work:
        entry = await at_work.confirm(1)
        await at_work.until_state(entry, "verified")
        assert await at_work.outbox.held(entry.id) is not None

        async def erased() -> bool:
            return await at_work.outbox.held(entry.id) is None

        await at_work.until(erased)
        assert 300 <= at_work.clock.elapsed_s < 310
