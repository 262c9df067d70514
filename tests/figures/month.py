"""`make month`: a month without network, then all of it sent. A table and what is wrong.

    month.py [--readings N] [--patients N] [--over-http N] [--seed N]

Fails when a reading is missing, doubled or out of order, when memory grows with the queue, or when
the program starts much slower with it.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from month_offline import Outcome, Sample, fill_queue, month
from month_over_http import send_over_http
from virtual_time import run_in_virtual_time

from ohx_desktop.virtual.ehr.sandbox import sandbox_ehr_in_thread

_START = Path(__file__).with_name("month_start.py")
_STARTS = 9
# With a full queue the program may take so much longer to start than with an empty one.
_SLOWER = 1.3
# Pages of the database that SQLite keeps by design, and what Python holds beside.
_MAY_GROW_KB = 24_000


def main() -> int:
    """Live through the month; return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--patients", type=int, default=1_000)
    parser.add_argument("--over-http", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folders = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ohx-month-")))
            for _ in range(4)
        ]
        wrong = _offline(folders[0], options.readings, options.patients, options.seed)
        wrong += _starts(folders[1], folders[2], options.readings, options.patients)
        began = time.monotonic()
        with sandbox_ehr_in_thread() as ehr:
            wrong += asyncio.run(
                send_over_http(folders[3], ehr.base_url, ehr.store, readings=options.over_http)
            )
        _say(f"over HTTP: {options.over_http:,} readings, {time.monotonic() - began:,.0f} s")
    for problem in wrong:
        _say(f"WRONG: {problem}")
    _say("nothing is wrong" if not wrong else "")
    return bool(wrong)


def _offline(folder: Path, readings: int, patients: int, seed: int) -> list[str]:
    began = time.monotonic()
    lived = partial(
        month, folder=folder, readings=readings, patients=patients, seed=seed, on_sample=_show
    )
    outcome = run_in_virtual_time(lived)
    _say(
        f"{outcome.ehr.readings:,} readings of {len(outcome.ehr.arrived):,} patients arrived; "
        f"{outcome.attempts_offline:,} attempts without network; {time.monotonic() - began:,.0f} s"
    )
    return wrong_with(outcome, readings=readings, patients=patients)


def wrong_with(outcome: Outcome, *, readings: int, patients: int) -> list[str]:
    """Return what is wrong with a month, in words."""
    ehr = outcome.ehr
    found = []
    if ehr.readings != readings or len(ehr.arrived) != patients:
        found.append(f"{ehr.readings:,} of {readings:,} readings arrived")
    if ehr.wrong:
        found.append(f"{ehr.wrong:,} came again or out of order")
    if outcome.left:
        found.append(f"{outcome.left:,} are not verified")
    return found + growth_of(outcome.samples)


def growth_of(samples: Sequence[Sample]) -> list[str]:
    """Return whether memory grew from the first tenth of the month on, in words."""
    weights = [sample.resident_kb for sample in samples if sample.resident_kb is not None]
    if not weights or max(weights) - weights[0] <= _MAY_GROW_KB:
        return []
    return [f"memory grew from {weights[0]:,} kB to {max(weights):,} kB"]


def _starts(empty: Path, full: Path, readings: int, patients: int) -> list[str]:
    """Start in turns with an empty queue and a full one."""
    asyncio.run(fill_queue(empty, readings=0, patients=1))
    asyncio.run(fill_queue(full, readings=readings, patients=patients))
    took: dict[Path, list[float]] = {empty: [], full: []}
    for _ in range(_STARTS):
        for folder, waiting in ((empty, 0), (full, readings)):
            took[folder].append(_start(folder, waiting))
    slow, fast = median(took[full]), median(took[empty])
    _say(f"start: {1000 * fast:.0f} ms empty, {1000 * slow:.0f} ms full: {slow / fast:.2f} x")
    return [] if slow <= _SLOWER * fast else [f"the start takes {slow / fast:.2f} times as long"]


def _start(folder: Path, waiting: int) -> float:
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, str(_START), str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        took = time.perf_counter() - began
    assert told.strip() == str(waiting), told
    return took


def _show(sample: Sample) -> None:
    weight = "-" if sample.resident_kb is None else f"{sample.resident_kb:,} kB"
    _say(f"{sample.what:8} {sample.readings:>9,} {weight:>12}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
