"""A virtual device on the air: its attribute table behind Bumble's GATT server and pairing.

The device classes are those of the emulated BlueZ and the demo; only what carries their bytes is
another. Connection, encryption, bond, passkey, indications and their confirmations are Bumble's.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from air import Air, Radio
from bumble import att, core, gatt, hci
from bumble.core import AdvertisingData as Structures
from bumble.device import Connection as RadioLink
from bumble.device import Device, DeviceConfiguration
from bumble.pairing import PairingConfig, PairingDelegate

from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.pairing import PairingMethod
from ohx_desktop.virtual.peripheral import AdvertisingData, ConnectFailed, Peripheral

_T = TypeVar("_T")
_INTERVAL_MS = 200
_UNLIKELY = 0x0E
_CCCD = core.UUID(uuid16(0x2902))

_PROPERTIES = {
    Property.READ: gatt.Characteristic.Properties.READ,
    Property.WRITE: gatt.Characteristic.Properties.WRITE,
    Property.WRITE_WITHOUT_RESPONSE: gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    Property.NOTIFY: gatt.Characteristic.Properties.NOTIFY,
    Property.INDICATE: gatt.Characteristic.Properties.INDICATE,
}
_CAPABILITIES = {
    PairingMethod.JUST_WORKS: PairingDelegate.NO_OUTPUT_NO_INPUT,
    PairingMethod.PASSKEY_ENTRY: PairingDelegate.DISPLAY_OUTPUT_ONLY,
    PairingMethod.NUMERIC_COMPARISON: PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
}


@asynccontextmanager
async def on_the_air(peripheral: Peripheral, air: Air) -> AsyncIterator["OnTheAir"]:
    """Have a device's radio working while the block lasts."""
    radio = OnTheAir(peripheral, air)
    await radio.switch_on()
    try:
        yield radio
    finally:
        await radio.switch_off()


