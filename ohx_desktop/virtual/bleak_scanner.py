"""The scanning half of the in-process bleak backend."""

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from bleak.backends.scanner import (
    AdvertisementData,
    AdvertisementDataCallback,
    BaseBleakScanner,
)
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

from ohx_desktop.virtual.peripheral import Peripheral
from ohx_desktop.virtual.room import Adapter, VirtualRoom

if TYPE_CHECKING:
    from collections.abc import Callable

_UNAVAILABLE = {
    Adapter.OFF: ("Bluetooth is turned off.", BleakBluetoothNotAvailableReason.POWERED_OFF),
    Adapter.MISSING: ("No Bluetooth adapter.", BleakBluetoothNotAvailableReason.NO_BLUETOOTH),
}


def require_adapter(room: VirtualRoom) -> None:
    """Raise what bleak raises where Bluetooth is off or missing."""
    if room.adapter in _UNAVAILABLE:
        raise BleakBluetoothNotAvailableError(*_UNAVAILABLE[room.adapter])


class RoomScanner(BaseBleakScanner):
    """Hears the devices of `room`."""

    room: ClassVar[VirtualRoom]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        *_: Any,
        **__: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._undo_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Listen, and report at once who can be heard."""
        require_adapter(self.room)
        self.seen_devices = {}
        self._undo_listening = self.room.listen(self._heard)
        for device in self.room.devices:
            self._heard(device)

    async def stop(self) -> None:
        """Stop listening."""
        if self._undo_listening is not None:
            self._undo_listening()
            self._undo_listening = None

    def _heard(self, device: Peripheral) -> None:
        # A later turn of the loop, so that the listener's errors never reach the device.
        if device.advertising is not None:
            asyncio.get_running_loop().call_soon(self._report, device)

    def _report(self, device: Peripheral) -> None:
        data = device.advertising
        is_scanning = self._undo_listening is not None and self.room.adapter is Adapter.ON
        if not is_scanning or data is None or not self.is_allowed_uuid(list(data.service_uuids)):
            return
        advertisement = AdvertisementData(
            local_name=data.name,
            manufacturer_data=dict(data.manufacturer_data),
            service_data=dict(data.service_data),
            service_uuids=list(data.service_uuids),
            tx_power=None,
            rssi=device.rssi_dbm,
            platform_data=(),
        )
        found = self.create_or_update_device(
            device.address, device.address, data.name, None, advertisement
        )
        self.call_detection_callbacks(found, advertisement)
