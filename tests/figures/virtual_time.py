"""A loop whose time jumps ahead whenever nothing is left to do, and the clock on the wall with it.

For virtual devices in this process: no socket and no thread may be waited for. What takes two
minutes of patience takes some milliseconds, and every deadline of the product stays as it is.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from unittest.mock import patch

from ohx_desktop.domain import clock

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time that would be waited goes by at once."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits for somebody else: this would hang for ever")
        if not ready and timeout:
            self.ahead_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs what it is given in virtual time. What would run in a thread is run at once."""

    def __init__(self) -> None:
        self._jump = _Jump()
        self._began_s = time.monotonic()
        super().__init__(self._jump)
        self.problems: list[str] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        """Return seconds; those that nobody needed are skipped."""
        # Rounded up by the clock's resolution, so that a timer is due once its time has come.
        return self._began_s + self._jump.ahead_s

    def run_in_executor(  # type: ignore[override]  # typeshed's form is newer than Python 3.11
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run a function now."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - belongs to who awaits it
            future.set_exception(error)
        return future

    def timers(self) -> int:
        """Return how many timers still run."""
        handles: list[asyncio.TimerHandle] = getattr(self, "_scheduled")  # noqa: B009 - asyncio's
        return sum(not handle.cancelled() for handle in handles)

    def _note(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Keep what asyncio would only print: an exception that nobody took."""
        error = context.get("exception")
        self.problems.append(f"{context.get('message')}: {type(error).__name__ if error else ''}")


@contextmanager
def wall_clock_of(loop: VirtualTimeLoop) -> Iterator[None]:
    """Let the host's clock go by the loop's time, for product and devices alike."""
    began, began_s = datetime.now().astimezone(), loop.time()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            moment = began + timedelta(seconds=loop.time() - began_s)
            return moment.replace(tzinfo=None) if tz is None else moment.astimezone(tz)

    with patch.object(clock, "datetime", Clock):
        yield


def run_in_virtual_time(work: Callable[[VirtualTimeLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualTimeLoop)
        with wall_clock_of(loop):
            return runner.run(work(loop))