class OnTheAir:
    """The radio of one virtual device."""

    def __init__(self, peripheral: Peripheral, air: Air) -> None:
        self._peripheral = peripheral
        self._air = air
        self._controller = Radio("device", link=air, public_address=peripheral.address)
        self._device = Device.from_config_with_hci(
            DeviceConfiguration(name="device"), self._controller, self._controller
        )
        self._device.gatt_server.max_mtu = peripheral.table.mtu
        self._device.pairing_config_factory = self._pairing_config
        self._device.on(Device.EVENT_CONNECTION, self._connected)
        self._sent_by: dict[int, gatt.Characteristic] = {}
        for service in peripheral.table.services:
            self._device.add_service(self._published(service))
        self._said: AdvertisingData | None = None
        self._news = asyncio.Event()
        self._unwatch = peripheral.watch(lambda _: self._news.set())
        self._advertiser: asyncio.Task[None] | None = None
        self._link: _DeviceLink | None = None
        self._is_on = False

    async def switch_on(self) -> None:
        """Start the radio; it advertises when the device does."""
        await self._device.power_on()
        self._is_on = True
        self._advertiser = asyncio.create_task(self._follow_advertising())

    async def switch_off(self) -> None:
        """Leave the air."""
        self._unwatch()
        if self._advertiser is not None:
            # Not cancelled: Bumble's host never sends again after a command that was broken off.
            self._is_on = False
            self._news.set()
            await self._advertiser
        if self._link is not None:
            await self._link.hang_up()
        await self._device.stop_advertising()
        self._air.remove_controller(self._controller)

    async def forget_bond(self) -> None:
        """Lose every key, as a device whose batteries were out."""
        await self._device.keystore.delete_all()

    # ── advertising ──────────────────────────────────────────────────────────────────────────

    async def _follow_advertising(self) -> None:
        """Say on the air what the device says now; a link that begins ends the advertising."""
        self._news.set()
        while self._is_on:
            await self._news.wait()
            self._news.clear()
            wanted = None if self._link is not None else self._peripheral.advertising
            if wanted == self._said:
                continue
            self._said = wanted
            if wanted is None:
                await self._device.stop_advertising()
                continue
            first, more = _packets(wanted)
            await self._device.start_advertising(
                own_address_type=hci.OwnAddressType.PUBLIC,
                advertising_data=first,
                scan_response_data=more,
                advertising_interval_min=_INTERVAL_MS,
                advertising_interval_max=_INTERVAL_MS,
            )

    # ── a link ───────────────────────────────────────────────────────────────────────────────

    def _connected(self, radio_link: RadioLink) -> None:
        self._link = _DeviceLink(self._peripheral, self._device, radio_link)
        radio_link.on(RadioLink.EVENT_DISCONNECTION, self._disconnected)
        self._said = None  # connecting ended the advertising

    def _disconnected(self, _reason: int) -> None:
        if self._link is not None:
            self._link.gone()
        self._link = None
        self._news.set()

    def _pairing_config(self, _: RadioLink) -> PairingConfig:
        return PairingConfig(
            sc=True,
            mitm=self._peripheral.pairing_method is not PairingMethod.JUST_WORKS,
            bonding=True,
            delegate=_Display(self._peripheral),
            identity_address_type=PairingConfig.AddressType.PUBLIC,
        )

    # ── attributes ───────────────────────────────────────────────────────────────────────────

    def _published(self, service: Service) -> gatt.Service:
        characteristics = [self._characteristic(one) for one in service.characteristics]
        return gatt.Service(core.UUID(service.uuid), characteristics)

    def _characteristic(self, described: Characteristic) -> gatt.Characteristic:
        properties = gatt.Characteristic.Properties(0)
        for one in described.properties:
            properties |= _PROPERTIES[one]
        published = gatt.Characteristic(
            core.UUID(described.uuid),
            properties,
            att.Attribute.READABLE | att.Attribute.WRITEABLE,
            gatt.CharacteristicValue(
                read=partial(self._read, described), write=partial(self._write, described)
            ),
            [self._configuration(described)] if described.can_subscribe else [],
        )
        self._sent_by[described.handle] = published
        return published

    def _configuration(self, described: Characteristic) -> gatt.Descriptor:
        return gatt.Descriptor(
            _CCCD,
            att.Attribute.READABLE | att.Attribute.WRITEABLE,
            att.AttributeValue(
                read=partial(self._read_configuration, described),
                write=partial(self._configure, described),
            ),
        )

    async def _read(self, described: Characteristic, _: RadioLink) -> bytes:
        link = await self._open_link()
        return await _answered(link.read(described.handle))

    async def _write(self, described: Characteristic, _: RadioLink, value: bytes) -> None:
        link = await self._open_link()
        await _answered(link.write(described.handle, bytes(value)))

    async def _read_configuration(self, described: Characteristic, _: RadioLink) -> bytes:
        link = await self._open_link()
        return struct.pack("<H", link.client_configuration(described))

    async def _configure(self, described: Characteristic, _: RadioLink, value: bytes) -> None:
        link = await self._open_link()
        if not any(value):
            await _answered(link.unsubscribe(described.handle))
        elif self._link is not None:
            is_indication = bool(value[0] & 0x02)
            published = self._sent_by[described.handle]
            sending = partial(self._link.send, published, is_indication)
            await _answered(link.subscribe(described.handle, sending))

    async def _open_link(self) -> Connection:
        if self._link is None:
            raise att.ATT_Error(_UNLIKELY)
        return await self._link.opened()


