"""From what is known of this computer's Bluetooth and its devices to what is wrong with them.

Pure: facts in, findings out. The computer comes first and has one cause, the nearest to the root:
whoever hears "no permission" need not hear "no device", too. Then the devices, each with what
keeps it from delivering. Every fact may be unknown; the unknown accuses nobody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.ble.causes import ADVICE, Cause, Verdict
from ohx_desktop.ble.facts import Bus, ComputerFacts, DeviceFacts, Service
from ohx_desktop.domain.errors import ConnectionLost, PairingRefused, RadioReason

# The oldest BlueZ that bleak connects with.
OLDEST_BLUEZ = (5, 55)
# Cuffs answer down to about -90 dBm on common adapters; below this records are lost on the way.
WEAK_DBM = -85
# One warning is given before a cuff refuses to inflate.
LOW_PERCENT = 20
# Who has not been heard for so long is not merely asleep between measurements.
SILENT_FOR = timedelta(days=7)
# One lost link is a person who walked off; after three in a row staff should know.
FAILURES = 3
# USB id of Cambridge Silicon Radio's dongle and its many copies.
_CSR8510 = (0x0A12, 0x0001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One finding. `address` is None for the computer's own, `cause` where all is well."""

    address: str | None = None
    cause: Cause | None = None
    detail: str
    action: str | None = None

    @property
    def verdict(self) -> Verdict:
        """How bad it is."""
        return Verdict.OK if self.cause is None else ADVICE[self.cause].verdict


def diagnose(
    computer: ComputerFacts, devices: Iterable[DeviceFacts], now: datetime
) -> tuple[Diagnosis, ...]:
    """Return what is wrong, or that all is well: the computer first, then each device in order.

    Of a computer that cannot be used only the cause is told. `now` is aware.
    """
    root = computer_cause(computer)
    if root is not None:
        return (_of_computer(computer, root),)
    findings = [_well(computer)] if computer.heard is not None else []
    findings += [_of_computer(computer, cause) for cause in _computer_warnings(computer)]
    for device in devices:
        findings += _of_device(device, computer, now)
    return tuple(findings)


# ── the computer ─────────────────────────────────────────────────────────────────────────────

_BY_SERVICE = {
    Service.STOPPED: Cause.SERVICE_STOPPED,
    Service.CRASHED: Cause.SERVICE_CRASHED,
    Service.DISABLED: Cause.SERVICE_DISABLED,
    Service.NOT_INSTALLED: Cause.SERVICE_NOT_INSTALLED,
    Service.SILENT: Cause.SERVICE_SILENT,
}
_BY_REASON = {
    RadioReason.NO_ADAPTER: Cause.NO_ADAPTER,
    RadioReason.POWERED_OFF: Cause.ADAPTER_OFF,
    RadioReason.NO_SERVICE: Cause.SERVICE_STOPPED,
    RadioReason.NOT_PERMITTED: Cause.NOT_PERMITTED,
    RadioReason.UNKNOWN: Cause.SCAN_FAILED,
}


def computer_cause(computer: ComputerFacts) -> Cause | None:
    """Return why Bluetooth cannot be used at all, None where nothing speaks against it."""
    return _no_way(computer) or _no_service(computer) or _no_adapter(computer) or _no_scan(computer)


def _no_way(computer: ComputerFacts) -> Cause | None:
    if computer.bus is Bus.ABSENT:
        return Cause.SANDBOXED if computer.is_sandboxed else Cause.NO_SYSTEM_BUS
    if computer.bus is Bus.DENIED:
        return Cause.SANDBOXED if computer.is_sandboxed else Cause.NOT_PERMITTED
    return None


def _no_service(computer: ComputerFacts) -> Cause | None:
    cause = _BY_SERVICE.get(computer.service)
    if cause is None:
        is_old = computer.bluez is not None and computer.bluez < OLDEST_BLUEZ
        return Cause.SERVICE_TOO_OLD if is_old else None
    if computer.is_sandboxed:
        return Cause.SANDBOXED  # what is outside the box cannot be told from in here
    # The service is not started on a computer without an adapter, and a switch may take it away.
    if cause is Cause.SERVICE_STOPPED and computer.kernel_adapters == 0:
        return _blocked(computer) or Cause.NO_ADAPTER
    return cause


def _no_adapter(computer: ComputerFacts) -> Cause | None:
    adapters = computer.adapters
    if adapters is None or any(adapter.is_usable for adapter in adapters):
        return None
    if adapters and all(adapter.is_powered for adapter in adapters):
        return Cause.NO_LOW_ENERGY
    if (cause := _blocked(computer)) is not None:
        return cause
    if adapters:
        return Cause.ADAPTER_OFF
    return Cause.ADAPTER_FAILED if computer.kernel_adapters else Cause.NO_ADAPTER


