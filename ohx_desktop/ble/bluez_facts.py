"""What BlueZ, systemd and the system bus tell of Bluetooth; everything is only read.

For the doctor, and safe while a window talks to devices: no service is started by asking, no
adapter is touched, and the pairing agent that is registered to see whether it may be is not made
the default one and is gone with the connection.

Source: D-Bus specification, message bus messages; BlueZ D-Bus API (Adapter1, Device1, Battery1,
AgentManager1); systemd, org.freedesktop.systemd1.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from dbus_fast import (
    AuthError,
    BusType,
    DBusFastError,
    Message,
    MessageFlag,
    MessageType,
    Variant,
)
from dbus_fast.aio import MessageBus

from ohx_desktop.ble.device_health import SystemRecord
from ohx_desktop.ble.facts import AdapterFacts, Bus, Service

# Each is a question to a service on this computer, which answers in milliseconds; a busy one may
# need a thousand times as long, and must not be called silent for that.
_ANSWER_S = 4.0

_BLUEZ = "org.bluez"
_SYSTEMD = "org.freedesktop.systemd1"
_UNIT = "bluetooth.service"
_AGENT_PATH = "/org/ohx/desktop/doctor"
_ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
# BlueZ names itself on the air by the Linux Foundation's USB vendor id, its product number there,
# and its own version as the device release.
_MODALIAS = "usb:v1D6Bp0246d"


class _Addressee(NamedTuple):
    """Whom a call is for."""

    name: str
    path: str
    interface: str


_THE_BUS = _Addressee("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
_OBJECTS = _Addressee(_BLUEZ, "/", "org.freedesktop.DBus.ObjectManager")
_AGENTS = _Addressee(_BLUEZ, "/org/bluez", "org.bluez.AgentManager1")
_UNITS = _Addressee(_SYSTEMD, "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class BluezFacts:
    """What the bus tells. `adapters` and `devices` are None where BlueZ did not tell."""

    bus: Bus
    service: Service = Service.UNKNOWN
    bluez: tuple[int, int] | None = None
    adapters: tuple[AdapterFacts, ...] | None = None
    devices: Mapping[str, SystemRecord] | None = None
    takes_agent: bool | None = None


async def bluez_facts(*, with_agent: bool) -> BluezFacts:
    """Return what the system bus tells; `with_agent` tries to register a pairing agent."""
    try:
        async with _system_bus() as bus:
            return await _ask_everybody(bus, with_agent=with_agent)
    except TimeoutError:  # an OSError, too
        return BluezFacts(bus=Bus.OPEN, service=Service.SILENT)
    except (PermissionError, AuthError, _Denied):
        return BluezFacts(bus=Bus.DENIED)
    except (OSError, EOFError, DBusFastError):
        return BluezFacts(bus=Bus.ABSENT)


async def system_record(address: str) -> SystemRecord | None:
    """Return what BlueZ keeps of a device, None where BlueZ does not tell."""
    known = (await bluez_facts(with_agent=False)).devices
    return None if known is None else known.get(address, SystemRecord())


# ── the conversation ─────────────────────────────────────────────────────────────────────────


class _Denied(Exception):  # noqa: N818 - reads as what happened
    """A policy of the bus forbids to talk to BlueZ."""


@asynccontextmanager
async def _system_bus() -> AsyncIterator[MessageBus]:
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await asyncio.wait_for(bus.connect(), _ANSWER_S)
        yield bus
    finally:
        bus.disconnect()


async def _ask_everybody(bus: MessageBus, *, with_agent: bool) -> BluezFacts:
    owned = await _call(bus, _THE_BUS, "NameHasOwner", "s", _BLUEZ)
    if not (owned.body and owned.body[0] is True):
        return BluezFacts(bus=Bus.OPEN, service=await _service_without_bluez(bus))
    objects = await _call(bus, _OBJECTS, "GetManagedObjects")
    if objects.error_name == _ACCESS_DENIED:
        raise _Denied
    if objects.message_type is MessageType.ERROR:
        return BluezFacts(bus=Bus.OPEN, service=await _service_without_bluez(bus))
    return replace(
        _told_by_bluez(objects.body[0]),
        takes_agent=await _takes_agent(bus) if with_agent else None,
    )


async def _call(
    bus: MessageBus, whom: _Addressee, member: str, signature: str = "", *body: Any
) -> Message:
    """Ask, without having the one asked started for it. Raises TimeoutError, EOFError."""
    message = Message(
        destination=whom.name,
        path=whom.path,
        interface=whom.interface,
        member=member,
        signature=signature,
        body=list(body),
        flags=MessageFlag.NO_AUTOSTART,
    )
    reply = await asyncio.wait_for(bus.call(message), _ANSWER_S)
    if reply is None:
        raise EOFError("the bus gave no answer")
    return reply


async def _takes_agent(bus: MessageBus) -> bool:
    # A capability that no question can be asked of, should BlueZ want to in this moment.
    reply = await _call(bus, _AGENTS, "RegisterAgent", "os", _AGENT_PATH, "NoInputNoOutput")
    await _call(bus, _AGENTS, "UnregisterAgent", "o", _AGENT_PATH)
    return reply.message_type is not MessageType.ERROR


# ── the service ──────────────────────────────────────────────────────────────────────────────


async def _service_without_bluez(bus: MessageBus) -> Service:
    """Return why org.bluez is not on the bus: by systemd, else by what the bus could start."""
    unit = await _unit_properties(bus)
    if unit is None:
        names = await _call(bus, _THE_BUS, "ListActivatableNames")
        is_installed = bool(names.body) and _BLUEZ in names.body[0]
        return Service.STOPPED if is_installed else Service.NOT_INSTALLED
    match unit.get("LoadState"), unit.get("ActiveState"):
        case "not-found", _:
            return Service.NOT_INSTALLED
        case "masked", _:
            return Service.DISABLED
        case _, "failed":
            return Service.CRASHED
        case _, "active":
            return Service.SILENT  # it runs and has not come onto the bus
    return Service.STOPPED


async def _unit_properties(bus: MessageBus) -> dict[str, Any] | None:
    loaded = await _call(bus, _UNITS, "LoadUnit", "s", _UNIT)
    if loaded.message_type is MessageType.ERROR:
        return None
    unit = _Addressee(_SYSTEMD, loaded.body[0], "org.freedesktop.DBus.Properties")
    told = await _call(bus, unit, "GetAll", "s", f"{_SYSTEMD}.Unit")
    return None if told.message_type is MessageType.ERROR else _plain(told.body[0])


# ── what BlueZ tells ─────────────────────────────────────────────────────────────────────────


def _told_by_bluez(objects: Mapping[str, Mapping[str, Mapping[str, Variant]]]) -> BluezFacts:
    adapters: list[AdapterFacts] = []
    devices: dict[str, SystemRecord] = {}
    version: tuple[int, int] | None = None
    for path, interfaces in sorted(objects.items()):
        if "org.bluez.Adapter1" in interfaces:
            shown = _plain(interfaces["org.bluez.Adapter1"])
            adapters.append(_adapter(path, shown))
            version = version or _bluez_version(shown.get("Modalias", ""))
        if "org.bluez.Device1" in interfaces:
            shown = _plain(interfaces["org.bluez.Device1"])
            battery = _plain(interfaces.get("org.bluez.Battery1", {}))
            address = shown.get("Address", "")
            devices[address] = _joined(devices.get(address), _device(shown, battery))
    return BluezFacts(
        bus=Bus.OPEN,
        service=Service.RUNNING,
        bluez=version,
        adapters=tuple(adapters),
        devices=devices,
    )


def _plain(properties: Mapping[str, Variant]) -> dict[str, Any]:
    return {name: variant.value for name, variant in properties.items()}


def _adapter(path: str, shown: Mapping[str, Any]) -> AdapterFacts:
    roles = shown.get("Roles")
    return AdapterFacts(
        name=path.rpartition("/")[2],
        is_powered=shown.get("Powered"),
        is_blocked=shown.get("PowerState") == "off-blocked",
        roles=None if roles is None else frozenset(roles),
    )


def _bluez_version(modalias: str) -> tuple[int, int] | None:
    release = modalias.removeprefix(_MODALIAS)
    if release == modalias:
        return None  # an administrator has given the adapter another identity
    try:
        number = int(release, 16)
    except ValueError:
        return None
    return number >> 8, number & 0xFF


def _device(shown: Mapping[str, Any], battery: Mapping[str, Any]) -> SystemRecord:
    return SystemRecord(
        # Bonded came with BlueZ 5.66; before it, Paired says nearly the same.
        bonded=bool(shown.get("Bonded", shown.get("Paired", False))),
        connected=bool(shown.get("Connected", False)),
        blocked=bool(shown.get("Blocked", False)),
        battery_percent=battery.get("Percentage"),
    )


def _joined(one: SystemRecord | None, other: SystemRecord) -> SystemRecord:
    """Join what two adapters know of one device."""
    if one is None:
        return other
    battery = other.battery_percent if one.battery_percent is None else one.battery_percent
    return SystemRecord(
        bonded=one.bonded or other.bonded,
        connected=one.connected or other.connected,
        blocked=one.blocked and other.blocked,
        battery_percent=battery,
    )
