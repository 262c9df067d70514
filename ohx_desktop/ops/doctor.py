"""The doctor: each problem of this installation with its cause and the next action.

A check is a name and a coroutine that returns what is well, or findings of its own, or raises the
OhxError that is not.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ohx_desktop.domain.errors import ExitCode, OhxError, StoreEnvironment, Transient

# No check of the doctor may take longer; a hanging one is a finding.
CHECK_DEADLINE_S = 20.0
# Below this the queue may fail to grow within a day of a busy clinic.
_FREE_BYTES_NEEDED = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of a check.

    `code` names the kind of error and is None unless something is wrong; `cause` is finer, and
    also names what is worth a warning. `action` is what to do about either.
    """

    check: str
    detail: str
    code: str | None = None
    action: str | None = None
    exit_code: ExitCode = ExitCode.DONE
    cause: str | None = None

    @property
    def is_well(self) -> bool:
        """Tell whether it works, warned or not."""
        return self.code is None

    @property
    def verdict(self) -> str:
        """`ok`, `warning` or `problem`."""
        if not self.is_well:
            return "problem"
        return "ok" if self.cause is None else "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must be well: `run` returns a sentence or findings, or raises OhxError."""

    name: str
    run: Callable[[], Awaitable[str | Sequence[Finding]]]


async def examine(checks: Sequence[Check], *, at_once: bool = False) -> AsyncGenerator[Finding]:
    """Yield the findings of each check, in order; one failing check does not hide the next.

    With `at_once` all checks run together, so that the slowest decides how long it takes.
    """
    running: list[asyncio.Task[Sequence[Finding]]] = []
    if at_once:
        running = [asyncio.create_task(_examine(check)) for check in checks]
    try:
        for number, check in enumerate(checks):
            for finding in await (running[number] if running else _examine(check)):
                yield finding
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _examine(check: Check) -> Sequence[Finding]:
    try:
        told = await asyncio.wait_for(check.run(), CHECK_DEADLINE_S)
    except TimeoutError:
        return (_finding(check, Transient(f"no answer within {CHECK_DEADLINE_S:g} s")),)
    except OhxError as error:
        return (_finding(check, error),)
    return (Finding(check=check.name, detail=told),) if isinstance(told, str) else told


def check_disk(folder: Path) -> str:
    """Return how much is free. Raises StoreEnvironment when too little. Blocking."""
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES_NEEDED:
        raise StoreEnvironment(
            f"only {free // 1024**2} MB are free where the queue is kept",
            meaning="new readings may soon not be saved",
            hint="free disk space",
        )
    return f"{free // 1024**2} MB free"


def _finding(check: Check, error: OhxError) -> Finding:
    return Finding(
        check=check.name,
        detail=error.what,
        code=error.code,
        action=error.hint,
        exit_code=error.exit_code,
    )
