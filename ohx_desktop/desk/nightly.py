"""Comparing what was filed lately with the EHR once a day, while the window is open.

The time of day is looked at every minute, not slept for: a clock that is set, a night without power
and a computer that slept all end in one comparison when it is next possible.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from ohx_desktop.desk.reconciling import Reconciled
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.look_up import Found
from ohx_desktop.ops.logging import Field, log_event, log_problem

# What was filed before is no news; the command line compares everything.
COMPARED_DAYS = 31
LOOK_S = 60.0
# A night that was missed is made up for once the morning's first work is done.
SETTLE_S = 600.0
AGAIN_S = 900.0

_SCHEMA = "ohx.reconciled/1"

Compare = Callable[[datetime], Awaitable[Reconciled]]
"""Compares what was filed since then. Raises OhxError."""
Sleep = Callable[[float], Awaitable[None]]


class NightlyComparison:
    """Runs `compare` once a day at `at`, local time; `file` keeps when it last did.

    Attributes:
        differing: how many readings the EHR held otherwise the last time. Those that somebody
            took back in the EHR do not count: that is a decision, not a loss.
    """

    def __init__(
        self,
        compare: Compare,
        *,
        at: time,
        file: Path,
        on_result: Callable[[], None] = lambda: None,
        now: Now = system_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._compare = compare
        self._at = at
        self._file = file
        self._on_result = on_result
        self._now = now
        self._sleep = sleep
        self._last: datetime | None = None
        self.differing = 0

    async def run(self) -> None:
        """Compare every night until cancelled."""
        await asyncio.to_thread(self._load)
        self._on_result()
        await self._sleep(SETTLE_S)
        while True:
            if not self._is_due():
                await self._sleep(LOOK_S)
                continue
            try:
                report = await self._compare(self._now() - timedelta(days=COMPARED_DAYS))
            except OhxError as error:
                log_problem(error)
                await self._sleep(AGAIN_S)
            else:
                await self.note(report)

    async def note(self, report: Reconciled) -> None:
        """Take what a comparison of the same days found, also of one a person asked for."""
        self._last = self._now()
        self.differing = sum(found is not Found.RETRACTED for _, found in report.differing)
        log_event("reconcile.done", {Field.COUNT: self.differing})
        self._on_result()
        try:
            await asyncio.to_thread(self._save)
        except OSError as error:
            # It is done again after the next start.
            log_problem(error)

    def _is_due(self) -> bool:
        now = self._now()
        turn = datetime.combine(now.date(), self._at, now.tzinfo)
        if turn > now:
            turn -= timedelta(days=1)
        # One noted for the future was noted by a clock that went wrong.
        return self._last is None or self._last < turn or self._last > now

    def _load(self) -> None:
        """Take up what was noted last; a file that is missing or broken counts as none."""
        try:
            form = json.loads(self._file.read_bytes())
            last = datetime.fromisoformat(form["at"])
            if form["schema"] == _SCHEMA and last.tzinfo is not None:
                self._last, self.differing = last, int(form["differing"])
        except (OSError, ValueError, KeyError, TypeError):
            return

    def _save(self) -> None:
        at = self._last.isoformat() if self._last else None
        form = {"schema": _SCHEMA, "at": at, "differing": self.differing}
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(form), encoding="utf-8")
        draft.replace(self._file)
