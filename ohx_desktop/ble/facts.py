"""What can be known of a computer's Bluetooth and of its devices, as values.

Whoever collects them does I/O; whoever judges them (`diagnosis`) does not. Every fact may be
unknown, which is the default.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from ohx_desktop.ble.causes import LINUX
from ohx_desktop.ble.device_health import DeviceHealth
from ohx_desktop.domain.errors import RadioReason


class Service(Enum):
    """What is known of the Bluetooth service (Linux: bluetoothd)."""

    RUNNING = auto()
    STOPPED = auto()
    CRASHED = auto()
    DISABLED = auto()
    NOT_INSTALLED = auto()
    SILENT = auto()
    """Does not answer in time."""
    UNKNOWN = auto()


class Bus(Enum):
    """What is known of the way to the service."""

    OPEN = auto()
    ABSENT = auto()
    DENIED = auto()
    """The bus, or its policy, refuses this account or program."""
    UNKNOWN = auto()
    """No such thing on this operating system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A radio switch of the kernel (rfkill). `radio` is its type: "bluetooth" or another."""

    radio: str
    hard: bool = False
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFacts:
    """An adapter as the service shows it.

    `roles` is None where the service is too old to tell. `is_blocked`: its own PowerState says so.
    """

    name: str
    is_powered: bool | None = None
    is_blocked: bool = False
    roles: frozenset[str] | None = None
    usb_id: tuple[int, int] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it is on and can connect to devices."""
        return self.is_powered is not False and (self.roles is None or "central" in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputerFacts:
    """What is known of this computer's Bluetooth; the defaults are "nobody knows".

    `kernel_adapters` counts adapters that the kernel knows. `takes_agent`: whether the service
    lets this program register a pairing agent. `failure` is why a scan failed, where one was
    tried, and `heard` how many devices it heard in `listened_s`.
    """

    platform: str = LINUX
    is_sandboxed: bool = False
    bus: Bus = Bus.UNKNOWN
    service: Service = Service.UNKNOWN
    bluez: tuple[int, int] | None = None
    kernel_adapters: int | None = None
    blocks: tuple[Block, ...] = ()
    adapters: tuple[AdapterFacts, ...] | None = None
    takes_agent: bool | None = None
    failure: RadioReason | None = None
    heard: int | None = None
    listened_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What is known of a registered device.

    `bonded` and `connected` are what the system says, None where it does not tell. `keeps_key`: it
    opens by a key of its own beside any bond. `rssi_dbm` is of the advertisement heard just now.
    `health` is what was remembered of it.
    """

    address: str
    label: str
    enrolled_at: datetime
    wants_bond: bool = True
    keeps_key: bool = False
    is_heard: bool = False
    rssi_dbm: int | None = None
    bonded: bool | None = None
    connected: bool = False
    blocked: bool = False
    pairing_mode: bool | None = None
    clock_not_set: bool | None = None
    battery_percent: int | None = None
    health: DeviceHealth = field(default_factory=DeviceHealth)
