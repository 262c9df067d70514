"""The check-up of Bluetooth: collects the facts of this computer and its devices, then diagnoses.

Bounded in time, and safe while a window talks to devices: everything is only read, and the scan is
what any program may do at any time.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import OMRON
from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.causes import LINUX, Cause
from ohx_desktop.ble.device_health import DeviceHealth, SystemRecord
from ohx_desktop.ble.device_registry import EnrolledDevice
from ohx_desktop.ble.diagnosis import Diagnosis, computer_cause, diagnose
from ohx_desktop.ble.facts import ComputerFacts, DeviceFacts
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.omron.advertisement import CompanyData, decode_company_data
from ohx_desktop.ble.recognised import OMRON_EEPROM, Recognised
from ohx_desktop.domain.errors import DeviceError, RadioReason, RadioUnavailable

# Devices that are awake advertise at least once a second.
LISTEN_S = 3.5
# Starting and ending a scan are a few calls to a service on this computer.
_SCAN_CONTROL_S = 1.5

Scan = Callable[[float], Awaitable[Sequence[tuple[Advertisement, Recognised | None]]]]
"""Listens for so many seconds and returns whatever was heard. Raises RadioUnavailable."""

# The first scan may have the system start a service that sleeps until it is needed.
_WORTH_A_SCAN = (None, Cause.SERVICE_STOPPED, Cause.SERVICE_CRASHED)


async def check_up(
    scan: Scan,
    devices: Sequence[EnrolledDevice],
    health: Mapping[str, DeviceHealth],
    *,
    now: datetime,
) -> tuple[Diagnosis, ...]:
    """Return what is wrong with Bluetooth and with the registered devices; see `diagnose`."""
    computer, _ = await _ask_system(with_agent=False)
    if computer_cause(computer) not in _WORTH_A_SCAN:
        return diagnose(computer, (), now)
    failure, heard = await _listen(scan)
    computer, known = await _ask_system(with_agent=failure is None)
    computer = replace(computer, failure=failure, heard=len(heard), listened_s=LISTEN_S)
    facts = [
        _device_facts(device, heard.get(_address(device)), known, health) for device in devices
    ]
    return diagnose(computer, facts, now)


async def _listen(scan: Scan) -> tuple[RadioReason | None, dict[str, Advertisement]]:
    try:
        heard = await asyncio.wait_for(scan(LISTEN_S), LISTEN_S + _SCAN_CONTROL_S)
    except RadioUnavailable as error:
        return error.reason, {}
    except (DeviceError, TimeoutError):
        return RadioReason.UNKNOWN, {}
    return None, {advertisement.address: advertisement for advertisement, _ in heard}


async def _ask_system(
    *, with_agent: bool
) -> tuple[ComputerFacts, Mapping[str, SystemRecord] | None]:
    """Return what the operating system tells without a scan, and what it keeps of devices."""
    if sys.platform != LINUX:
        return ComputerFacts(platform=sys.platform), None
    from ohx_desktop.ble.bluez_facts import bluez_facts
    from ohx_desktop.ble.kernel_facts import is_sandboxed, kernel_facts

    told = await bluez_facts(with_agent=with_agent)
    kernel = await asyncio.to_thread(kernel_facts)
    usb_ids = kernel.adapters or {}
    adapters = told.adapters and tuple(
        replace(adapter, usb_id=usb_ids.get(adapter.name)) for adapter in told.adapters
    )
    computer = ComputerFacts(
        platform=LINUX,
        is_sandboxed=is_sandboxed(),
        bus=told.bus,
        service=told.service,
        bluez=told.bluez,
        kernel_adapters=None if kernel.adapters is None else len(kernel.adapters),
        blocks=kernel.blocks,
        adapters=adapters,
        takes_agent=told.takes_agent,
    )
    return computer, told.devices


def _device_facts(
    device: EnrolledDevice,
    heard: Advertisement | None,
    known: Mapping[str, SystemRecord] | None,
    health: Mapping[str, DeviceHealth],
) -> DeviceFacts:
    who, address = device.identity, _address(device)
    kept = None if known is None else known.get(address)
    company = _company_data(heard)
    return DeviceFacts(
        address=address,
        label=" ".join(filter(None, (who.manufacturer, who.model))) or device.driver,
        enrolled_at=device.enrolled_at,
        wants_bond=device.driver != Family.FFE0_SCALE,
        keeps_key=device.driver == OMRON_EEPROM,
        is_heard=heard is not None,
        rssi_dbm=None if heard is None else heard.rssi,
        bonded=None if known is None else kept is not None and kept.bonded,
        connected=kept is not None and kept.connected,
        blocked=kept is not None and kept.blocked,
        battery_percent=None if kept is None else kept.battery_percent,
        pairing_mode=None if company is None else company.pairing_mode,
        clock_not_set=None if company is None else company.clock_not_set,
        health=health.get(address, DeviceHealth()),
    )


def _address(device: EnrolledDevice) -> str:
    return device.identity.address or ""


def _company_data(heard: Advertisement | None) -> CompanyData | None:
    return decode_company_data(heard.manufacturer_data.get(OMRON, b"")) if heard else None
