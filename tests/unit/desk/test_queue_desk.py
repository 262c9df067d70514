"""The queue's list and one entry of it: what is told, to whom, and for how long."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from queue_bench import NURSE, Bench, bench, patient, reading

from ohx_desktop.audit.events import Event
from ohx_desktop.desk import queue_desk
from ohx_desktop.desk.queue_desk import QueueDesk
from ohx_desktop.desk.queue_states import Act, Group, OneEntry, QueueList, acts_of
from ohx_desktop.domain.errors import Transient
from ohx_desktop.outbox.states import EntryState, OutboxEntry

DEADLINE_S = 10.0


class Page:
    """A queue, its desk, and everything that was drawn of it."""

    def __init__(self, at: Bench) -> None:
        self.at = at
        self.shown: list[QueueList | OneEntry] = []
        self.noted: list[tuple[Event, dict[str, Any]]] = []
        self.minute_is_over = asyncio.Event()
        self.desk = QueueDesk(
            listing=at.listing,
            queue=at.outbox,
            patients=at.edge,
            signed_in=at.who,
            on_state=self.shown.append,
            note=lambda event, **told: self.noted.append((event, told)),
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        assert seconds == queue_desk.SEEN_S
        await self.minute_is_over.wait()

    @property
    def entry(self) -> OneEntry:
        state = self.desk.state
        assert isinstance(state, OneEntry)
        return state

    def listed(self) -> list[OutboxEntry]:
        state = self.desk.state
        assert isinstance(state, QueueList)
        return [each.entry for each in state.entries or ()]

    async def choose(self, entry: OutboxEntry) -> OneEntry:
        await self.desk.show_list()
        await self.desk.choose(entry.id)
        return self.entry


@pytest.fixture
async def page(tmp_path: Path) -> AsyncGenerator[Page]:
    async with bench(tmp_path) as at:
        made = Page(at)
        yield made
        await made.desk.close()


async def test_what_needs_a_person_comes_first_and_the_newest_of_each_group(page: Page) -> None:
    at = page.at
    refused = [await at.refuse(await at.file(number, whose=1)) for number in (1, 2)]
    arrived = await at.arrive(await at.file(3, whose=2))
    given_up = await at.file(4, whose=3)
    await at.outbox.discard(given_up.id, "other")
    waiting = [await at.file(number, whose=4) for number in (5, 6)]
    await page.desk.show_list()
    in_order = [*reversed(refused), *reversed(waiting), arrived, given_up]
    assert [entry.id for entry in page.listed()] == [entry.id for entry in in_order]
    state = page.desk.state
    assert isinstance(state, QueueList)
    assert (state.needs_attention, state.waiting, state.has_more) == (2, 2, False)


async def test_a_group_shows_its_own_entries_only(page: Page) -> None:
    refused = await page.at.refuse(await page.at.file(1))
    await page.at.file(2)
    await page.desk.show_list(Group.NEEDS_YOU)
    assert [entry.id for entry in page.listed()] == [refused.id]
    await page.desk.show_list(Group.GIVEN_UP)
    assert page.listed() == []


async def test_pages_go_on_where_the_last_one_ended_and_miss_nothing(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_desk, "PAGE", 2)
    refused = [await page.at.refuse(await page.at.file(number, whose=1)) for number in range(3)]
    waiting = [await page.at.file(number, whose=2) for number in range(3, 6)]
    in_order = [entry.id for entry in (*reversed(refused), *reversed(waiting))]
    await page.desk.show_list()
    for room in (2, 4, 6):
        state = page.desk.state
        assert isinstance(state, QueueList)
        assert [entry.id for entry in page.listed()] == in_order[:room]
        assert state.has_more == (room < len(in_order))
        await page.desk.show_more()
    assert [entry.id for entry in page.listed()] == in_order


async def test_the_list_follows_the_queue_and_keeps_its_length(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_desk, "PAGE", 1)
    first = await page.at.file(1)
    second = await page.at.file(2, whose=2)
    await page.desk.show_list()
    await page.desk.show_more()
    assert [entry.id for entry in page.listed()] == [second.id, first.id]
    await page.at.refuse(first)
    await page.desk.refresh()
    assert [entry.id for entry in page.listed()] == [first.id, second.id]


async def test_what_comes_after_leaving_is_not_shown(page: Page) -> None:
    await page.at.file()
    loading = asyncio.create_task(page.desk.show_list())
    while not page.shown:
        await asyncio.sleep(0)
    page.desk.leave()
    await loading
    assert page.desk.state is None
    assert page.shown == [QueueList()]


async def test_a_reading_is_shown_on_request_with_its_patient_and_that_is_noted(
    page: Page,
) -> None:
    entry = await page.at.file(7, whose=3)
    assert (await page.choose(entry)).seen is None
    await page.desk.look()
    seen = page.entry.seen
    assert seen is not None
    assert (seen.reading, seen.patient) == (reading(7), patient(3))
    assert page.noted == [(Event.READING_VIEWED, {"patient": "Patient/3"})]
    page.desk.hide()
    assert page.entry.seen is None


async def test_a_reading_that_is_shown_goes_by_itself(page: Page) -> None:
    await page.choose(await page.at.file())
    await page.desk.look()
    page.minute_is_over.set()
    async with asyncio.timeout(DEADLINE_S):
        while page.entry.seen is not None:
            await asyncio.sleep(0)


async def test_a_reading_that_arrives_while_it_is_shown_goes_from_the_screen(page: Page) -> None:
    entry = await page.at.file()
    await page.choose(entry)
    await page.desk.look()
    await page.at.arrive(entry)
    await page.desk.refresh()
    assert page.entry.listed.entry.state is EntryState.VERIFIED
    assert page.entry.seen is None
    assert Act.LOOK not in acts_of(page.entry.listed)


async def test_values_are_shown_though_the_ehr_does_not_tell_whose_they_are(page: Page) -> None:
    page.at.edge.raises = Transient("the EHR cannot be reached")
    await page.choose(await page.at.file())
    await page.desk.look()
    seen = page.entry.seen
    assert seen is not None
    assert seen.patient is None


async def test_another_reading_never_gets_the_name_that_comes_late(page: Page) -> None:
    first, second = await page.at.file(1, whose=1), await page.at.file(2, whose=2)
    page.at.edge.gate.clear()
    await page.choose(first)
    late = asyncio.create_task(page.desk.look())
    await page.at.edge.asked.wait()
    await page.desk.open(second.id)
    too = asyncio.create_task(page.desk.look())
    async with asyncio.timeout(DEADLINE_S):
        while page.entry.seen is None:
            await asyncio.sleep(0)
    page.at.edge.gate.set()
    await asyncio.gather(late, too)
    told = [
        state.seen.patient.reference
        for state in page.shown
        if isinstance(state, OneEntry) and state.seen and state.seen.patient
    ]
    assert told == ["Patient/2"]


async def test_whoever_is_signed_in_sends_again(page: Page) -> None:
    refused = await page.at.refuse(await page.at.file())
    await page.choose(refused)
    await page.desk.retry()
    assert page.entry.retried
    assert page.entry.listed.entry.state is EntryState.QUEUED
    links = await page.at.outbox.read(lambda store: list(store.audit.links()))
    records = [link.record for link in links]
    assert [each.who for each in records if each.event == Event.RETRIED] == [NURSE]


async def test_where_nobody_is_signed_in_nothing_is_sent_again(page: Page) -> None:
    refused = await page.at.refuse(await page.at.file())
    await page.choose(refused)
    page.at.present = None
    await page.desk.retry()
    assert page.entry.error is not None
    assert not page.entry.retried
    assert page.entry.listed.entry.state is EntryState.NEEDS_ATTENTION


async def test_an_entry_that_is_gone_is_told_in_the_list(page: Page) -> None:
    entry = await page.at.file()
    await page.desk.open(entry.reading_id)
    state = page.desk.state
    assert isinstance(state, QueueList)
    assert state.error is not None
