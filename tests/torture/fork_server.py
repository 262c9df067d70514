"""A process that has imported the program and forks one child for each job.

    fork_server.py < jobs > words

Python and the program's libraries take a second to start; a fork takes some milliseconds. Each job
is one line; the answer is what the child told, a line each, and at its end "exit CODE", negative
for a signal. What a child writes to stderr is its report of a bug.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
import traceback

from disk_shim import Plan, Shim
from job import Job, Work
from kill_points import Counter, PointKind, count_awaits, count_statements
from one_way import go, prepare
from recovery import recover
from workstation import tell

from ohx_desktop.app import import_services

_CHILD_S = 60
_WARM = "warm "


def main() -> None:
    """Serve jobs until the input ends."""
    import_services()
    shim = Shim() if "OHX_TORTURE_SHIM" in os.environ else None
    for line in sys.stdin.buffer:
        if line.startswith(_WARM.encode()):
            _warm(Job.of(line.removeprefix(_WARM.encode())))
            continue
        child = os.fork()
        if child == 0:
            _be_child(Job.of(line), shim)
        tell("exit", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _warm(job: Job) -> None:
    """Go the way once in this process, so that no child has to fill its caches."""
    silent, out = os.open(os.devnull, os.O_WRONLY), os.dup(1)
    os.dup2(silent, 1)
    asyncio.run(_whole(job))
    os.dup2(out, 1)
    deadline = time.monotonic() + 5
    gc.unfreeze()  # the sender froze what was there when it began
    gc.collect()  # an executor that nobody has any more ends its threads
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == 1, "a process with threads must not fork"
    tell("exit", 0)


async def _whole(job: Job) -> None:
    await prepare(job)
    await go(job, None)
    await recover(job)


def _be_child(job: Job, shim: Shim | None) -> None:
    # A signal that nobody handles: a child that hangs ends with its number.
    signal.alarm(_CHILD_S)
    code = 1
    try:
        asyncio.run(_work(job, shim))
        code = 0
    except BaseException:  # noqa: BLE001 - told whoever watches; nothing may return from here
        traceback.print_exc()
    finally:
        os._exit(code)


async def _work(job: Job, shim: Shim | None) -> None:
    if shim is not None:
        shim.begin(job.root, job.journal)
    if job.work is Work.WAY and job.waiting:
        await prepare(job)
    counters = {kind: Counter(_at(job, kind)) for kind in (PointKind.AWAIT, PointKind.STATEMENT)}
    count_awaits(counters[PointKind.AWAIT])
    count_statements(counters[PointKind.STATEMENT])
    if shim is not None:
        is_full = job.full_from is not None
        at = job.full_from or _at(job, PointKind.DISK)
        shim.plan(Plan.WATCH if at is None else Plan.FULL if is_full else Plan.KILL, at or 0)
    await (recover(job) if job.work is Work.RECOVERY else go(job, shim))
    for kind, counter in counters.items():
        tell("counted", kind, counter.count)
    if shim is not None:
        tell("counted", PointKind.DISK, shim.steps)
        tell("counted", "write", shim.writes)


def _at(job: Job, kind: PointKind) -> int | None:
    return job.kill.at if job.kill is not None and job.kill.kind is kind else None


if __name__ == "__main__":
    main()
