"""The screens of the devices page, as values. A shell draws exactly one of these.

    DeviceList ─► Searching ─► Chosen ─► Enrolling ─► Registered ─► DeviceList
        ▲             │  ▲        │          │
        └─────────────┘  └────────┴──────────┴──► EnrolFailed ─► Enrolling (try again)

No state knows a patient: devices are registered while none is in view.
"""

from dataclasses import dataclass

from ohx_desktop.ble.device_registry import EnrolledDevice
from ohx_desktop.ble.events import LinkState
from ohx_desktop.ble.pairing_help import PairingStep
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.unread import WhyUnread
from ohx_desktop.desk.states import PasskeyQuestion
from ohx_desktop.domain.errors import OhxError


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """A device in range. `recognised` is None for one that is not read, `why_unread` says why.

    `has_registered_twin`: another device of this model is registered, so a person may take the
    wrong one. `rssi` in dBm.
    """

    address: str
    name: str | None
    manufacturer: str | None
    model: str | None
    rssi: int | None
    recognised: Recognised | None
    why_unread: WhyUnread | None = None
    is_registered: bool = False
    has_registered_twin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    """The registered devices. `forgetting` is the address of one that is being forgotten.

    `bond_left` is a device that was forgotten here while the system still keeps its bond; `error`
    is why the last one could not be forgotten.
    """

    devices: tuple[EnrolledDevice, ...]
    forgetting: str | None = None
    bond_left: EnrolledDevice | None = None
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Listening for devices, the nearest first. With `error` nobody listens any more.

    `is_over` tells that the time for listening has passed; what was found can still be chosen.
    """

    found: tuple[FoundDevice, ...] = ()
    is_over: bool = False
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A device was chosen; `steps` is what a person does to it before going on."""

    device: FoundDevice
    steps: tuple[PairingStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """The device is being made known. LISTENING waits for it to call.

    `question` stands while it shows a number that a person must type.
    """

    device: FoundDevice
    steps: tuple[PairingStep, ...]
    link: LinkState = LinkState.LISTENING
    question: PasskeyQuestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Done: this is who the device proved to be."""

    device: EnrolledDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolFailed:
    """The device is not registered, and why."""

    device: FoundDevice
    steps: tuple[PairingStep, ...]
    error: OhxError


EnrolState = DeviceList | Searching | Chosen | Enrolling | Registered | EnrolFailed
