"""Identity of a measuring device, and how far its clock can be trusted."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceIdentity:
    """Who a device says it is. A field that the device does not tell is None.

    `address` is what the operating system calls the device: an EUI-48 on Linux and Windows
    ("AA:BB:CC:DD:EE:FF"), a host-private UUID on macOS. `system_id` is 0x2A23 with the most
    significant byte first, upper-case pairs joined by dashes.
    """

    manufacturer: str | None = None
    model: str | None = None
    address: str | None = None
    serial: str | None = None
    firmware: str | None = None
    system_id: str | None = None
    udi: str | None = None

    @property
    def eui48(self) -> str | None:
        """The address where it is a real Bluetooth address, upper case with colons, else None."""
        address = (self.address or "").upper()
        return address if _MAC.fullmatch(address) else None

    @property
    def key(self) -> str:
        """What names this very device in identifiers: the best of address, system id, serial.

        The address comes first because it is known even where reading the Device Information
        Service fails; otherwise one measurement would get two ids.
        """
        if self.eui48:
            return f"eui48:{self.eui48}"
        if self.system_id:
            return f"sysid:{self.system_id}"
        if self.serial:
            return f"serial:{self.manufacturer}:{self.model}:{self.serial}"
        return f"host:{self.address}:{self.model}"


class DeviceKind(StrEnum):
    """What a person would call a device."""

    CUFF = "cuff"
    SCALE = "scale"
    THERMOMETER = "thermometer"
    OXIMETER = "oximeter"
    GLUCOSE_METER = "glucose-meter"


class ClockTrust(StrEnum):
    """How the time of a reading is known."""

    DEVICE = "device"
    """The device's clock was set and within tolerance."""
    CORRECTED = "corrected"
    """Shifted by the measured offset; `DeviceClock.device` keeps the original."""
    RECEIVED = "received"
    """The device gave no time: the moment it arrived."""
    UNKNOWN = "unknown"
    """Nobody can vouch for the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """The device's own time of the measurement, and what is known of its clock.

    `device` is naive on purpose: Bluetooth Date Time carries no zone. `offset_s` is the device's
    clock minus the host's (negative: the device is behind), None where it could not be measured.
    """

    device: datetime | None = None
    offset_s: float | None = None
    trust: ClockTrust

    def __post_init__(self) -> None:
        if self.device is not None and self.device.tzinfo is not None:
            raise ValueError("a device's own clock has no time zone")
