"""The moments at which a process may be killed: each step of the loop, each statement.

Between two steps of the event loop lies every `await` that waited; a statement is told before the
database executes it. The third kind, each step on the disk, is counted by the shim (`disk_shim`).
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlcipher3 import dbapi2


class PointKind(StrEnum):
    """What is counted."""

    AWAIT = "await"
    STATEMENT = "statement"
    DISK = "disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The `at`-th of a kind, counted from 1."""

    kind: PointKind
    at: int


class Counter:
    """Counts one kind of moment, and kills this process at the chosen one."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self.count = 0

    def step(self, *_: object) -> None:
        """Count."""
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def count_awaits(counter: Counter) -> None:
    """Have every step of every event loop counted before it is done, from now on."""
    run = asyncio.events.Handle._run

    def counted(handle: asyncio.Handle) -> None:
        counter.step()
        run(handle)

    asyncio.events.Handle._run = counted  # type: ignore[method-assign]


def count_statements(counter: Counter) -> None:
    """Have every statement of the connections opened from now on counted, settings included."""
    connect = dbapi2.connect

    def counted(*arguments: Any, **options: Any) -> Any:
        connection: Any = connect(*arguments, **options)
        connection.set_trace_callback(counter.step)
        return connection

    dbapi2.connect = counted
