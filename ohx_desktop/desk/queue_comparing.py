"""Comparing what was filed lately with the EHR when a person asks for it, not only at night."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from ohx_desktop.desk.nightly import COMPARED_DAYS
from ohx_desktop.desk.queue_states import CompareRun, Comparing
from ohx_desktop.desk.reconciling import OnProgress, Reconciled
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ops.logging import log_problem


class Comparer(Protocol):
    """Compares receipts with the EHR."""

    async def run(
        self, since: datetime | None = None, on_progress: OnProgress = lambda _: None
    ) -> Reconciled:
        """Return what the EHR holds of what was filed since then. Raises OhxError."""
        ...


class CompareDesk:
    """The conversation of the comparison. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop; `on_result` with what a whole
    comparison found; `on_failure` gets an exception that is a bug. `close` must be awaited at the
    end.
    """

    def __init__(
        self,
        comparer: Comparer,
        *,
        on_state: Callable[[Comparing], None],
        on_failure: Callable[[BaseException], None],
        on_result: Callable[[Reconciled], Awaitable[None]] | None = None,
        now: Now = system_now,
    ) -> None:
        self._comparer = comparer
        self._on_state = on_state
        self._on_failure = on_failure
        self._on_result = on_result
        self._now = now
        self._run: asyncio.Task[None] | None = None
        self.state = Comparing(days=COMPARED_DAYS)

    def show(self) -> None:
        """Show what is known: nothing before the first comparison."""
        self._show(self.state)

    async def start(self) -> None:
        """Compare; one comparison at a time."""
        if self._run is not None:
            return
        self._show(Comparing(days=COMPARED_DAYS, run=CompareRun.RUNNING))
        self._run = asyncio.create_task(self._compare(), name="comparison")
        self._run.add_done_callback(self._ended)

    async def cancel(self) -> None:
        """End the comparison; it has changed nothing."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait({self._run})

    async def close(self) -> None:
        """Keep nothing, tell nothing more, and wait until what ran has ended."""
        run, self.state = self._run, Comparing(days=COMPARED_DAYS)
        if run is not None:
            run.cancel()
            await asyncio.wait({run})

    async def _compare(self) -> None:
        try:
            report = await self._comparer.run(
                self._now() - timedelta(days=COMPARED_DAYS), self._tell
            )
        except OhxError as error:
            log_problem(error)
            self._change(run=CompareRun.DONE, error=error)
        except asyncio.CancelledError:
            self._change(run=CompareRun.CANCELLED)
            raise
        else:
            self._tell(report)
            self._change(run=CompareRun.DONE)
            if self._on_result is not None:
                await self._on_result(report)

    def _tell(self, report: Reconciled) -> None:
        self._change(
            compared=report.checked,
            not_comparable=report.not_comparable,
            in_correction=report.in_correction,
            differing=tuple(report.differing),
        )

    def _change(self, **news: Any) -> None:
        # After `close` there is nothing that it could be news of.
        if self.state.run is CompareRun.RUNNING:
            self._show(replace(self.state, **news))

    def _show(self, state: Comparing) -> None:
        self.state = state
        self._on_state(state)

    def _ended(self, run: asyncio.Task[None]) -> None:
        self._run = None
        if not run.cancelled() and (error := run.exception()):
            self._on_failure(error)
