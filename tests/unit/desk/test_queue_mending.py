"""Putting a filed reading right: two decisions, whoever is signed in, and nothing half done."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from queue_bench import NURSE, Bench, bench, patient, reading

from ohx_desktop.audit.events import Event
from ohx_desktop.desk.queue_mending import MendingDesk, MendingState
from ohx_desktop.desk.queue_states import Act, AskingWhy, FindingRight, Mended, Reason, Seen
from ohx_desktop.domain.errors import Transient
from ohx_desktop.domain.patient import PatientQuery, PatientsFound
from ohx_desktop.outbox.records import Corrected
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry

RIGHT = patient(2)
BY_NUMBER, BY_NAME = PatientQuery(identifier="002"), PatientQuery(family="Family2", given="Given")
DEADLINE_S = 10.0


class Page:
    """A queue, the desk that puts it right, and everything that was drawn."""

    def __init__(self, at: Bench) -> None:
        self.at = at
        at.edge.found = PatientsFound(patients=(RIGHT,))
        self.shown: list[MendingState] = []
        self.noted: list[tuple[Event, dict[str, Any]]] = []
        self.bugs: list[BaseException] = []
        self.desk = MendingDesk(
            listing=at.listing,
            queue=at.outbox,
            corrector=at.corrector,
            patients=at.edge,
            signed_in=at.who,
            on_state=self.shown.append,
            on_failure=self.bugs.append,
            note=lambda event, **told: self.noted.append((event, told)),
        )

    async def asked_why(self, entry: OutboxEntry, act: Act = Act.CORRECT) -> None:
        await self.desk.begin(entry.id, act)
        assert isinstance(self.desk.state, AskingWhy)

    async def asked_whose(self, entry: OutboxEntry) -> None:
        """Go on to the question whether it is the right patient's."""
        await self.asked_why(entry)
        self.desk.give_reason(Reason.WRONG_PATIENT)
        await self.desk.find(BY_NUMBER)
        self.desk.choose(RIGHT)
        assert isinstance(self.desk.state, FindingRight)
        assert self.desk.state.chosen == RIGHT

    def mended(self) -> Mended:
        assert isinstance(self.desk.state, Mended), self.desk.state
        return self.desk.state


@pytest.fixture
async def page(tmp_path: Path) -> AsyncGenerator[Page]:
    async with bench(tmp_path) as at:
        made = Page(at)
        yield made
        await made.desk.close()
        assert made.bugs == []


async def test_one_press_does_nothing(page: Page) -> None:
    entry = await page.at.file()
    await page.desk.accept()
    await page.asked_why(entry, Act.DISCARD)
    await page.desk.accept()
    assert await page.at.outbox.entry(entry.id) == entry


async def test_a_reading_is_given_up_for_a_reason_by_whoever_is_signed_in(page: Page) -> None:
    entry = await page.at.refuse(await page.at.file())
    await page.asked_why(entry, Act.DISCARD)
    page.desk.give_reason(Reason.ENTERED_BY_HAND)
    await page.desk.accept()
    ended = page.mended().listed.entry
    assert ended.state is EntryState.DISCARDED
    assert (ended.reason, ended.decided_by) == ("entered-by-hand", NURSE)


async def test_a_reason_that_is_not_offered_is_ignored(page: Page) -> None:
    await page.asked_why(await page.at.file())
    page.desk.give_reason(Reason.NOT_WRONG)
    assert page.desk.state == page.shown[0]


async def test_where_nobody_is_signed_in_nothing_is_done(page: Page) -> None:
    entry = await page.at.file()
    await page.asked_why(entry, Act.DISCARD)
    page.desk.give_reason(Reason.OTHER)
    page.at.present = None
    await page.desk.accept()
    state = page.desk.state
    assert isinstance(state, AskingWhy)
    assert state.error is not None
    assert (state.reason, state.busy) == (None, False)
    assert await page.at.outbox.entry(entry.id) == entry


