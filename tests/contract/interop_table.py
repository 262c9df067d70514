"""What each server did, noted while the tests run and told at their end."""

import pytest

STEPS = ("search", "create", "replay", "read-back", "check --write")
_WIDTH = 16

Table = dict[str, set[str]]
TABLE = pytest.StashKey[Table]()


def lines(table: Table) -> list[str]:
    """Return the table as it is printed."""
    return [
        _line("server", *STEPS),
        *(
            _line(server, *("yes" if step in done else "NO" for step in STEPS))
            for server, done in table.items()
        ),
    ]


def _line(*cells: str) -> str:
    return "".join(f"{cell:<{_WIDTH}}" for cell in cells).rstrip()
