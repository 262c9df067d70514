"""The computer around the emulated BlueZ: its system bus, systemd, kernel and radio switches.

Everything that can keep a program from Bluetooth before any device matters. Linux only.
Source: systemd, org.freedesktop.systemd1; Linux rfkill and Bluetooth classes of sysfs.
"""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from ohx_desktop.virtual.bluez import NAME, EmulatedBlueZ
from ohx_desktop.virtual.bluez_bus import private_system_bus
from ohx_desktop.virtual.bluez_interfaces import Answer, Interface, Method
from ohx_desktop.virtual.bluez_objects import ObjectTree
from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.room import Adapter, VirtualRoom

CSR8510 = (0x0A12, 0x0001)
"""USB vendor and product of a dongle that many shops sell."""
_COMMON_DONGLE = (0x0BDA, 0xB00A)

_SYSTEMD = "org.freedesktop.systemd1"
_UNIT_PATH = "/org/freedesktop/systemd1/unit/bluetooth_2eservice"


class Daemon(StrEnum):
    """What became of bluetoothd."""

    RUNNING = "running"
    SILENT = "silent"
    """On the bus, and never answers."""
    STOPPED = "stopped"
    """The bus may start it, and fails."""
    CRASHED = "crashed"
    MASKED = "masked"
    NOT_INSTALLED = "not-installed"


_LOAD_AND_ACTIVE_STATE = {
    Daemon.RUNNING: ("loaded", "active"),
    Daemon.SILENT: ("loaded", "active"),
    Daemon.STOPPED: ("loaded", "inactive"),
    Daemon.CRASHED: ("loaded", "failed"),
    Daemon.MASKED: ("masked", "inactive"),
    Daemon.NOT_INSTALLED: ("not-found", "inactive"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A radio switch of the kernel. `hard`: a real switch or key; `soft`: set by a program."""

    radio: str
    hard: bool = False
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """A computer; the default one is well.

    `kernel_has_adapter`: the kernel knows an adapter, None for whether the room has one.
    """

    has_bus: bool = True
    may_use_bluez: bool = True
    daemon: Daemon = Daemon.RUNNING
    switches: tuple[Switch, ...] = (Switch(radio="bluetooth"), Switch(radio="wlan"))
    kernel_has_adapter: bool | None = None
    usb_id: tuple[int, int] = _COMMON_DONGLE
    quirks: Quirks = Quirks()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningComputer:
    """Where a program finds bus and sysfs. `bluez` is None where it does not run."""

    bus_address: str
    sysfs: Path
    bluez: EmulatedBlueZ | None


@contextlib.asynccontextmanager
async def running_computer(computer: Computer, room: VirtualRoom) -> AsyncIterator[RunningComputer]:
    """Run a computer in a room. Raises BusUnavailable."""
    async with contextlib.AsyncExitStack() as stack:
        sysfs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ohx-sysfs-")))
        _write_sysfs(sysfs, computer, room)
        if not computer.has_bus:
            nowhere = f"unix:path={sysfs / 'no-bus'}"
            yield RunningComputer(bus_address=nowhere, sysfs=sysfs, bluez=None)
            return
        address = await stack.enter_async_context(
            private_system_bus(
                denied=() if computer.may_use_bluez else (NAME,),
                cannot_start=(NAME,) if computer.daemon is Daemon.STOPPED else (),
            )
        )
        await stack.enter_async_context(_systemd(address, computer.daemon))
        bluez = None
        if computer.daemon is Daemon.RUNNING:
            bluez = EmulatedBlueZ(room, address, quirks=computer.quirks)
            stack.push_async_callback(bluez.stop)
            await bluez.start()
        elif computer.daemon is Daemon.SILENT:
            await stack.enter_async_context(_silent_service(address))
        yield RunningComputer(bus_address=address, sysfs=sysfs, bluez=bluez)


# ── systemd ──────────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def _systemd(address: str, daemon: Daemon) -> AsyncIterator[None]:
    """Be systemd, as far as telling how bluetooth.service fares."""

    async def load_unit(_: Message) -> Answer:
        return Answer(body=(_UNIT_PATH,))

    load, active = _LOAD_AND_ACTIVE_STATE[daemon]
    states = {"LoadState": Variant("s", load), "ActiveState": Variant("s", active)}
    methods = {"LoadUnit": Method(handler=load_unit, takes="s", gives="o")}
    async with _on_bus(address) as bus:
        tree = ObjectTree(bus)
        tree.add(
            "/org/freedesktop/systemd1", Interface(name=f"{_SYSTEMD}.Manager", methods=methods)
        )
        tree.add(_UNIT_PATH, Interface(name=f"{_SYSTEMD}.Unit", properties=states))
        await bus.request_name(_SYSTEMD)
        try:
            yield
        finally:
            await tree.close()


@contextlib.asynccontextmanager
async def _silent_service(address: str) -> AsyncIterator[None]:
    """Be a bluetoothd that hangs."""
    async with _on_bus(address) as bus:
        bus.add_message_handler(lambda message: message.message_type is MessageType.METHOD_CALL)
        await bus.request_name(NAME)
        yield


@contextlib.asynccontextmanager
async def _on_bus(address: str) -> AsyncIterator[MessageBus]:
    bus = MessageBus(bus_address=address)
    await bus.connect()
    try:
        yield bus
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast


# ── the kernel ───────────────────────────────────────────────────────────────────────────────


def _write_sysfs(root: Path, computer: Computer, room: VirtualRoom) -> None:
    for number, switch in enumerate(computer.switches):
        folder = root / "class" / "rfkill" / f"rfkill{number}"
        folder.mkdir(parents=True)
        (folder / "type").write_text(f"{switch.radio}\n")
        (folder / "hard").write_text(f"{switch.hard:d}\n")
        (folder / "soft").write_text(f"{switch.soft:d}\n")
    (root / "class" / "bluetooth").mkdir(parents=True)
    has_adapter = computer.kernel_has_adapter
    if room.adapter is not Adapter.MISSING if has_adapter is None else has_adapter:
        _plug_in(root, computer.usb_id)


def _plug_in(root: Path, usb_id: tuple[int, int]) -> None:
    device = root / "devices" / "usb1" / "1-1"
    interface = device / "1-1:1.0"
    interface.mkdir(parents=True)
    for name, number in zip(("idVendor", "idProduct"), usb_id, strict=True):
        (device / name).write_text(f"{number:04x}\n")
    adapter = root / "class" / "bluetooth" / "hci0"
    adapter.mkdir()
    (adapter / "device").symlink_to(interface)
