"""Checking the EHR from the window: the state machine around the check.

One run at a time. What a run has begun to write it takes back before it ends, also when it is
cancelled; until then the state says so.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from typing import Any, Protocol

from ohx_desktop.desk.admin_states import EhrCheck, Run
from ohx_desktop.domain.errors import OhxError, RemoteError, Transient
from ohx_desktop.fhir.check import CheckedEhr, check_ehr
from ohx_desktop.fhir.reference import checked_reference
from ohx_desktop.ops.logging import log_problem

# Each request has a deadline of its own; this one is for all of them together.
CHECK_S = 180.0
_AGAIN = "check the network, then run it again"


class OpenEhrCheck(Protocol):
    """Opens what the check works with."""

    def __call__(
        self, *, patient: str | None, write: bool
    ) -> AbstractAsyncContextManager[CheckedEhr]:
        """Return it as a context. Entering raises ConfigurationError, KeystoreError."""
        ...


class EhrCheckDesk:
    """The conversation of the check page. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop; `on_failure` gets an exception that
    is a bug. `close` must be awaited at the end.
    """

    def __init__(
        self,
        open_check: OpenEhrCheck,
        *,
        on_state: Callable[[EhrCheck], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._open_check = open_check
        self._on_state = on_state
        self._on_failure = on_failure
        self._current: asyncio.Task[None] | None = None
        self._runs: set[asyncio.Task[None]] = set()
        self.state = EhrCheck()

    async def start(self, patient: str | None = None) -> None:
        """Run the check; with a test patient's reference, write for that patient and take it back.

        The shell has asked whether the writing is meant.
        """
        if self.state.is_running:
            return
        try:
            if patient is not None:
                checked_reference(patient, "Patient")
        except OhxError as error:
            self._show(replace(self.state, wrong_patient=error))
            return
        self._show(EhrCheck(run=Run.RUNNING, writes=patient is not None))
        run = asyncio.create_task(self._run(patient), name="EHR check")
        self._current = run
        self._runs.add(run)
        run.add_done_callback(self._ended)

    async def cancel(self) -> None:
        """End the run; what it wrote is taken back first."""
        run = self._current
        if self.state.run is Run.RUNNING and run is not None:
            self._show(replace(self.state, run=Run.STOPPING))
            run.cancel()
            await asyncio.wait({run})

    async def close(self) -> None:
        """Keep nothing, tell nothing more, and wait until whatever ran has cleaned up."""
        self._current, self.state = None, EhrCheck()
        runs = set(self._runs)
        for run in runs:
            run.cancel()
        if runs:
            await asyncio.wait(runs)

    async def _run(self, patient: str | None) -> None:
        error: OhxError | None = None
        try:
            async with asyncio.timeout(CHECK_S):
                await self._check(patient)
        except TimeoutError:
            error = Transient("the check of the EHR took too long", hint=_AGAIN)
        except OhxError as raised:
            error = raised
        except BaseException:
            self._tell(run=Run.CANCELLED)
            raise
        if error is not None:
            log_problem(error)
        if isinstance(error, RemoteError):
            # There is no reading that it could concern.
            error.meaning = OhxError.meaning
        self._tell(run=Run.DONE, error=error)

    async def _check(self, patient: str | None) -> None:
        opened = self._open_check(patient=patient, write=patient is not None)
        async with opened as asked, aclosing(check_ehr(asked)) as lines:
            async for line in lines:
                self._tell(lines=(*self.state.lines, line))

    def _tell(self, **news: Any) -> None:
        """Show news of the run that is looked at; one that was left tells nothing more."""
        if self._current is asyncio.current_task():
            self._show(replace(self.state, **news))

    def _show(self, state: EhrCheck) -> None:
        self.state = state
        self._on_state(state)

    def _ended(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        if not run.cancelled() and (error := run.exception()):
            self._on_failure(error)
