"""The table of a series: step, runs, lost, doubled, and how soon the program was back."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from rack import Result

HEAD = ("step", "came to", "runs", "lost", "doubled", "other", "back in ms", "at most")


def table(results: Sequence[Result]) -> str:
    """Return the table, with a sum below."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[result.trial.group.value, result.stage].append(result)
    order = {"started": 0, "opened": 1, "listening": 2, "measured": 3, "receiving": 4, "shown": 5}
    order |= {"saved": 6, "acknowledged": 7, "verified": 8, "closed": 9}
    rows = [
        (*names, *_figures(groups[names]))
        for names in sorted(groups, key=lambda names: (names[0], order[names[1]]))
    ]
    lines = [HEAD, *rows, ("all", "", *_figures(results))]
    widths = [max(len(row[column]) for row in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in lines
    )


def _figures(results: Sequence[Result]) -> tuple[str, ...]:
    back = [result.recovered_ms for result in results]
    return (
        f"{len(results):,}",
        str(sum(result.verdict.lost for result in results)),
        str(sum(result.verdict.doubled for result in results)),
        str(sum(len(result.verdict.other) for result in results)),
        f"{median(back):.0f}",
        f"{max(back)}",
    )
