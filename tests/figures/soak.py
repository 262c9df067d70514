"""`make soak`: ten thousand sessions in a row by each way, and what the program held meanwhile.

Fails when anything grows with the sessions.
"""

import argparse
import asyncio
import sys
import time

from growth import growth_of
from soaking import BUS, IN_PROCESS, soak
from tally import HEAD, Tally

_TALLIES = 20


def main() -> int:
    """Soak by the ways named. Returns 1 for growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, help="for each way")
    parser.add_argument("--way", action="append", choices=[BUS, IN_PROCESS], help="both by default")
    options = parser.parse_args()
    problems: list[str] = []
    for way in options.way or [BUS, IN_PROCESS]:
        began_s = time.monotonic()
        _say(f"{way}, {options.sessions:,} sessions\n" + "  ".join(HEAD) + "\n")
        every = max(1, options.sessions // _TALLIES)
        tallies = asyncio.run(soak(way, sessions=options.sessions, every=every, on_tally=_show))
        _say(f"{time.monotonic() - began_s:,.0f} s\n")
        problems += [f"{way}: {problem}" for problem in growth_of(tallies)]
    for problem in problems:
        _say(f"GROWS: {problem}\n")
    _say("nothing grows\n" if not problems else "")
    return bool(problems)


def _show(tally: Tally) -> None:
    _say(
        "  ".join(cell.rjust(len(name)) for name, cell in zip(HEAD, tally.row(), strict=True))
        + "\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
