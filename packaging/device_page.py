"""Writes docs/devices.md from the tables the program decides by: `python packaging/device_page.py`.

A test fails while the page and the tables disagree.
"""

from collections.abc import Iterator
from pathlib import Path

from ohx_desktop.ble.beurer.models import MODELS
from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.model_table import MAPS

PAGE = Path(__file__).parents[1] / "docs" / "devices.md"

_HEAD = """\
# Devices

<!-- Written by packaging/device_page.py from the tables of ohx_desktop/ble. -->

What this version reads, and how sure that is. **captured**: bytes of a real device, or printed by
its maker, are known with their values. **user-confirmed**: published programs read it, and users
say that they do. **map-only**: known from a table only, or from sources that contradict each other;
such a device is refused unless an administrator answers for it. No device was at hand: sessions are
tested on virtual devices written from the specifications and published captures.

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

_OMRON_OTHER_WAYS = """\
### Other ways to an Omron device

- **Numbered records** (Omron's measurement extension and the Record Access Control Point): HBF-222T
  (VIVA), BCM-500, SC-150, and the cuff BP7900 (Complete, HEM-7530T). Every record is fetched each
  time and stays in the device; none is ever deleted. A scale is read as the user that `enroll` took
  for this computer, else as the guest; only the weight is told, as all else is computed from the
  profile of whoever the scale takes the person for.
- **BP7255 in standard mode** waits for an empty greeting by the maker's channel.
- **Refused by name**: a HEM-7188T1 (X2+, M2+ and kin) that answers the token with `FF 26`. It wants
  the maker's secure session, which no public source describes well enough to speak it with
  certainty.
- **Refused**: HBF-227T, HBF-228T, HBF-229T and HBF-230T, whose memory is the only way: sources
  disagree on the step of the weight.

### What an administrator may switch on

By default nothing is written to a device but what its protocol needs to be read (Beurer's scales
need the time). In `config.toml`, by model, with or without its region:

```toml
[devices]
set_clock = ["HEM-7155T"]          # when off by more than a minute, after the records are in
clear_unread = ["HEM-7322T"]       # the maker's program then finds no records to fetch
allow_unconfirmed = ["HEM-7196T1"] # a map-only model
```

What was written is read back and compared; a difference is told. A clock is not set back behind the
newest record, which would look new for so long, and not where it was never set (blank). `set_clock`
may also name a model that has the Current Time Service; it must stay connected for four seconds
after its last record. A reading of an `allow_unconfirmed` model can be confirmed only after a
person compared it with the device's display, and says so in the chart; of HBF-702T and KRD-703T the
weight is read in steps of 0.05 kg.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join((_HEAD, *_omron(), "", _OMRON_OTHER_WAYS, *_beurer(), ""))


def _omron() -> Iterator[str]:
    yield "## Omron memory maps"
    yield ""
    yield "Cuffs that keep readings in a memory. One marketing name can stand for several maps;"
    yield "which one a cuff has is decided by its services and model number, never by its name."
    yield ""
    yield "**clock, counters**: `devices.set_clock` and `devices.clear_unread` may name it."
    yield ""
    columns = ("map", "level", "opened by", "users", "records a user", "check sum")
    yield f"| {' | '.join((*columns, 'clock, counters', 'remarks'))} |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in sorted(MAPS, key=lambda row: row.model):
        slots = " / ".join(str(user.slots) for user in row.users)
        checked = "no" if row.trailer.name == "UNCHECKED" else "yes"
        yield (
            f"| {row.model} | {row.support} | {row.unlock.value} | {len(row.users)} | {slots} "
            f"| {checked} | {'may be written' if row.is_writable else 'never written'} "
            f"| {_remark(row)} |"
        )


def _remark(row: MemoryMap) -> str:
    told = ""
    if row.is_disputed:
        told = "refused"
    elif not row.is_proven:
        told = "refused unless `devices.allow_unconfirmed` names it"
    elif row.by_services:
        told = "read by its numbered records where it has them"
    return "; ".join(filter(None, (told, row.notes)))


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
