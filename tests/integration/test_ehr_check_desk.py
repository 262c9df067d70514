"""The check of the EHR as the window runs it: against the sandbox EHR and what may go wrong."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from fhir_line import line

from ohx_desktop.desk import ehr_check
from ohx_desktop.desk.admin_states import EhrCheck, Run
from ohx_desktop.desk.ehr_check import EhrCheckDesk
from ohx_desktop.domain.check_lines import Verdict
from ohx_desktop.domain.errors import ConfigurationError, OhxError, Transient
from ohx_desktop.fhir import connection_check
from ohx_desktop.fhir.check import CheckedEhr
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PATIENT

TEST_PATIENT = f"Patient/{PATIENT}"
_DEADLINE_S = 20.0


class Page:
    """The desk of the check, its EHR, and every state that it showed."""

    def __init__(self, sandbox: SandboxEhr, ehr: EhrClient) -> None:
        self.sandbox = sandbox
        self._ehr = ehr
        self.states: list[EhrCheck] = []
        self.bugs: list[BaseException] = []
        self.failing: OhxError | None = None
        self.before_writing: Callable[[], None] = lambda: None
        self._news = asyncio.Event()
        self.desk = EhrCheckDesk(self._open, on_state=self._show, on_failure=self.bugs.append)

    @asynccontextmanager
    async def _open(self, *, patient: str | None, write: bool) -> AsyncGenerator[CheckedEhr]:
        if self.failing is not None:
            raise self.failing
        yield CheckedEhr(ehr=self._ehr, write=write, patient=patient)

    def _show(self, state: EhrCheck) -> None:
        self.states.append(state)
        if state.lines and state.lines[-1].name == "validate-own":
            self.before_writing()
        self._news.set()

    @property
    def state(self) -> EhrCheck:
        return self.states[-1]

    async def until(self, reached: Callable[[EhrCheck], bool]) -> EhrCheck:
        async with asyncio.timeout(_DEADLINE_S):
            while not (self.states and reached(self.state)):
                self._news.clear()
                await self._news.wait()
        return self.state

    async def ended(self) -> EhrCheck:
        return await self.until(lambda state: not state.is_running)

    @property
    def made_up(self) -> list[str]:
        """The status of each made-up Observation that the EHR ever stored, as it is now."""
        versions = self.sandbox.store.versions("Observation")
        newest = {version.resource["id"]: version.resource for version in versions}
        return [each["status"] for each in newest.values() if "security" in each["meta"]]

    @property
    def left_behind(self) -> list[str]:
        """Those that are not taken back."""
        return [status for status in self.made_up if status != "entered-in-error"]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with line() as (sandbox, ehr):
        made = Page(sandbox, ehr)
        yield made
        await made.desk.close()
        assert made.bugs == []


async def test_lines_are_told_as_they_are_known(page: Page) -> None:
    await page.desk.start()
    state = await page.ended()
    assert (state.run, state.error) == (Run.DONE, None)
    assert Verdict.FAILED not in {each.verdict for each in state.lines}
    every = len(state.lines)
    assert [len(each.lines) for each in page.states] == [*range(every + 1), every]
    assert "write" not in {each.name for each in state.lines}


async def test_it_can_be_run_again_after_what_was_wrong_is_mended(page: Page) -> None:
    page.sandbox.faults.arm(Fault.UNAUTHORIZED, times=None)
    await page.desk.start()
    failed = await page.ended()
    assert Verdict.FAILED in {each.verdict for each in failed.lines}
    assert all(each.remedy for each in failed.lines if each.verdict is Verdict.FAILED)
    page.sandbox.faults.disarm()
    await page.desk.start()
    assert Verdict.FAILED not in {each.verdict for each in (await page.ended()).lines}


async def test_what_cannot_begin_says_why(page: Page) -> None:
    page.failing = ConfigurationError("no EHR is set up on this workstation")
    await page.desk.start()
    state = await page.ended()
    assert (state.run, state.error, state.lines) == (Run.DONE, page.failing, ())


async def test_a_test_reading_is_written_and_taken_back(page: Page) -> None:
    await page.desk.start(TEST_PATIENT)
    state = await page.ended()
    (written,) = (each for each in state.lines if each.name == "write")
    assert written.verdict is Verdict.OK
    assert page.made_up
    assert page.left_behind == []


@pytest.mark.parametrize("typed", ["", "pat-4711", "Observation/1", "Patient/../x", "Jane Smith"])
async def test_what_is_no_patients_reference_is_asked_of_nobody(page: Page, typed: str) -> None:
    await page.desk.start(typed)
    assert page.state.wrong_patient is not None
    assert page.state.run is Run.NEVER
    assert page.sandbox.exchanges == ()


async def test_a_cancelled_check_says_so_and_keeps_its_lines(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_check, "_DEADLINE_S", 0.2)
    page.sandbox.faults.arm(Fault.DELAY, times=None, delay_s=30.0)
    await page.desk.start()
    await page.until(lambda state: bool(state.lines))
    await page.desk.cancel()
    assert page.state.run is Run.CANCELLED
    assert page.state.lines


async def _until_it_writes(page: Page) -> None:
    """Run the check with a test reading, until the EHR has got it and takes its time."""
    page.before_writing = partial(
        page.sandbox.faults.arm, Fault.DELAY, scope=Scope.WRITES, delay_s=0.3
    )
    await page.desk.start(TEST_PATIENT)
    async with asyncio.timeout(_DEADLINE_S):
        while not page.sandbox.faults.hits(Fault.DELAY):
            await asyncio.sleep(0.01)


async def _until_stored(page: Page) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not page.made_up:
            await asyncio.sleep(0.01)


async def test_cancelled_while_writing_nothing_stays_in_the_chart(page: Page) -> None:
    await _until_it_writes(page)
    await page.desk.cancel()
    assert [state.run for state in page.states[-2:]] == [Run.STOPPING, Run.CANCELLED]
    await _until_stored(page)
    assert page.left_behind == []


async def test_left_while_writing_nothing_stays_in_the_chart(page: Page) -> None:
    await _until_it_writes(page)
    shown = len(page.states)
    await page.desk.close()
    await _until_stored(page)
    assert page.left_behind == []
    assert len(page.states) == shown, "a page that was left is told nothing more"


async def test_a_test_reading_whose_answer_is_lost_is_taken_back(page: Page) -> None:
    page.sandbox.faults.arm(Fault.COMMIT_THEN_DROP, scope=Scope.WRITES, times=1)
    await page.desk.start(TEST_PATIENT)
    await page.ended()
    assert page.made_up
    assert page.left_behind == []


async def test_a_check_that_takes_too_long_ends_and_says_so(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ehr_check, "CHECK_S", 0.3)
    page.sandbox.faults.arm(Fault.DELAY, times=None, delay_s=30.0)
    await page.desk.start()
    state = await page.ended()
    assert isinstance(state.error, Transient)
    assert state.error.meaning == OhxError.meaning, "there is no reading that it could concern"
