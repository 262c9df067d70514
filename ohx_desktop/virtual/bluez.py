"""An emulated `org.bluez` on a private D-Bus, over the devices of a `VirtualRoom`.

An unmodified bleak with its BlueZ backend scans, connects, pairs and reads here as on a Linux
computer with Bluetooth. Adapter off or missing, and a bluetoothd that crashes and comes back, are
part of it. Source: BlueZ documentation, org.bluez.Adapter.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from ohx_desktop.virtual.bluez_agents import AgentManager
from ohx_desktop.virtual.bluez_bus import private_system_bus
from ohx_desktop.virtual.bluez_device import BlueZDevice
from ohx_desktop.virtual.bluez_interfaces import Answer, Interface, Method
from ohx_desktop.virtual.bluez_objects import ObjectTree
from ohx_desktop.virtual.bluez_surroundings import Quirks, Surroundings, bluez_failure
from ohx_desktop.virtual.peripheral import Peripheral
from ohx_desktop.virtual.room import Adapter, VirtualRoom

NAME = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
ADAPTER_PATH = "/org/bluez/hci0"
SECOND_ADAPTER_PATH = "/org/bluez/hci1"
ADAPTER_ADDRESS = "02:00:00:00:00:01"

_BUS = "org.freedesktop.DBus"


class EmulatedBlueZ:
    """bluetoothd with one adapter. `stop` is also how it crashes: without a word to anybody."""

    def __init__(self, room: VirtualRoom, address: str, *, quirks: Quirks | None = None) -> None:
        self.address = address
        self._room = room
        self._quirks = quirks or Quirks()
        self._undo = contextlib.ExitStack()
        self._devices: dict[str, BlueZDevice] = {}
        self._scan_started = asyncio.Event()
        self._filters: dict[str, set[str]] = {}
        self._scanning: set[str] = set()
        self._scan_starts = 0
        self._bus: MessageBus | None = None
        self._tree: ObjectTree | None = None
        self._agents: AgentManager | None = None

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Come onto the bus as org.bluez."""
        bus = MessageBus(bus_address=self.address, negotiate_unix_fd=True)
        await bus.connect()
        bus.add_message_handler(self._bus_signal)
        await bus.call(
            Message(
                destination=_BUS,
                path="/org/freedesktop/DBus",
                interface=_BUS,
                member="AddMatch",
                signature="s",
                body=["type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"],
            )
        )
        self._bus, self._tree, self._agents = (
            bus,
            ObjectTree(bus),
            AgentManager(bus, refuses_everybody=self._quirks.refuses_agents),
        )
        self._tree.add("/org/bluez", self._agents.interface)
        self._adapter_changed()
        if self._quirks.has_second_adapter:
            self._tree.add(SECOND_ADAPTER_PATH, self._adapter_interface(is_powered=True))
        self._undo.callback(self._room.listen(self._heard))
        self._undo.callback(self._room.watch_adapter(self._adapter_changed))
        await bus.request_name(NAME)

    async def stop(self) -> None:
        """Leave the bus."""
        self._undo.close()
        self._forget_all()
        if self._tree is not None:
            await self._tree.close()
        if self._bus is not None:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast
        self._forget_all()  # also what was asked for while it left
        self._bus = self._tree = self._agents = None

    def _forget_all(self) -> None:
        for device in self._devices.values():
            device.close()
        self._devices.clear()
        self._scanning.clear()

    async def wait_for_scan(self) -> None:
        """Return once a program scans."""
        await self._scan_started.wait()

    @property
    def agents(self) -> int:
        """How many programs answer pairing questions now."""
        return 0 if self._agents is None else self._agents.count

    def device_path(self, address: str) -> str | None:
        """Return the object path of a device that BlueZ knows now."""
        known = self._devices.get(address.upper())
        return None if known is None else known.path

    # ── the adapter ──────────────────────────────────────────────────────────────────────────

    def _adapter_changed(self) -> None:
        tree = self._require_tree()
        is_there = ADAPTER_PATH in tree
        if self._room.adapter is Adapter.MISSING:
            for known in self._devices.values():
                known.close()
            self._devices.clear()
            self._scanning.clear()
            if is_there:
                tree.remove(ADAPTER_PATH)
            return
        is_powered = self._room.adapter is Adapter.ON
        if not is_there:
            tree.add(ADAPTER_PATH, self._adapter_interface(is_powered=is_powered))
            for device in self._room.devices:
                if self._room.is_bonded(device.address):
                    self._known(device)
        if not is_powered:
            self._scanning.clear()
            self._show_scanning()
        power_state = Variant("s", self._power_state(is_powered=is_powered))
        powered = {"Powered": Variant("b", is_powered), "PowerState": power_state}
        tree.change(ADAPTER_PATH, ADAPTER, powered)

    def _adapter_interface(self, *, is_powered: bool) -> Interface:
        return Interface(
            name=ADAPTER,
            properties={
                "Address": Variant("s", ADAPTER_ADDRESS),
                "AddressType": Variant("s", "public"),
                "Name": Variant("s", "virtual-clinic"),
                "Alias": Variant("s", "virtual-clinic"),
                "Class": Variant("u", 0),
                "Powered": Variant("b", is_powered),
                "PowerState": Variant("s", self._power_state(is_powered=is_powered)),
                "Discoverable": Variant("b", False),
                "DiscoverableTimeout": Variant("u", 180),
                "Pairable": Variant("b", True),
                "PairableTimeout": Variant("u", 0),
                "Discovering": Variant("b", False),
                "UUIDs": Variant("as", []),
                "Modalias": Variant("s", f"usb:v1D6Bp0246d{self._quirks.release:04X}"),
                "Roles": Variant("as", list(self._quirks.roles)),
                "ExperimentalFeatures": Variant("as", []),
            },
            methods={
                "StartDiscovery": Method(handler=self._start_discovery),
                "StopDiscovery": Method(handler=self._stop_discovery),
                "SetDiscoveryFilter": Method(handler=self._set_discovery_filter, takes="a{sv}"),
                "GetDiscoveryFilters": Method(handler=self._get_discovery_filters, gives="as"),
                "RemoveDevice": Method(handler=self._remove_device, takes="o"),
            },
            writable={
                "Powered": self._set_powered,
                **dict.fromkeys(("Alias", "Discoverable", "Pairable"), lambda _: None),
            },
        )

    def _power_state(self, *, is_powered: bool) -> str:
        if self._quirks.is_blocked:
            return "off-blocked"
        return "on" if is_powered else "off"

    def _set_powered(self, is_powered: Any) -> None:
        if self._quirks.is_blocked:
            raise bluez_failure("Blocked", "Blocked through rfkill")
        self._room.adapter = Adapter.ON if is_powered else Adapter.OFF

    # ── discovery ────────────────────────────────────────────────────────────────────────────

    async def _set_discovery_filter(self, message: Message) -> None:
        uuids = message.body[0].get("UUIDs")
        self._filters[message.sender or ""] = set(uuids.value) if uuids else set()

    async def _get_discovery_filters(self, _: Message) -> Answer:
        return Answer(body=(["UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData"],))

    async def _start_discovery(self, message: Message) -> Answer:
        if self._room.adapter is not Adapter.ON:
            raise bluez_failure("NotReady", "Resource Not Ready")
        if self._quirks.refuses_discovery:
            raise bluez_failure("Failed", "Operation failed")
        if message.sender in self._scanning:
            raise bluez_failure("InProgress", "Operation already in progress")
        self._scanning.add(message.sender or "")
        self._show_scanning()
        self._scan_starts += 1
        if self._scan_starts <= self._quirks.scan_starts_that_hang:
            await asyncio.Event().wait()
        return Answer(after=self._listen_around)

    async def _stop_discovery(self, message: Message) -> None:
        if message.sender not in self._scanning:
            raise bluez_failure("Failed", "No discovery started")
        self._scanning.discard(message.sender)
        self._show_scanning()

    def _show_scanning(self) -> None:
        tree = self._require_tree()
        if self._scanning:
            self._scan_started.set()
        else:
            self._scan_started.clear()
        tree.change(ADAPTER_PATH, ADAPTER, {"Discovering": Variant("b", bool(self._scanning))})
        if not self._scanning:
            for known in self._devices.values():
                known.no_longer_scanning()

    def _listen_around(self) -> None:
        for device in self._room.devices:
            self._heard(device)

    def _heard(self, device: Peripheral) -> None:
        known = self._devices.get(device.address.upper())
        if known is None and self._is_wanted(device):
            self._known(device)
        elif known is not None:
            known.heard(is_scanning=bool(self._scanning))

    def _is_wanted(self, device: Peripheral) -> bool:
        """Whether any scanning program's filter lets the device pass: BlueZ merges them."""
        if device.advertising is None:
            return False
        offered = set(device.advertising.service_uuids)
        wanted = [self._filters.get(sender, set()) for sender in self._scanning]
        return any(not uuids or uuids & offered for uuids in wanted)

    def _known(self, device: Peripheral) -> None:
        address = device.address.upper()
        if self._agents is not None and address not in self._devices:
            self._devices[address] = BlueZDevice(
                device,
                Surroundings(
                    tree=self._require_tree(),
                    adapter_path=ADAPTER_PATH,
                    room=self._room,
                    agents=self._agents,
                    quirks=self._quirks,
                ),
                on_silent_too_long=partial(self._forget, address),
            )

    def _forget(self, address: str) -> None:
        known = self._devices.pop(address)
        known.close()
        self._require_tree().remove(known.path)

    async def _remove_device(self, message: Message) -> None:
        for address, known in tuple(self._devices.items()):
            if known.path == message.body[0]:
                self._room.bonds.discard(address)
                self._forget(address)
                return
        raise bluez_failure("DoesNotExist", "Does Not Exist")

    # ── programs that leave ──────────────────────────────────────────────────────────────────

    def _bus_signal(self, message: Message) -> bool:
        if message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged":
            name, _, new_owner = message.body
            if name.startswith(":") and not new_owner:
                self._program_left(name)
        return False

    def _program_left(self, sender: str) -> None:
        self._filters.pop(sender, None)
        if self._agents is not None:
            self._agents.forget(sender)
        for known in self._devices.values():
            known.forget_program(sender)
        if sender in self._scanning:
            self._scanning.discard(sender)
            self._show_scanning()

    def _require_tree(self) -> ObjectTree:
        if self._tree is None:
            raise RuntimeError("the emulated BlueZ is not running")
        return self._tree


@contextlib.asynccontextmanager
async def emulated_bluez(
    room: VirtualRoom, *, quirks: Quirks | None = None
) -> AsyncIterator[EmulatedBlueZ]:
    """Run an emulated BlueZ on a bus of its own; `address` is what programs must be told."""
    async with private_system_bus() as address:
        bluez = EmulatedBlueZ(room, address, quirks=quirks)
        try:
            await bluez.start()
            yield bluez
        finally:
            await bluez.stop()
