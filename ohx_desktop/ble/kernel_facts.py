"""What the Linux kernel tells of Bluetooth without any service: adapters and radio switches.

Reads a few small files; what is missing or unreadable is not known. `SYSFS_PATH` names another
/sys, as it does for sysfsutils. Blocking.

Source: Linux, Documentation/driver-api/rfkill.rst, Documentation/ABI/stable/sysfs-class-rfkill,
Documentation/ABI/testing/sysfs-class-bluetooth.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from ohx_desktop.ble.facts import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFacts:
    """Adapters by name ("hci0") with their USB vendor and product, None where there is no sysfs."""

    adapters: dict[str, tuple[int, int] | None] | None
    blocks: tuple[Block, ...]


def kernel_facts(sysfs: Path | None = None) -> KernelFacts:
    """Return what the kernel tells."""
    root = sysfs or Path(os.environ.get("SYSFS_PATH", "/sys"))
    return KernelFacts(adapters=_adapters(root), blocks=_blocks(root / "class" / "rfkill"))


def is_sandboxed() -> bool:
    """Tell whether this program runs inside a flatpak or a snap."""
    return Path("/.flatpak-info").exists() or "SNAP" in os.environ


def _adapters(root: Path) -> dict[str, tuple[int, int] | None] | None:
    if not (root / "class").is_dir():
        return None
    folder = root / "class" / "bluetooth"
    # Links to devices are listed beside adapters, as hci0:64.
    names = [entry.name for entry in _entries(folder) if entry.name.removeprefix("hci").isdecimal()]
    return {name: _usb_id(folder / name / "device") for name in names}


def _usb_id(interface: Path) -> tuple[int, int] | None:
    """Return the ids of the USB device that an adapter is an interface of."""
    try:
        device = interface.resolve(strict=True).parent
        return tuple(int(_text(device / name), 16) for name in ("idVendor", "idProduct"))  # type: ignore[return-value] # two of them
    except (OSError, ValueError):
        return None


def _blocks(folder: Path) -> tuple[Block, ...]:
    blocks = []
    for switch in _entries(folder):
        try:
            hard, soft = (_text(switch / name) == "1" for name in ("hard", "soft"))
            blocks.append(Block(radio=_text(switch / "type"), hard=hard, soft=soft))
        except OSError:
            continue  # it was unplugged in the meantime
    return tuple(blocks)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    return file.read_text().strip()
