"""The only place where signals meet coroutines.

One loop (qasync), one run in a process. Every task is started here: a reference is kept, a failure
is reported, and leaving cancels what still runs and waits for it. Views never see a coroutine;
services never see Qt.
"""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from PySide6.QtWidgets import QApplication

T = TypeVar("T")
P = TypeVar("P")

# How often the window is fed, however fast the radio is.
FRAME_S = 1 / 30


def run(app: QApplication, main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on the loop of Qt and asyncio together; the program ends when it returns.

    The window that closes last does not end the program: that would stop the loop under the feet of
    what is being finished. `main` waits for an event instead. Call once in a process.
    """
    import qasync

    app.setQuitOnLastWindowClosed(False)
    # A factory for this one loop. `qasync.run` sets a policy on Python 3.11, by which every other
    # thread's loop would become a Qt loop, too.
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        return runner.run(main)


class Bridge:
    """Starts tasks for signals. Leaving the context cancels them and waits until they are gone.

    `on_failure` hears of every exception that ends a task, on the loop; cancelling is no failure.
    """

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def running(self) -> int:
        """How many tasks are under way."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any] | None:
        """Start a task, or None when leaving has begun. Called on the loop's thread."""
        if self._closed:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def slot(self, work: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., None]:
        """Return a slot that starts `work` with the signal's arguments."""
        name = getattr(work, "__qualname__", "slot")

        def started(*arguments: object) -> None:
            self.start(work(*arguments), name=name)

        return started

    async def aclose(self) -> None:
        """Cancel all tasks and wait until each has cleaned up after itself."""
        self._closed = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_failure(error)


class Frames(Generic[P]):
    """Hands the newest value to `show`, at most once in `interval_s`; the first one at once.

    The last value offered is always shown. Values in between are left out: they are states, and
    only the present one is true.
    """

    def __init__(self, show: Callable[[P], None], *, interval_s: float = FRAME_S) -> None:
        self._show = show
        self._interval_s = interval_s
        self._due: asyncio.TimerHandle | None = None
        self._newest: list[P] = []

    @property
    def is_waiting(self) -> bool:
        """True until the next frame may be shown."""
        return self._due is not None

    def offer(self, value: P) -> None:
        """Show the value now or with the next frame. Called on the loop's thread."""
        self._newest = [value]
        if self._due is None:
            self._flush()

    def cancel(self) -> None:
        """Show nothing more."""
        self._newest = []
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _flush(self) -> None:
        self._due = None
        if not self._newest:
            return
        value = self._newest.pop()
        self._due = asyncio.get_running_loop().call_later(self._interval_s, self._flush)
        self._show(value)
