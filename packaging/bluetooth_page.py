"""Writes docs/bluetooth.md from the doctor's table: `python packaging/bluetooth_page.py`.

A test fails while the page and the table disagree.
"""

from collections.abc import Iterator
from pathlib import Path

from ohx_desktop.ble.causes import ADVICE, LINUX, MACOS, WINDOWS, Advice

PAGE = Path(__file__).parents[1] / "docs" / "bluetooth.md"
_SYSTEMS = {LINUX: "Linux", WINDOWS: "Windows", MACOS: "macOS"}

_HEAD = """\
# Bluetooth does not work

<!-- Written by packaging/bluetooth_page.py from the table of ohx_desktop/ble/causes.py. -->

`ohx-desktop doctor` names the cause and the next action; this is the whole list. It may be run
while the window is open: it only looks. A **problem** keeps readings away, a **warning** may soon
do so. On Windows and macOS the system tells less, so fewer causes can be told apart there.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join((_HEAD, *_rows()))


def _rows() -> Iterator[str]:
    for cause, advice in ADVICE.items():
        yield f"## `{cause}`"
        yield ""
        yield f"**{advice.verdict.capitalize()}**: {advice.what}."
        yield ""
        yield f"- {advice.action[0].upper()}{advice.action[1:]}."
        yield from _for_it(advice)
        yield ""


def _for_it(advice: Advice) -> Iterator[str]:
    for system, name in _SYSTEMS.items():
        if (detail := advice.for_it.get(system)) is not None:
            yield f"- For IT, {name}: {detail}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
