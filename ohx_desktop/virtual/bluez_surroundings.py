"""What the objects of one emulated adapter share, and how the emulation differs from swift."""

from dataclasses import dataclass

from ohx_desktop.virtual.bluez_agents import AgentManager
from ohx_desktop.virtual.bluez_interfaces import BusError
from ohx_desktop.virtual.bluez_objects import ObjectTree
from ohx_desktop.virtual.room import VirtualRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Behaviour that differs between BlueZ versions, or is slow in a real one."""

    failed_pairing_hangs: bool = False
    """A read or StartNotify that pairs by itself never returns when that fails (5.82)."""
    disconnect_s: float = 0.02
    """Real ones take up to two seconds."""
    failed_attempt_s: float = 0.1
    """How long a refused connection attempt takes."""
    pairing_timeout_s: float = 30.0
    """Security Manager time-out."""
    scan_starts_that_hang: int = 0
    """So many StartDiscovery calls begin a scan and are never answered, as by a stuck adapter."""
    temporary_timeout_s: float = 30.0
    """How long a device that is not paired is remembered once it is silent."""
    release: int = 0x0542
    """The version as the adapter's Modalias tells it: 5.66."""
    roles: tuple[str, ...] = ("central", "peripheral")
    """What the adapter can be; without "central" it has no Low Energy for us."""
    is_blocked: bool = False
    """A radio switch keeps the adapter off, and its PowerState says so (since 5.65)."""
    has_second_adapter: bool = False
    """Another adapter is plugged in that hears nothing."""
    refuses_discovery: bool = False
    """Every StartDiscovery fails, as after a controller has hung."""
    refuses_agents: bool = False
    """A policy lets no program register a pairing agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the device objects of one adapter share."""

    tree: ObjectTree
    adapter_path: str
    room: VirtualRoom
    agents: AgentManager
    quirks: Quirks


def bluez_failure(name: str, text: str) -> BusError:
    """Return an org.bluez.Error."""
    return BusError(f"org.bluez.Error.{name}", text)


def device_path(adapter_path: str, address: str) -> str:
    """Return the object path that BlueZ gives a device."""
    return f"{adapter_path}/dev_{address.upper().replace(':', '_')}"