async def test_a_reading_that_waits_goes_to_the_right_patient_and_never_to_the_wrong_one(
    page: Page,
) -> None:
    entry = await page.at.file()
    await page.asked_whose(entry)
    await page.desk.accept()
    done = page.mended()
    assert done.taken_back is None, "it never left this computer"
    assert done.patient == RIGHT
    assert done.refiled is not None
    assert done.listed.entry.state is EntryState.DISCARDED
    held = await page.at.outbox.held(done.refiled.id)
    assert held is not None
    assert held.patient == RIGHT.reference
    assert b"Patient/1" not in held.bundle
    assert page.noted == [(Event.PATIENT_IDENTIFIED, {"patient": RIGHT.reference})]


async def test_how_far_it_is_follows_the_queue(page: Page) -> None:
    await page.asked_whose(await page.at.file())
    await page.desk.accept()
    refiled = page.mended().refiled
    assert refiled is not None
    await page.at.arrive(refiled)
    async with asyncio.timeout(DEADLINE_S):
        while (now := page.mended().refiled) is None or now.state is not EntryState.VERIFIED:
            await asyncio.sleep(0.001)


async def test_what_the_ehr_may_have_is_ordered_back(page: Page) -> None:
    entry = await page.at.file()
    await page.at.send(entry)
    await page.at.outbox.change(lambda store: store.acknowledge(entry.id, "Observation/1"))
    await page.asked_why(entry)
    page.desk.give_reason(Reason.MEASURED_WRONGLY)
    await page.desk.accept()
    order = page.mended().taken_back
    assert order is not None
    assert (order.kind, order.corrects) == (EntryKind.RETRACTION, entry.id)
    assert (order.reason, order.decided_by) == ("measured-wrongly", NURSE)
    # It is not ordered twice.
    await page.desk.begin(entry.id, Act.CORRECT)
    assert page.desk.state == page.mended()


async def test_a_reading_on_its_way_is_waited_for_before_it_is_taken_back(page: Page) -> None:
    entry = await page.at.file()
    await page.at.send(entry)
    await page.asked_why(entry)
    page.desk.give_reason(Reason.NOT_A_PATIENT)
    accepting = asyncio.create_task(page.desk.accept())
    while not (isinstance(page.desk.state, AskingWhy) and page.desk.state.busy):
        await asyncio.sleep(0)
    assert not accepting.done()
    await page.at.outbox.change(lambda store: store.acknowledge(entry.id, "Observation/1"))
    async with asyncio.timeout(DEADLINE_S):
        await accepting
    assert page.mended().taken_back is not None


async def test_an_ehr_that_cannot_be_asked_changes_nothing_and_is_told(page: Page) -> None:
    entry = await page.at.arrive(await page.at.file())
    page.at.edge.raises = Transient("the EHR cannot be reached")
    await page.asked_why(entry)
    page.desk.give_reason(Reason.MEASURED_WRONGLY)
    await page.desk.accept()
    state = page.desk.state
    assert isinstance(state, AskingWhy)
    assert isinstance(state.error, Transient)
    assert (await page.at.listing.listed(entry.id)).order is None


async def test_what_takes_too_long_is_cancelled_and_nothing_was_changed(page: Page) -> None:
    entry = await page.at.arrive(await page.at.file())
    await page.asked_whose(entry)
    page.at.edge.asked.clear()
    page.at.edge.gate.clear()
    accepting = asyncio.create_task(page.desk.accept())
    await page.at.edge.asked.wait()
    assert page.desk.step_back(), "while it is being done, nothing is taken back"
    assert isinstance(page.desk.state, FindingRight)
    assert page.desk.state.busy
    await page.desk.cancel()
    await accepting
    assert isinstance(page.desk.state, FindingRight)
    assert (page.desk.state.busy, page.desk.state.chosen) == (False, None)
    assert (await page.at.listing.listed(entry.id)).order is None


class SlowToTell:
    """Takes readings back as the real one does, and is slow to say so."""

    def __init__(self, at: Bench) -> None:
        self._corrector = at.corrector
        self.decided = asyncio.Event()

    async def retract(self, entry_id: UUID, reason: str, by: str | None = None) -> Corrected:
        corrected = await self._corrector.retract(entry_id, reason, by)
        self.decided.set()
        await asyncio.Event().wait()
        return corrected

    async def refile(
        self, entry_id: UUID, patient: str, reason: str, by: str | None = None
    ) -> Corrected:
        return await self._corrector.refile(entry_id, patient, reason, by)


