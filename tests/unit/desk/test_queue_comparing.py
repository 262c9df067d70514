"""Comparing with the EHR on request: how far it is, what it found, and that it can be ended."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from queue_bench import NOON

from ohx_desktop.desk.nightly import COMPARED_DAYS
from ohx_desktop.desk.queue_comparing import CompareDesk
from ohx_desktop.desk.queue_states import CompareRun, Comparing
from ohx_desktop.desk.reconciling import OnProgress, Reconciled
from ohx_desktop.domain.errors import OhxError, Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.outbox.states import EntryState, OutboxEntry

ENTRY = OutboxEntry(
    id=UUID(int=1),
    reading_id=UUID(int=2),
    state=EntryState.VERIFIED,
    attempts=1,
    created_at=NOON,
)
DEADLINE_S = 10.0


class Receipts:
    """Compares one page, then waits for the gate, then all."""

    def __init__(self, error: OhxError | None = None) -> None:
        self.error = error
        self.gate = asyncio.Event()
        self.since: datetime | None = None

    async def run(
        self, since: datetime | None = None, on_progress: OnProgress = lambda _: None
    ) -> Reconciled:
        self.since = since
        report = Reconciled(same=2)
        on_progress(report)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        report.differing.append((ENTRY, Found.ABSENT))
        return report


class Page:
    def __init__(self, error: OhxError | None = None) -> None:
        self.receipts = Receipts(error)
        self.shown: list[Comparing] = []
        self.bugs: list[BaseException] = []
        self.results: list[int] = []
        self.desk = CompareDesk(
            self.receipts,
            on_state=self.shown.append,
            on_failure=self.bugs.append,
            on_result=self._result,
            now=lambda: NOON,
        )

    async def _result(self, report: Reconciled) -> None:
        self.results.append(len(report.differing))

    async def until(self, run: CompareRun) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.desk.state.run is not run:
                await asyncio.sleep(0)


async def test_it_shows_how_far_it_is_and_what_differs() -> None:
    page = Page()
    await page.desk.start()
    await page.desk.start()
    await asyncio.sleep(0)
    assert page.desk.state == Comparing(days=31, run=CompareRun.RUNNING, compared=2)
    page.receipts.gate.set()
    await page.until(CompareRun.DONE)
    assert page.desk.state.differing == ((ENTRY, Found.ABSENT),)
    assert page.receipts.since == NOON - timedelta(days=COMPARED_DAYS)
    await page.desk.close()
    assert page.results == [1], "the footer counts it, too"
    assert page.bugs == []


async def test_it_ends_when_it_is_cancelled_and_begins_anew() -> None:
    page = Page()
    await page.desk.start()
    await asyncio.sleep(0)
    await page.desk.cancel()
    assert page.desk.state.run is CompareRun.CANCELLED
    assert page.results == []
    await page.desk.start()
    page.receipts.gate.set()
    await page.until(CompareRun.DONE)


async def test_an_ehr_that_cannot_be_asked_is_told() -> None:
    page = Page(Transient("the EHR cannot be reached"))
    page.receipts.gate.set()
    await page.desk.start()
    await page.until(CompareRun.DONE)
    assert isinstance(page.desk.state.error, Transient)
    assert page.results == []


@pytest.mark.parametrize("is_begun", [False, True])
async def test_after_closing_nothing_is_told(is_begun: bool) -> None:
    page = Page()
    if is_begun:
        await page.desk.start()
        await asyncio.sleep(0)
    told = len(page.shown)
    await page.desk.close()
    page.receipts.gate.set()
    await asyncio.sleep(0)
    assert len(page.shown) == told
    assert page.bugs == []
