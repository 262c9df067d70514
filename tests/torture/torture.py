"""`make torture`: kill, cut the power and fill the disk, on the way of a reading to the EHR.

    torture.py [--runs N] [--seed N] [--only NUMBER]

Fails when a reading that was told saved is not in the EHR exactly once, under its patient, with its
values. A series is repeated by its seed, one run of it by its number.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from disk_shim import missing
from rack import Result, rack
from torture_table import table
from trials import trials

_RUNS = 2_400


def main() -> int:
    """Run a series; return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=_RUNS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--only", type=int, help="the number of the one run to repeat")
    options = parser.parse_args()
    if why := missing():
        _say(f"without power cuts and full disks: {why}")
    folder = Path(tempfile.mkdtemp(prefix="ohx-torture-"))
    began = time.monotonic()
    results = []
    with rack(folder, options.seed) as place:
        counts = place.prepare()
        series = trials(counts, runs=options.runs, seed=options.seed, has_shim=missing() is None)
        _say(f"seed {options.seed}; points on the way: {_listed(counts.used)}")
        for trial in series:
            if options.only in {None, trial.number}:
                results.append(place.run(trial))
                _complain(results[-1])
    _say("\n" + table(results))
    whole = [result.whole_ms for result in results]
    _say(f"{time.monotonic() - began:,.0f} s; a run takes {median(whole):.0f} ms")
    wrong = [result for result in results if not result.verdict.is_clean]
    if wrong:
        _say(f"{len(wrong)} runs went wrong; their profiles and reports are in {folder}")
    return bool(wrong)


def _listed(counted: object) -> str:
    return ", ".join(f"{many} {kind}" for kind, many in dict(counted).items())  # type: ignore[call-overload]


def _complain(result: Result) -> None:
    if not result.verdict.is_clean:
        found = Counter(result.verdict.other)
        _say(f"WRONG in run {result.trial.number} ({result.stage}): {result.trial}")
        _say(f"    lost {result.verdict.lost}, doubled {result.verdict.doubled}, {dict(found)}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
