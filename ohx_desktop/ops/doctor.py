"""The doctor: each problem of this installation with its cause and the next action.

A check is a name and a coroutine that returns what is well or raises the OhxError that is not.
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
class Check:
    """Something that must be well: `run` returns a sentence or raises OhxError."""

    name: str
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of a check. `code` and `action` are None where all is well."""

    check: str
    detail: str
    code: str | None = None
    action: str | None = None
    exit_code: ExitCode = ExitCode.DONE

    @property
    def is_well(self) -> bool:
        """Tell whether there is nothing to do."""
        return self.code is None


async def examine(checks: Sequence[Check]) -> AsyncGenerator[Finding]:
    """Yield a finding per check, in order; one failing check does not hide the next."""
    for check in checks:
        try:
            detail = await asyncio.wait_for(check.run(), CHECK_DEADLINE_S)
        except TimeoutError:
            yield _finding(check, Transient(f"no answer within {CHECK_DEADLINE_S:g} s"))
        except OhxError as error:
            yield _finding(check, error)
        else:
            yield Finding(check=check.name, detail=detail)


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
