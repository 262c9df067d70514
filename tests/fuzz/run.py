"""`make fuzz`: a million packets for each decoder family, with figures."""

import argparse
import sys
import time

from fuzz_families import FAMILIES
from fuzz_loop import VALUES, FuzzFailure, fuzz


def main() -> int:
    """Fuzz the families named. Returns 1 for a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=list(FAMILIES), help="all by default")
    parser.add_argument("--packets", type=int, default=1_000_000, help="for each family")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    names = options.family or list(FAMILIES)
    for name in names:
        try:
            _fuzz_one(name, packets=options.packets, seed=options.seed)
        except FuzzFailure as failure:
            _say(f"\n{name}, seed {options.seed}: {failure}\n")
            return 1
    total = len(names) * options.packets
    _say(f"{total:,} packets in {time.monotonic() - began:.0f} s, no failure\n")
    return 0


def _fuzz_one(name: str, *, packets: int, seed: int) -> None:
    began = time.monotonic()

    def progress(done: int) -> None:
        if sys.stdout.isatty():
            _say(f"\r{name:<20}{done:>12,}")

    counts = fuzz(FAMILIES[name], packets=packets, seed=seed, progress=progress)
    rate = packets / (time.monotonic() - began)
    refused = ", ".join(
        f"{code} {count:,}" for code, count in counts.most_common() if code != VALUES
    )
    start = "\r" if sys.stdout.isatty() else ""
    _say(
        f"{start}{name:<20}{packets:>12,} packets {rate:>9,.0f}/s"
        f"  values {counts[VALUES]:,}; {refused}\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
