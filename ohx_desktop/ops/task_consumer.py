"""Carries out the tasks of a Huey queue beside an event loop that must not wait.

Huey's own consumer is a set of threads with signal handlers of their own, which belong to a process
that does nothing else. Here its storage is looked at from a thread now and then, a task is carried
out by Huey itself (`execute`: retries, schedule) in a thread that waits for a coroutine on the
loop, and what is broken off goes back into the queue.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ohx_desktop.domain.clock import Now, system_now

if TYPE_CHECKING:
    from huey import Huey
    from huey.api import Task

# Tasks wait for the network; this many keep any provider's limit filled.
WORKERS = 4
LOOK_EVERY_S = 5.0
# A sync that is told to end needs no longer than a commit.
_END_S = 10.0


class TaskConsumer:
    """Works off `queue` until it is cancelled. `on_look` is called, off the loop, at each look."""

    def __init__(
        self,
        queue: "Huey",
        *,
        on_look: Callable[[], None],
        on_failure: Callable[[BaseException], None],
        workers: int = WORKERS,
        look_every_s: float = LOOK_EVERY_S,
        now: Now = system_now,
    ) -> None:
        self._queue = queue
        self._on_look = on_look
        self._on_failure = on_failure
        self._workers = workers
        self._look_every_s = look_every_s
        self._now = now
        self._woken = asyncio.Event()
        self._running: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        """Have it look now. Called on the loop."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; then wait until what was broken off is in the queue again."""
        with ThreadPoolExecutor(self._workers + 1, thread_name_prefix="tasks") as threads:
            try:
                while True:
                    await self._look(threads)
                    await self._wait()
            finally:
                if self._running:
                    await asyncio.wait(self._running, timeout=_END_S)

    async def _look(self, threads: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        self._woken.clear()
        try:
            await loop.run_in_executor(threads, self._turn_over)
            while len(self._running) < self._workers:
                task = await loop.run_in_executor(threads, self._queue.dequeue)
                if task is None:
                    return
                running = loop.run_in_executor(threads, self._execute, task)
                self._running.add(running)
                running.add_done_callback(self._ended)
        except Exception as error:  # noqa: BLE001 - a file that is locked today is not tomorrow
            self._on_failure(error)

    def _turn_over(self) -> None:
        """Queue what has come due. In a thread."""
        self._on_look()
        for task in self._queue.read_schedule(self._utc()):
            self._queue.enqueue(task)

    def _execute(self, task: "Task") -> None:
        self._queue.execute(task, self._utc())

    def _utc(self) -> datetime:
        """Return the time as Huey has it: UTC, and naive."""
        return self._now().astimezone(UTC).replace(tzinfo=None)

    def _ended(self, running: "asyncio.Future[None]") -> None:
        self._running.discard(running)
        self._woken.set()
        if not running.cancelled() and (error := running.exception()) is not None:
            self._on_failure(error)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_every_s):
                await self._woken.wait()


class LoopBridge:
    """Lets a task in a thread wait for a coroutine on the loop, until the bridge is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._tasks: set[asyncio.Task[object]] = set()

    def call(self, work: Callable[[], Awaitable[object]]) -> bool:
        """Wait for some work; False where it was broken off. Called in a thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._run(work), self._loop).result()
        except CancelledError:
            return False
        return True

    async def close(self) -> None:
        """Break off what is under way, and take nothing more."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, work: Callable[[], Awaitable[object]]) -> None:
        task = asyncio.current_task()
        if self._is_closed or task is None:
            raise asyncio.CancelledError
        self._tasks.add(task)
        try:
            await work()
        finally:
            self._tasks.discard(task)
