"""An event loop whose clock jumps to the next deadline instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs hours in milliseconds; whatever waits for nothing but time is woken at once."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.elapsed_s

    def run_in_executor(self, _executor: Any, func: Any, *args: Any) -> Any:
        """Run at once what would go to a thread, for time would jump over it."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            future.set_exception(error)
        return future


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everything waits for something that will never happen")
        self._loop.elapsed_s += max(timeout, 0.0)
        return super().select(0)


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(test)


def elapsed_s() -> float:
    """Return the virtual seconds since the loop began."""
    return asyncio.get_running_loop().time()


class VirtualNow:
    """The host's clock, moving with the loop. `start` is aware."""

    def __init__(self, start: datetime) -> None:
        self.start = start

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=elapsed_s())
