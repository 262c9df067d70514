"""Runs the benchmarks and prints them as a table, or as one JSON object a line."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping

import confirming
import decoding
import draining
import first_frame
import indication
import mapping
import saving
from figure import Figure, table
from rate import HEAD, Rate

BENCHMARKS: Mapping[str, Callable[[], Iterable[Figure | Rate]]] = {
    "first-frame": first_frame.measure,
    "indication": lambda: asyncio.run(indication.measure()),
    "confirming": lambda: asyncio.run(confirming.measure()),
    "draining": lambda: asyncio.run(draining.measure(1_000)),
    "draining-far": lambda: asyncio.run(draining.measure(200, delay_s=0.05)),
    "saving": saving.measure,
    "mapping": mapping.measure,
    "decoding": decoding.measure,
}
# These take minutes, so they are measured only when they are named.
LONG: Mapping[str, Callable[[], Iterable[Figure | Rate]]] = {
    "draining-10000": lambda: asyncio.run(draining.measure(10_000)),
    "draining-far-1000": lambda: asyncio.run(draining.measure(1_000, delay_s=0.05)),
}
EVERY = {**BENCHMARKS, **LONG}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(EVERY)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    options = parser.parse_args()
    if unknown := set(options.names) - EVERY.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    figures: list[Figure | Rate] = []
    for name in options.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        for figure in EVERY[name]():
            figures.append(figure)
            if options.json:
                print(figure.as_json(), flush=True)
    if not options.json:
        compared = [figure for figure in figures if isinstance(figure, Figure)]
        rates = [figure for figure in figures if isinstance(figure, Rate)]
        print("\n\n".join([table(compared)] * bool(compared) + [table(rates, HEAD)] * bool(rates)))


if __name__ == "__main__":
    main()
