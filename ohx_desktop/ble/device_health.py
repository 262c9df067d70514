"""What is remembered of how a registered device fares: for the doctor and the administrator.

Nothing here is health data: when a device was heard and read, its signal and battery, and the code
of its last failure, never a value or a person.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.domain.errors import DeviceError


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRecord:
    """What the operating system keeps of a device; the battery only while it is connected."""

    bonded: bool = False
    connected: bool = False
    blocked: bool = False
    battery_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """How a device fares, None where nobody knows. Moments are aware.

    `clock_offset_s` is the device's clock minus the host's. `failures` counts conversations in a
    row that failed. `bonded`: whether the system held a bond with it when it was last asked.
    """

    last_heard_at: datetime | None = None
    rssi_dbm: int | None = None
    battery_percent: int | None = None
    firmware: str | None = None
    clock_offset_s: float | None = None
    last_reading_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    failures: int = 0
    bonded: bool | None = None

    def heard(self, advertisement: Advertisement, now: datetime) -> "DeviceHealth":
        """Return the record after an advertisement."""
        rssi = self.rssi_dbm if advertisement.rssi is None else advertisement.rssi
        return replace(self, last_heard_at=now, rssi_dbm=rssi)

    def told(self, event: CaptureEvent, now: datetime) -> "DeviceHealth":
        """Return the record after something happened in a conversation."""
        match event:
            case StateChanged(state=LinkState.RECEIVING):
                return self._works()
            case ReadingReceived(reading=reading):
                firmware = reading.device.firmware if reading.device else None
                offset_s = reading.clock.offset_s
                return replace(
                    self._works(),
                    last_reading_at=now,
                    firmware=firmware or self.firmware,
                    clock_offset_s=self.clock_offset_s if offset_s is None else offset_s,
                )
            case SessionFailed(error=DeviceError() as error):
                return replace(
                    self, last_error=error.code, last_error_at=now, failures=self.failures + 1
                )
        return self

    def kept(self, record: SystemRecord) -> "DeviceHealth":
        """Return the record with what the system keeps of the device now."""
        told = record.battery_percent
        battery = self.battery_percent if told is None else told
        return replace(self, bonded=record.bonded, battery_percent=battery)

    def _works(self) -> "DeviceHealth":
        """Return the record of a device that talks to us: whatever was wrong is over."""
        return replace(self, last_error=None, last_error_at=None, failures=0)
