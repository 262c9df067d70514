"""What is done by itself: every night each linked account is synced, and what failed comes again.

Every hour the consents are taken back that could not be before.

The tasks are in a file of the profile. They name links by their ids and hold nothing else.
"""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from huey import Huey, SqliteHuey
from huey.exceptions import RetryTask

from ohx_desktop.desk.cloud_sync import LinkPaused
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import ConfigurationError, ExitCode, OhxError
from ohx_desktop.ops.logging import log_problem
from ohx_desktop.ops.task_json import TaskJson
from ohx_desktop.ops.wall_schedule import Matches, WallSchedule, cron
from ohx_desktop.outbox.backoff import retry_delay_s

if TYPE_CHECKING:
    from ohx_desktop.desk.cloud_sync import CloudSync
    from ohx_desktop.ops.task_consumer import LoopBridge

_LAST = "nightly"
# The clinics of one provider shall not all come in the same minute.
JITTER_S = 900.0
# A provider that is down at night is asked for half an hour; then the next night has its turn.
ATTEMPTS = 10
_TAKE_BACK_EVERY = timedelta(hours=1)
_FIRST_PAUSE = 4


def open_queue(file: Path) -> Huey:
    """Open the tasks of a profile. Blocking."""
    # Where the tasks are is this line: RedisHuey("ohx-desktop", url=…) puts them elsewhere.
    return SqliteHuey("ohx-desktop", filename=str(file), results=False, serializer=TaskJson())


class CloudTasks:
    """The tasks of cloud links: `sync_link` of one, `sync_all` of those that are due.

    `schedule` is a cron expression by the clock on the wall, "" for never. `take_back` asks the
    providers to end consents whose link has ended.
    """

    def __init__(
        self,
        queue: Huey,
        bridge: "LoopBridge",
        sync: "CloudSync",
        schedule: str,
        *,
        take_back: Callable[[], Awaitable[object]],
        now: Now = system_now,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._bridge = bridge
        self._sync = sync
        self._matches: Matches = cron(schedule) if schedule else _never
        self._now = now
        self._rng = rng
        self._schedule: WallSchedule | None = None
        self._take_back = take_back
        self._taken_back_at: datetime | None = None
        # A bug or a full disk is tried again a few times; a provider's failures have their own way.
        retried = queue.task(retries=3, retry_delay=60, retry_backoff=3, name="sync_link")
        self.sync_link = retried(self._sync_link)
        self.take_back = queue.task(name="take_back")(lambda: self._on_loop(self._take_back))
        self.sync_all = queue.task(retries=3, retry_delay=60, name="sync_all")(self._sync_all)

    def look(self) -> None:
        """Queue the nightly sync where it is due; at first what the last one left. Blocking."""
        now = self._now()
        last = self._taken_back_at
        if last is None or abs(now - last) >= _TAKE_BACK_EVERY:
            self._taken_back_at = now
            self.take_back()
        if self._schedule is None:
            told = self._queue.get(_LAST, peek=True)
            if isinstance(told, dict):
                self.sync_all(told["at"])
                ran = datetime.fromisoformat(told["wall"])
            else:
                ran = self._note(now)
            self._schedule = WallSchedule(self._matches, ran)
        if self._schedule.is_due(now.replace(tzinfo=None)):
            # Queued first: should the program end here, it runs twice and finds nothing to do.
            jitter = timedelta(seconds=JITTER_S * self._rng())
            self.sync_all.schedule((now.isoformat(),), eta=now + jitter)
            self._note(now)

    def _note(self, now: datetime) -> datetime:
        """Note durably that the nightly sync has begun; return that time of the wall clock."""
        wall = now.replace(tzinfo=None)
        self._queue.put(_LAST, {"wall": wall.isoformat(), "at": now.isoformat()})
        return wall

    # ── in a thread of the consumer ──────────────────────────────────────────────────────────

    def _sync_all(self, since: str) -> None:
        due: list[UUID] = []

        async def ask() -> None:
            due.extend(await self._sync.due(since=datetime.fromisoformat(since)))

        self._on_loop(ask)
        tasks = [*self._queue.pending(), *self._queue.scheduled()]
        queued = {task.args[0] for task in tasks if task.args}
        for link_id in due:
            if str(link_id) not in queued:
                self.sync_link(str(link_id))

    def _sync_link(self, link_id: str, attempt: int = 1) -> None:
        pauses: list[float] = []

        async def work() -> None:
            pause_s = await self._work(UUID(link_id), attempt)
            if pause_s is not None:
                pauses.append(pause_s)

        self._on_loop(work)
        for pause_s in pauses:
            eta = self._now() + timedelta(seconds=pause_s)
            self.sync_link.schedule((link_id, attempt + 1), eta=eta)

    def _on_loop(self, work: Callable[[], Awaitable[object]]) -> None:
        if not self._bridge.call(work):
            raise RetryTask(delay=0)  # the program ends: the next start goes on

    async def _work(self, link_id: UUID, attempt: int) -> float | None:
        """Sync a link; return after how long to try again, None for not at all."""
        try:
            worst: OhxError | None = (await self._sync.sync(link_id)).worst
        except (LinkPaused, ConfigurationError):
            return None
        except OhxError as error:
            log_problem(error)
            worst = error
        if worst is None or worst.exit_code is not ExitCode.UNREACHABLE or attempt >= ATTEMPTS:
            return None
        wait_s = getattr(worst, "retry_after_s", None)
        return retry_delay_s(attempt + _FIRST_PAUSE, rng=self._rng, retry_after_s=wait_s)


def _never(_minute: datetime) -> bool:
    return False