async def test_what_was_decided_before_it_was_cancelled_is_shown_as_decided(page: Page) -> None:
    slow = page.desk._corrector = SlowToTell(page.at)
    entry = await page.at.file()
    await page.asked_why(entry)
    page.desk.give_reason(Reason.OTHER)
    accepting = asyncio.create_task(page.desk.accept())
    await slow.decided.wait()
    await page.desk.cancel()
    await accepting
    assert page.mended().listed.entry.state is EntryState.DISCARDED


async def test_what_was_left_while_it_is_done_disturbs_nobody_else(page: Page) -> None:
    first = await page.at.arrive(await page.at.file(1))
    second = await page.at.file(2, whose=3)
    await page.asked_why(first)
    page.desk.give_reason(Reason.OTHER)
    page.at.edge.gate.clear()
    accepting = asyncio.create_task(page.desk.accept())
    await page.at.edge.asked.wait()
    page.desk.leave()
    await page.asked_why(second)
    other = page.desk.state
    page.at.edge.raises = Transient("the EHR cannot be reached")
    page.at.edge.gate.set()
    await accepting
    assert page.desk.state is other


async def test_only_a_patient_who_can_be_told_apart_is_chosen(page: Page) -> None:
    nobody = patient(4, identifier=None)
    page.at.edge.found = PatientsFound(patients=(RIGHT, nobody))
    await page.asked_why(await page.at.file())
    page.desk.give_reason(Reason.WRONG_PATIENT)
    await page.desk.find(BY_NAME)
    page.desk.choose(nobody, sure=True)
    page.desk.choose(RIGHT)
    assert isinstance(page.desk.state, FindingRight)
    assert page.desk.state.chosen is None, "a name alone is shared by many"
    page.desk.choose(RIGHT, sure=True)
    assert page.desk.state.chosen == RIGHT


async def test_the_same_patient_again_is_refused(page: Page) -> None:
    same = patient(1)
    page.at.edge.found = PatientsFound(patients=(same,))
    entry = await page.at.file()
    await page.asked_why(entry)
    page.desk.give_reason(Reason.WRONG_PATIENT)
    await page.desk.find(BY_NUMBER)
    page.desk.choose(same)
    await page.desk.accept()
    assert isinstance(page.desk.state, FindingRight)
    assert page.desk.state.error is not None
    assert await page.at.outbox.entry(entry.id) == entry


async def test_nobody_known_takes_it_back_alone(page: Page) -> None:
    entry = await page.at.file()
    await page.asked_why(entry)
    page.desk.give_reason(Reason.WRONG_PATIENT)
    page.desk.take_back_only()
    await page.desk.accept()
    done = page.mended()
    assert (done.refiled, done.listed.entry.reason) == (None, "wrong-patient")


async def test_a_late_search_answer_does_not_take_a_question_away(page: Page) -> None:
    await page.asked_why(await page.at.file())
    page.desk.give_reason(Reason.WRONG_PATIENT)
    page.at.edge.gate.clear()
    searching = asyncio.create_task(page.desk.find(BY_NUMBER))
    await page.at.edge.asked.wait()
    page.desk.take_back_only()
    asked = page.desk.state
    page.at.edge.gate.set()
    await searching
    assert page.desk.state is asked


async def test_each_step_back_is_one_step_and_keeps_what_is_seen(page: Page) -> None:
    entry = await page.at.file()
    seen = Seen(reading=reading(), patient=patient(1))
    await page.desk.begin(entry.id, Act.CORRECT, seen)
    page.desk.give_reason(Reason.WRONG_PATIENT)
    await page.desk.find(BY_NUMBER)
    page.desk.choose(RIGHT)
    steps = []
    while page.desk.step_back():
        state = page.desk.state
        assert isinstance(state, AskingWhy | FindingRight)
        steps.append((type(state), state.seen))
    assert steps == [(FindingRight, seen), (AskingWhy, seen)]
    assert await page.at.outbox.entry(entry.id) == entry
