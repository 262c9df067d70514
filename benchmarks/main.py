"""Runs the benchmarks and prints them as a table, or as one JSON object a line."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping

import confirming
import first_frame
import indication
from figure import Figure, table

BENCHMARKS: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "first-frame": first_frame.measure,
    "indication": lambda: asyncio.run(indication.measure()),
    "confirming": lambda: asyncio.run(confirming.measure()),
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        for figure in BENCHMARKS[name]():
            figures.append(figure)
            if options.json:
                print(figure.as_json(), flush=True)
    if not options.json:
        print(table(figures))


if __name__ == "__main__":
    main()