def _blocked(computer: ComputerFacts) -> Cause | None:
    ours = [block for block in computer.blocks if block.radio == "bluetooth"]
    others = [block for block in computer.blocks if block.radio != "bluetooth"]
    if any(block.hard for block in ours):
        return Cause.HARD_BLOCKED
    if any(block.soft for block in ours):
        is_flight = bool(others) and all(block.soft for block in others)
        return Cause.FLIGHT_MODE if is_flight else Cause.SOFT_BLOCKED
    is_blocked = any(adapter.is_blocked for adapter in computer.adapters or ())
    return Cause.SOFT_BLOCKED if is_blocked else None


def _no_scan(computer: ComputerFacts) -> Cause | None:
    return None if computer.failure is None else _BY_REASON[computer.failure]


def _computer_warnings(computer: ComputerFacts) -> Iterator[Cause]:
    usable = [adapter for adapter in computer.adapters or () if adapter.is_usable]
    if computer.takes_agent is False:
        yield Cause.NO_PAIRING_AGENT
    if len(usable) > 1:
        yield Cause.SEVERAL_ADAPTERS
    if any(adapter.usb_id == _CSR8510 for adapter in usable):
        yield Cause.TROUBLESOME_ADAPTER


def _of_computer(computer: ComputerFacts, cause: Cause) -> Diagnosis:
    advice = ADVICE[cause]
    return Diagnosis(cause=cause, detail=advice.what, action=advice.remedy(computer.platform))


def _well(computer: ComputerFacts) -> Diagnosis:
    return Diagnosis(detail=f"works; devices heard in {computer.listened_s:g} s: {computer.heard}")


# ── devices ──────────────────────────────────────────────────────────────────────────────────


def _of_device(device: DeviceFacts, computer: ComputerFacts, now: datetime) -> Iterator[Diagnosis]:
    causes = sorted(
        _device_causes(device, now), key=lambda cause: ADVICE[cause].verdict is not Verdict.PROBLEM
    )
    seen = _seen(device, now)
    if not causes:
        yield Diagnosis(address=device.address, detail=f"{device.label}: {seen}")
    for cause in causes:
        action = ADVICE[cause].remedy(computer.platform).replace("ADDRESS", device.address)
        yield Diagnosis(
            address=device.address,
            cause=cause,
            detail=f"{device.label}: {ADVICE[cause].what} ({seen})",
            action=action,
        )


def _device_causes(device: DeviceFacts, now: datetime) -> Iterator[Cause]:
    health = device.health
    if device.blocked:
        yield Cause.DEVICE_BLOCKED
    elif (cause := _bond_cause(device)) is not None:
        yield cause
    elif health.last_error is not None:
        yield Cause.SESSION_FAILED
    last_met = max(filter(None, (health.last_heard_at, device.enrolled_at)))
    if not (device.is_heard or device.connected) and now - last_met > SILENT_FOR:
        yield Cause.NOT_HEARD
    if device.rssi_dbm is not None and device.rssi_dbm < WEAK_DBM:
        yield Cause.WEAK_SIGNAL
    battery = _battery_percent(device)
    if battery is not None and battery <= LOW_PERCENT:
        yield Cause.BATTERY_LOW
    if device.clock_not_set:
        yield Cause.CLOCK_NOT_SET


def _bond_cause(device: DeviceFacts) -> Cause | None:
    """Tell whose fault a missing bond is; a bond alone proves nothing, so it takes a failure."""
    health = device.health
    if not device.wants_bond or device.connected:
        return None
    if device.bonded is False and health.bonded:
        return Cause.COMPUTER_FORGOT_BOND
    if health.last_error == PairingRefused.code:
        # A key is replaced by whoever pairs next, while the system's bond looks well.
        is_stale = device.bonded and not device.keeps_key
        return Cause.DEVICE_FORGOT_BOND if is_stale else Cause.PAIRED_ELSEWHERE
    has_lost_links = health.last_error == ConnectionLost.code and health.failures >= FAILURES
    return Cause.DEVICE_FORGOT_BOND if device.bonded and has_lost_links else None


def _battery_percent(device: DeviceFacts) -> int | None:
    told = device.battery_percent
    return device.health.battery_percent if told is None else told


def _seen(device: DeviceFacts, now: datetime) -> str:
    """Return what an administrator wants to see beside the verdict."""
    health, told = device.health, []
    if device.connected:
        told.append("connected now")
    elif device.is_heard:
        told.append("heard now" if device.rssi_dbm is None else f"heard now, {device.rssi_dbm} dBm")
    elif health.last_heard_at is None:
        told.append("not heard yet; it sends after a measurement or when its button is pressed")
    else:
        told.append(f"last heard {_ago(now - health.last_heard_at)}")
    if (battery := _battery_percent(device)) is not None:
        told.append(f"battery {battery} %")
    if health.last_reading_at is not None:
        told.append(f"last read {_ago(now - health.last_reading_at)}")
    if health.last_error is not None:
        told.append(f"last failure {health.last_error}, {health.failures} in a row")
    if device.pairing_mode:
        told.append("in pairing mode")
    return ", ".join(told)


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    hours, days = minutes // 60, minutes // (60 * 24)
    if days:
        return f"{days} d ago"
    return f"{hours} h ago" if hours else f"{minutes} min ago"
