"""The connecting half of the in-process bleak backend."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar, TypeVar

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from ohx_desktop.virtual.bleak_scanner import require_adapter
from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.gatt import DEFAULT_MTU, AttError, AttributeTable, uuid16
from ohx_desktop.virtual.pairing import PairingFailed
from ohx_desktop.virtual.peripheral import ConnectFailed
from ohx_desktop.virtual.room import VirtualRoom

_T = TypeVar("_T")

_ATT_WRITE_OVERHEAD = 3


class RoomClient(BaseBleakClient):
    """Connects to one device of `room`."""

    room: ClassVar[VirtualRoom]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **_: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        self._wanted_services = services
        self._name = (
            address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else ""
        )
        self._connection: Connection | None = None
        self._securing: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """What the device calls itself, else its address."""
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """The ATT MTU, in bytes."""
        return DEFAULT_MTU if self._connection is None else self._connection.table.mtu

    @property
    def is_connected(self) -> bool:
        """Whether the link stands."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect within the time limit and take over the services."""
        require_adapter(self.room)
        if self._connection is not None:
            raise BleakError("Client is already connected")
        device = self.room.device(self.address)
        if device is None:
            raise BleakDeviceNotFoundError(self.address, f"Device {self.address} was not found.")
        async with asyncio.timeout(kwargs.get("timeout", self._timeout)):
            try:
                connection = await device.connect(is_bonded=self.room.is_bonded(self.address))
            except ConnectFailed as failed:
                raise BleakError(f"Failed to connect: {failed}") from failed
            self._connection = connection
            connection.when_closed(self._link_ended)
            connection.on_security_request = self._secure
            try:
                if pair:
                    await self.pair()
                self.services = _service_collection(device.table, self._wanted_services)
            except BaseException:
                connection.close()
                raise

    async def disconnect(self) -> None:
        """End the link."""
        if self._connection is not None:
            self._connection.close()

    def _link_ended(self) -> None:
        if self._securing is not None:
            self._securing.cancel()
        self._connection = None
        self.services = None
        if self._disconnected_callback is not None:
            asyncio.get_running_loop().call_soon(self._disconnected_callback)

    async def pair(self, *_: Any, **__: Any) -> None:
        """Pair, with the agent of the room for the person."""
        if self.room.is_bonded(self.address):
            return
        with _bleak_errors():
            await self._link.pair(self.room.agent)
        self.room.bonds.add(self.address.upper())

    def _secure(self) -> None:
        """Pair because the device asks for it, as operating systems do by themselves."""
        self._securing = asyncio.get_running_loop().create_task(self._try_to_pair())

    async def _try_to_pair(self) -> None:
        with contextlib.suppress(BleakError):  # refused or cut off: the link stays unencrypted
            await self.pair()

    async def unpair(self) -> None:
        """Disconnect and forget the bond."""
        await self.disconnect()
        self.room.bonds.discard(self.address.upper())

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read a value."""
        del use_cached  # nothing is cached here
        return bytearray(await _translated(self._link.read(characteristic.handle)))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        """Write a value."""
        del response
        await _translated(self._link.write(characteristic.handle, bytes(data)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read the only kind of descriptor there is: a subscription."""
        del use_cached  # nothing is cached here
        link = self._link
        characteristic = link.table.at(descriptor.characteristic_handle)
        return bytearray(struct.pack("<H", link.client_configuration(characteristic)))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Refuse."""
        # bleak itself refuses to write the only descriptor there is.
        del descriptor, data
        raise BleakGATTProtocolError(BleakGATTProtocolErrorCode.WRITE_NOT_PERMITTED)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any
    ) -> None:
        """Subscribe; values are delivered in later turns of the loop."""
        loop = asyncio.get_running_loop()

        def deliver(value: bytes) -> None:
            loop.call_soon(callback, bytearray(value))

        await _translated(self._link.subscribe(characteristic.handle, deliver))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        await _translated(self._link.unsubscribe(characteristic.handle))

    @property
    def _link(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection


@contextlib.contextmanager
def _bleak_errors() -> Iterator[None]:
    try:
        yield
    except AttError as error:
        raise BleakGATTProtocolError(error.code) from error
    except LinkDropped as dropped:
        raise BleakError("Disconnected during the operation") from dropped
    except PairingFailed as failed:
        raise BleakError(f"Could not pair: {failed.failure.value}") from failed


async def _translated(operation: Awaitable[_T]) -> _T:
    with _bleak_errors():
        return await operation


def _service_collection(
    table: AttributeTable, wanted: set[str] | None
) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    for service in table.services:
        if wanted is not None and service.uuid not in wanted:
            continue
        bleak_service = BleakGATTService(service, service.handle, service.uuid)
        collection.add_service(bleak_service)
        for characteristic in service.characteristics:
            bleak_characteristic = BleakGATTCharacteristic(
                characteristic,
                characteristic.handle,
                characteristic.uuid,
                [p.value for p in characteristic.properties],
                lambda: table.mtu - _ATT_WRITE_OVERHEAD,
                bleak_service,
            )
            collection.add_characteristic(bleak_characteristic)
            if characteristic.can_subscribe:
                collection.add_descriptor(
                    BleakGATTDescriptor(
                        None, characteristic.cccd_handle, uuid16(0x2902), bleak_characteristic
                    )
                )
    return collection
