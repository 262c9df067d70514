"""GATT objects of one device: `GattService1`, `GattCharacteristic1`, `GattDescriptor1`.

Source: BlueZ documentation, org.bluez.Gatt*; error names as BlueZ's GATT client sends them.
"""

import contextlib
import struct
from collections.abc import Awaitable, Callable
from functools import partial

from dbus_fast import Message, Variant

from ohx_desktop.virtual.bluez_interfaces import Answer, BusError, Interface, Method
from ohx_desktop.virtual.bluez_objects import ObjectTree
from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.gatt import (
    AttError,
    AttributeTable,
    Characteristic,
    Service,
    uuid16,
)
from ohx_desktop.virtual.subscribers import Subscribers

GATT_SERVICE = "org.bluez.GattService1"
GATT_CHARACTERISTIC = "org.bluez.GattCharacteristic1"
GATT_DESCRIPTOR = "org.bluez.GattDescriptor1"

NEEDS_SECURITY = frozenset({0x05, 0x0C, 0x0F})
"""ATT errors that pairing may cure."""

_ATT_TO_BLUEZ = {
    0x02: ("NotPermitted", "Read not permitted"),
    0x03: ("NotPermitted", "Write not permitted"),
    0x05: ("NotPermitted", "Not paired"),
    0x06: ("NotSupported", "Operation is not supported"),
    0x07: ("InvalidArguments", "Invalid offset"),
    0x08: ("NotAuthorized", "Operation Not Authorized"),
    0x0C: ("NotPermitted", "Not paired"),
    0x0D: ("InvalidArguments", "Invalid Length"),
    0x0F: ("NotPermitted", "Not paired"),
    0xFD: ("ImproperlyConfigured", "Client Characteristic Configuration"),
}


def bluez_error(error: AttError) -> BusError:
    """Translate an ATT error the way BlueZ does."""
    unnamed = ("Failed", f"Operation failed with ATT error: 0x{error.code:02x}")
    name, text = _ATT_TO_BLUEZ.get(error.code, unnamed)
    return BusError(f"org.bluez.Error.{name}", text)


