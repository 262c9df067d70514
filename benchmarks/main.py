"""Runs the benchmarks and prints them as a table, or as one JSON object a line."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping

import confirming
import decoding
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
    "saving": saving.measure,
    "mapping": mapping.measure,
    "decoding": decoding.measure,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    figures: list[Figure | Rate] = []
    for name in options.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        for figure in BENCHMARKS[name]():
            figures.append(figure)
            if options.json:
                print(figure.as_json(), flush=True)
    if not options.json:
        compared = [figure for figure in figures if isinstance(figure, Figure)]
        rates = [figure for figure in figures if isinstance(figure, Rate)]
        print("\n\n".join([table(compared)] * bool(compared) + [table(rates, HEAD)] * bool(rates)))


if __name__ == "__main__":
    main()