class _DeviceLink:
    """One connection: the virtual device's end of it, and Bumble's."""

    def __init__(self, peripheral: Peripheral, device: Device, radio_link: RadioLink) -> None:
        self._peripheral = peripheral
        self._device = device
        self._radio_link = radio_link
        self._to_send: asyncio.Queue[tuple[gatt.Characteristic, bool, bytes] | None] = (
            asyncio.Queue()
        )
        radio_link.on(RadioLink.EVENT_CONNECTION_ENCRYPTION_CHANGE, self._encryption_changed)
        radio_link.on(RadioLink.EVENT_PAIRING, self._paired)
        radio_link.on(RadioLink.EVENT_PAIRING_FAILURE, lambda _: self._show(None))
        self._opening = asyncio.create_task(self._open())
        self._sending = asyncio.create_task(self._send_in_order())

    async def opened(self) -> Connection:
        """Return the virtual device's end. Raises ATT_Error when it refuses the link."""
        try:
            return await asyncio.shield(self._opening)
        except ConnectFailed:
            raise att.ATT_Error(_UNLIKELY) from None

    def send(self, published: gatt.Characteristic, is_indication: bool, value: bytes) -> None:
        """Send a value when those before it have been sent and confirmed."""
        self._to_send.put_nowait((published, is_indication, value))

    def gone(self) -> None:
        """Take note that the link is down."""
        self._sending.cancel()
        if self._opening.done() and self._opening.exception() is None:
            self._opening.result().close()
        else:
            self._opening.cancel()
        self._show(None)

    async def hang_up(self) -> None:
        """End the link after what is still to be sent."""
        self._to_send.put_nowait(None)
        await asyncio.wait({self._sending}, timeout=5.0)

    async def _open(self) -> Connection:
        if self._peripheral.faults.bond_forgotten or not self._peripheral.has_bond:
            await self._device.keystore.delete_all()
        try:
            connection = await self._peripheral.connect(is_bonded=False)
        except ConnectFailed:
            self._to_send.put_nowait(None)
            raise
        connection.is_encrypted = bool(self._radio_link.encryption)
        connection.when_closed(lambda: self._to_send.put_nowait(None))
        connection.on_security_request = partial(self._device.request_pairing, self._radio_link)
        return connection

    async def _send_in_order(self) -> None:
        server = self._device.gatt_server
        while (sending := await self._to_send.get()) is not None:
            published, is_indication, value = sending
            send = server.indicate_subscriber if is_indication else server.notify_subscriber
            await send(self._radio_link, published, value, force=True)
        with suppress(core.BaseBumbleError):  # the host was faster
            await self._radio_link.disconnect()

    def _encryption_changed(self) -> None:
        if self._opening.done() and self._opening.exception() is None:
            connection = self._opening.result()
            connection.is_encrypted = bool(self._radio_link.encryption)
            connection.on_activity()

    def _paired(self, _: object) -> None:
        self._peripheral.has_bond = True
        self._show(None)

    def _show(self, text: str | None) -> None:
        self._peripheral.display = text


class _Display(PairingDelegate):
    """What a device does when it is paired: shows a number, or nothing."""

    def __init__(self, peripheral: Peripheral) -> None:
        super().__init__(io_capability=_CAPABILITIES[peripheral.pairing_method])
        self._peripheral = peripheral

    async def accept(self) -> bool:
        """Say whether the device lets itself be paired now."""
        if self._peripheral.faults.pairing_never_ends:
            await asyncio.Event().wait()
        return self._peripheral.accepts_pairing and not self._peripheral.faults.refuse_pairing

    async def generate_passkey(self) -> int:
        """Return the number the device shows."""
        return self._peripheral.new_passkey()

    async def display_number(self, number: int, digits: int) -> None:
        """Show a number."""
        self._peripheral.display = f"{number:0{digits}d}"


async def _answered(operation: Awaitable[_T]) -> _T:
    """Let the virtual device's refusals out as Bumble's."""
    try:
        return await operation
    except AttError as error:
        raise att.ATT_Error(error.code) from None
    except LinkDropped:
        raise att.ATT_Error(_UNLIKELY) from None


def _packets(said: AdvertisingData) -> tuple[bytes, bytes]:
    """Return advertising data and scan response: what does not fit goes into the second."""
    short = [uuid for uuid in said.service_uuids if uuid == uuid16(int(uuid[4:8], 16))]
    structures = [(Structures.FLAGS, b"\x06")]
    if short:
        numbers = b"".join(struct.pack("<H", int(uuid[4:8], 16)) for uuid in short)
        structures.append((Structures.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, numbers))
    structures += [
        (
            Structures.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            core.UUID(uuid).to_bytes(force_128=True),
        )
        for uuid in said.service_uuids
        if uuid not in short
    ]
    structures += [
        (Structures.MANUFACTURER_SPECIFIC_DATA, struct.pack("<H", company) + payload)
        for company, payload in said.manufacturer_data.items()
    ]
    structures += [
        (Structures.SERVICE_DATA_16_BIT_UUID, struct.pack("<H", int(uuid[4:8], 16)) + payload)
        for uuid, payload in said.service_data.items()
    ]
    if said.name is not None:
        structures.append((Structures.COMPLETE_LOCAL_NAME, said.name.encode()))
    packets = [b"", b""]
    for kind, payload in structures:
        structure = bytes((1 + len(payload), kind)) + payload
        packets[len(packets[0]) + len(structure) > 31] += structure
    if any(len(packet) > 31 for packet in packets):
        raise ValueError("more than a packet and its scan response can carry")
    return packets[0], packets[1]