class GattObjects:
    """The attribute table of a device on the bus.

    `link` returns the open connection or None; `secure` pairs on its own, as BlueZ does when the
    device wants an encrypted link, and raises BusError when that fails.
    """

    def __init__(
        self,
        tree: ObjectTree,
        device_path: str,
        table: AttributeTable,
        *,
        link: Callable[[], Connection | None],
        secure: Callable[[str | None], Awaitable[None]],
    ) -> None:
        self._tree = tree
        self._device_path = device_path
        self._table = table
        self._link = link
        self._secure = secure
        self._subscribers: dict[int, Subscribers] = {}

    def export(self) -> None:
        """Put every attribute on the bus, as after service discovery; once is enough."""
        for service in self._table.services:
            path = f"{self._device_path}/service{service.handle:04x}"
            if path not in self._tree:
                self._tree.add(path, self._service(service))
                for characteristic in service.characteristics:
                    self._export_characteristic(path, characteristic)

    async def resume(self) -> None:
        """Subscribe again for everybody who never unsubscribed: BlueZ does so on reconnection."""
        for handle, subscribers in self._subscribers.items():
            connection = self._link()
            if subscribers.is_wanted and connection is not None:
                with contextlib.suppress(AttError, LinkDropped):  # as BlueZ: silently
                    await connection.subscribe(handle, subscribers.deliver)

    def link_down(self) -> None:
        """Close the sockets of acquired characteristics."""
        for subscribers in self._subscribers.values():
            subscribers.release()

    def forget(self, sender: str) -> None:
        """Drop the subscriptions of a program that left the bus."""
        for subscribers in self._subscribers.values():
            subscribers.remove(sender)

    # ── objects ──────────────────────────────────────────────────────────────────────────────

    def _service(self, service: Service) -> Interface:
        return Interface(
            name=GATT_SERVICE,
            properties={
                "UUID": Variant("s", service.uuid),
                "Device": Variant("o", self._device_path),
                "Primary": Variant("b", True),
                "Includes": Variant("ao", []),
            },
        )

    def _export_characteristic(self, service_path: str, characteristic: Characteristic) -> None:
        path = f"{service_path}/char{characteristic.handle:04x}"
        properties = {
            "UUID": Variant("s", characteristic.uuid),
            "Service": Variant("o", service_path),
            "Flags": Variant("as", sorted(characteristic.properties)),
            "MTU": Variant("q", self._table.mtu),
        }
        if characteristic.can_subscribe:
            properties["Notifying"] = Variant("b", False)
            properties["NotifyAcquired"] = Variant("b", False)
        self._subscribers[characteristic.handle] = Subscribers(
            on_value=partial(self._show_value, path), on_change=partial(self._show_notifying, path)
        )
        interface = Interface(
            name=GATT_CHARACTERISTIC,
            properties=properties,
            methods={
                "ReadValue": Method(
                    handler=partial(self._read, path, characteristic), takes="a{sv}", gives="ay"
                ),
                "WriteValue": Method(handler=partial(self._write, characteristic), takes="aya{sv}"),
                "StartNotify": Method(handler=partial(self._start_notify, characteristic)),
                "StopNotify": Method(handler=partial(self._stop_notify, characteristic)),
                "AcquireNotify": Method(
                    handler=partial(self._acquire_notify, characteristic), takes="a{sv}", gives="hq"
                ),
            },
        )
        self._tree.add(path, interface)
        if characteristic.can_subscribe:
            self._export_configuration(path, characteristic)

    def _export_configuration(self, path: str, characteristic: Characteristic) -> None:
        descriptor = Interface(
            name=GATT_DESCRIPTOR,
            properties={
                "UUID": Variant("s", uuid16(0x2902)),
                "Characteristic": Variant("o", path),
            },
            methods={
                "ReadValue": Method(
                    handler=partial(self._read_configuration, characteristic),
                    takes="a{sv}",
                    gives="ay",
                )
            },
        )
        self._tree.add(f"{path}/desc{characteristic.cccd_handle:04x}", descriptor)

    def _show_value(self, path: str, value: bytes) -> None:
        self._tree.change(path, GATT_CHARACTERISTIC, {"Value": Variant("ay", value)}, always=True)

    def _show_notifying(self, path: str, is_wanted: bool) -> None:
        if path in self._tree:
            self._tree.change(path, GATT_CHARACTERISTIC, {"Notifying": Variant("b", is_wanted)})

    # ── methods ──────────────────────────────────────────────────────────────────────────────

    async def _secured(
        self, message: Message, operation: Callable[[Connection], Awaitable[bytes | None]]
    ) -> bytes:
        """Run an operation; if the device wants security, pair and run it once more."""
        for is_last in (False, True):
            connection = self._link()
            if connection is None:
                raise BusError("org.bluez.Error.Failed", "Not connected")
            try:
                return await operation(connection) or b""
            except LinkDropped:
                raise bluez_error(AttError(0x0E)) from None
            except AttError as error:
                if is_last or error.code not in NEEDS_SECURITY:
                    raise bluez_error(error) from None
            await self._secure(message.sender)
        raise AssertionError("the second turn always returns or raises")

    async def _read(self, path: str, target: Characteristic, message: Message) -> Answer:
        value = await self._secured(message, lambda link: link.read(target.handle))
        self._show_value(path, value)
        return Answer(body=(value,))

    async def _write(self, target: Characteristic, message: Message) -> None:
        value = bytes(message.body[0])
        await self._secured(message, lambda link: link.write(target.handle, value))

    async def _read_configuration(self, target: Characteristic, _: Message) -> Answer:
        connection = self._link()
        if connection is None:
            raise BusError("org.bluez.Error.Failed", "Not connected")
        return Answer(body=(struct.pack("<H", connection.client_configuration(target)),))

    async def _start_notify(self, target: Characteristic, message: Message) -> None:
        subscribers = self._subscribers[target.handle]
        if not target.can_subscribe:
            raise BusError("org.bluez.Error.NotSupported", "Operation is not supported")
        if subscribers.is_acquired:
            raise BusError("org.bluez.Error.NotPermitted", "Notify acquired")
        await self._secured(
            message, lambda link: link.subscribe(target.handle, subscribers.deliver)
        )
        subscribers.add(message.sender or "")

    async def _stop_notify(self, target: Characteristic, message: Message) -> None:
        subscribers = self._subscribers[target.handle]
        if not subscribers.remove(message.sender or ""):
            raise BusError("org.bluez.Error.Failed", "No notify session started")
        if not subscribers.is_wanted:
            await self._secured(message, lambda link: link.unsubscribe(target.handle))

    async def _acquire_notify(self, target: Characteristic, message: Message) -> Answer:
        subscribers = self._subscribers[target.handle]
        if not target.can_subscribe:
            raise BusError("org.bluez.Error.NotSupported", "Operation is not supported")
        if subscribers.is_wanted:
            raise BusError("org.bluez.Error.NotPermitted", "Notify acquired")
        await self._secured(
            message, lambda link: link.subscribe(target.handle, subscribers.deliver)
        )
        theirs = subscribers.acquire(message.sender or "")
        return Answer(body=(0, self._table.mtu), unix_fds=(theirs.fileno(),), after=theirs.close)
