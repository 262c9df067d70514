"""Writes docs/devices.md from the tables the program decides by: `python packaging/device_page.py`.

A test fails while the page and the tables disagree.
"""

from collections.abc import Iterator
from pathlib import Path

from ohx_desktop.ble.beurer.models import MODELS
from ohx_desktop.ble.omron.model_table import MAPS

PAGE = Path(__file__).parents[1] / "docs" / "devices.md"

_HEAD = """\
# Devices

<!-- Written by packaging/device_page.py from the tables of ohx_desktop/ble. -->

What this version reads, and how sure that is. **captured**: bytes of a real device, or printed by
its maker, are known with their values. **user-confirmed**: published programs read it, and users
say that they do. **map-only**: known from a table only, or from sources that contradict each other;
such a device is refused. No device was at hand: sessions are tested on virtual devices written from
the specifications and published captures.

Any device that follows the Blood Pressure Service (0x1810) of the Bluetooth SIG is read by the
standard: Omron in standard mode, Beurer BM54 and its kin, Silvercrest SBM69, and others. So is any
device of the Health Thermometer (0x1809), Pulse Oximeter (0x1822) and Glucose Service (0x1808):
a frame of the standard proves its own form, so these families are read whatever their level.
`ohx-desktop decode` also takes captured values of the other health services.

What to know of thermometers, oximeters and glucose meters:

- A thermometer of Beurer also measures objects. It tells which by a type; an object, or a value
  without a type, is refused and is never a body temperature.
- An oximeter's spot check (0x2A5E) is a reading; its values of the moment (0x2A5F) are progress.
- PO60: the mean of a measurement is the reading; highest and lowest value are left out. The time is
  that of its beginning. Clock and records stay as they are: a clock set later would make old
  records look new. Its link drops after a second of silence.
- A glucose meter is asked for all records once, then for those after the last known one. Nothing is
  deleted. A value whose unit cannot be what its flag says is refused.
- GL50evo: the newer Bluetooth cap is paired with the number 982249 of the maker's papers. Values
  below 20 or above 630 mg/dL are what its display calls "Lo" and "Hi": refused.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join((_HEAD, *_omron(), "", *_beurer(), ""))


def _omron() -> Iterator[str]:
    yield "## Omron memory maps"
    yield ""
    yield "Cuffs that keep readings in a memory. One marketing name can stand for several maps;"
    yield "which one a cuff has is decided by its services and model number, never by its name."
    yield ""
    yield "| map | level | opened by | users | records a user | check sum |"
    yield "|---|---|---|---|---|---|"
    for row in sorted(MAPS, key=lambda row: row.model):
        slots = " / ".join(str(user.slots) for user in row.users)
        checked = "no" if row.trailer.name == "UNCHECKED" else "yes"
        yield (
            f"| {row.model} | {row.support} | {row.unlock.value} | {len(row.users)} | {slots} "
            f"| {checked} |"
        )


def _beurer() -> Iterator[str]:
    yield "## Beurer, Sanitas, Silvercrest"
    yield ""
    yield "| model | maker | family | level | advertises |"
    yield "|---|---|---|---|---|"
    for row in sorted(MODELS, key=lambda row: (row.family.value, row.name)):
        names = ", ".join(f"`{name}`" for name in row.names)
        yield f"| {row.name} | {row.manufacturer} | {row.family.value} | {row.support} | {names} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
