"""`org.bluez.Device1` of one virtual device: heard, connected, paired, taken apart.

Source: BlueZ documentation, org.bluez.Device, and the behaviour of bluetoothd 5.66 and 5.82.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from dbus_fast import Message, Variant

from ohx_desktop.virtual.bluez_bonding import Bonding
from ohx_desktop.virtual.bluez_gatt import GattObjects
from ohx_desktop.virtual.bluez_interfaces import Answer, BusError, Interface, Method
from ohx_desktop.virtual.bluez_surroundings import Surroundings, bluez_failure, device_path
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.peripheral import BondMissing, ConnectFailed, Peripheral
from ohx_desktop.virtual.room import Adapter

DEVICE = "org.bluez.Device1"
BATTERY = "org.bluez.Battery1"

_BATTERY_LEVEL = uuid16(0x2A19)


class BlueZDevice:
    """One device object; `on_silent_too_long` asks for its removal."""

    def __init__(
        self,
        device: Peripheral,
        surroundings: Surroundings,
        *,
        on_silent_too_long: Callable[[], None],
    ) -> None:
        self.device = device
        self.path = device_path(surroundings.adapter_path, device.address)
        self._tree = surroundings.tree
        self._room = surroundings.room
        self._quirks = surroundings.quirks
        self._on_silent_too_long = on_silent_too_long
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._resolving: asyncio.Task[None] | None = None
        self._securing: asyncio.Task[None] | None = None
        self._removal: asyncio.TimerHandle | None = None
        self._bonding = Bonding(
            device,
            self.path,
            surroundings,
            on_bonded=lambda: self._set(Paired=True, Bonded=True),
        )
        self._gatt = GattObjects(
            self._tree, self.path, device.table, link=lambda: self._connection, secure=self._secure
        )
        self._tree.add(self.path, self._interface(surroundings.adapter_path))

    def heard(self, *, is_scanning: bool) -> None:
        """Take over what the device advertises now, or start forgetting it."""
        self._plan_removal()
        if is_scanning and self.device.advertising is not None:
            self._tree.change(self.path, DEVICE, self._advertised())

    def no_longer_scanning(self) -> None:
        """Drop what is only known while scanning."""
        self._tree.change(self.path, DEVICE, {}, invalidated=["RSSI"])

    def forget_program(self, sender: str) -> None:
        """Drop what a program that left the bus had asked for."""
        self._gatt.forget(sender)

    def close(self) -> None:
        """End the link and every task."""
        if self._removal is not None:
            self._removal.cancel()
        self._bonding.abandon()
        for task in (self._connecting, self._resolving, self._securing):
            if task is not None:
                task.cancel()
        if self._connection is not None:
            self._connection.close()

    # ── what is known ────────────────────────────────────────────────────────────────────────

    def _interface(self, adapter_path: str) -> Interface:
        is_bonded = self._room.is_bonded(self.device.address)
        address = self.device.address.upper()
        return Interface(
            name=DEVICE,
            properties={
                "Address": Variant("s", address),
                "AddressType": Variant("s", "public"),
                "Alias": Variant("s", address.replace(":", "-")),
                "Adapter": Variant("o", adapter_path),
                "Paired": Variant("b", is_bonded),
                "Bonded": Variant("b", is_bonded),
                "Trusted": Variant("b", is_bonded),
                "Blocked": Variant("b", False),
                "LegacyPairing": Variant("b", False),
                "Connected": Variant("b", False),
                "ServicesResolved": Variant("b", False),
                "UUIDs": Variant("as", []),
                **self._advertised(),
            },
            methods={
                "Connect": Method(handler=self._connect),
                "Disconnect": Method(handler=self._disconnect),
                "Pair": Method(handler=self._pair),
                "CancelPairing": Method(handler=self._bonding.cancel),
            },
            writable=dict.fromkeys(("Trusted", "Blocked", "Alias"), lambda _: None),
        )

    def _advertised(self) -> dict[str, Variant]:
        data = self.device.advertising
        if data is None:
            return {}
        properties = {
            "RSSI": Variant("n", self.device.rssi_dbm),
            "UUIDs": Variant("as", sorted(set(data.service_uuids) | self._known_uuids())),
        }
        if data.name is not None:
            properties |= {"Name": Variant("s", data.name), "Alias": Variant("s", data.name)}
        if data.manufacturer_data:
            payloads = {
                company: Variant("ay", payload)
                for company, payload in data.manufacturer_data.items()
            }
            properties["ManufacturerData"] = Variant("a{qv}", payloads)
        if data.service_data:
            payloads_by_uuid = {
                uuid: Variant("ay", payload) for uuid, payload in data.service_data.items()
            }
            properties["ServiceData"] = Variant("a{sv}", payloads_by_uuid)
        return properties

    def _known_uuids(self) -> set[str]:
        known = self._tree.get(self.path, DEVICE, "UUIDs") if self.path in self._tree else None
        return set(known or ())

    def _set(self, **changed: Any) -> None:
        if self.path in self._tree:
            flags = {name: Variant("b", value) for name, value in changed.items()}
            self._tree.change(self.path, DEVICE, flags)

    def _plan_removal(self) -> None:
        if self._removal is not None:
            self._removal.cancel()
            self._removal = None
        is_kept = self._bonding.is_bonded or self._connection is not None or self.device.advertising
        if not is_kept:
            self._removal = asyncio.get_running_loop().call_later(
                self._quirks.temporary_timeout_s, self._on_silent_too_long
            )

    # ── connecting ───────────────────────────────────────────────────────────────────────────

    async def _connect(self, _: Message) -> Answer:
        await self._establish()
        return Answer(after=self._start_resolving)

    async def _establish(self) -> Connection:
        if self._connection is not None:
            return self._connection
        if self._room.adapter is not Adapter.ON:
            raise bluez_failure("NotReady", "Resource Not Ready")
        if self._connecting is not None:
            raise bluez_failure("InProgress", "Operation already in progress")
        self._connecting = asyncio.ensure_future(
            self.device.connect(is_bonded=self._bonding.is_bonded)
        )
        try:
            await asyncio.wait({self._connecting})
            connection = self._connecting.result()
        except asyncio.CancelledError:
            raise bluez_failure("Failed", "le-connection-abort-by-local") from None
        except ConnectFailed as failed:
            await self._show_failed_attempt()
            is_bond_lost = isinstance(failed, BondMissing)
            reason = "br-connection-canceled" if is_bond_lost else "le-connection-abort-by-local"
            raise bluez_failure("Failed", reason) from None
        finally:
            self._connecting = None
        self._connection = connection
        self._set(Connected=True)
        connection.when_closed(self._link_ended)
        connection.on_security_request = self._answer_security_request
        return connection

    async def _show_failed_attempt(self) -> None:
        await asyncio.sleep(self._quirks.failed_attempt_s)
        self._set(Connected=True)
        self._set(Connected=False)

    def _link_ended(self) -> None:
        self._connection = None
        for task in (self._resolving, self._securing):
            if task is not None:
                task.cancel()
        self._gatt.link_down()
        self._tree.drop(self.path, BATTERY)  # known only while the device is connected
        self._set(ServicesResolved=False)
        self._set(Connected=False)
        self._plan_removal()

    def _start_resolving(self) -> None:
        if self._connection is not None and not self._tree.get(
            self.path, DEVICE, "ServicesResolved"
        ):
            loop = asyncio.get_running_loop()
            self._resolving = loop.create_task(self._resolve(self._connection))

    async def _resolve(self, connection: Connection) -> None:
        self._gatt.export()
        uuids = self._known_uuids() | {service.uuid for service in connection.table.services}
        self._tree.change(self.path, DEVICE, {"UUIDs": Variant("as", sorted(uuids))})
        self._show_battery(connection)
        await self._gatt.resume()
        if connection.is_open:
            self._set(ServicesResolved=True)

    def _show_battery(self, connection: Connection) -> None:
        # BlueZ reads it by itself; not by the link here, so that ordered faults count only what
        # the program under test does.
        for characteristic in connection.table.characteristics:
            if characteristic.uuid == _BATTERY_LEVEL and characteristic.on_read is not None:
                percentage = Variant("y", characteristic.on_read()[0])
                battery = Interface(name=BATTERY, properties={"Percentage": percentage})
                self._tree.add(self.path, battery)

    async def _disconnect(self, _: Message) -> None:
        while self._connecting is not None:
            self._connecting.cancel()
            await asyncio.sleep(0.001)
        self._bonding.abandon()
        if self._connection is not None:
            await asyncio.sleep(self._quirks.disconnect_s)
        if self._connection is not None:
            self._connection.close()

    # ── pairing ──────────────────────────────────────────────────────────────────────────────

    async def _pair(self, message: Message) -> Answer:
        if self._bonding.is_bonded:
            # The bond is for LE: BlueZ now tries to pair over classic Bluetooth (seen with 5.66).
            raise bluez_failure("AuthenticationFailed", "Authentication Failed")
        was_connected = self._connection is not None
        connection = await self._establish()
        try:
            await self._bonding.bond(connection, message.sender)
        except BusError:
            if not was_connected:
                connection.close()
            raise
        return Answer(after=self._start_resolving)

    def _answer_security_request(self) -> None:
        if self._connection is not None:
            pairing = self._pair_by_itself(self._connection)
            self._securing = asyncio.get_running_loop().create_task(pairing)

    async def _pair_by_itself(self, connection: Connection) -> None:
        with contextlib.suppress(BusError):  # refused or cut off: the link stays unencrypted
            await self._bonding.bond(connection, None)

    async def _secure(self, sender: str | None) -> None:
        if self._connection is None:
            raise bluez_failure("Failed", "Not connected")
        await self._bonding.secure(self._connection, sender)
