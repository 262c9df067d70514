"""The radio, the devices that are registered, and how they fare."""

import asyncio
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.audit.events import Event
from ohx_desktop.audit.record import fitting

if TYPE_CHECKING:
    from ohx_desktop.ble.device_health import SystemRecord
    from ohx_desktop.ble.device_health_file import DeviceHealthKeeper
    from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
    from ohx_desktop.ble.device_secrets import DeviceSecrets
    from ohx_desktop.ble.link import AskPasskey
    from ohx_desktop.ble.listening import Listener
    from ohx_desktop.ble.policy import DevicePolicy
    from ohx_desktop.ble.radio import BleakRadio
    from ohx_desktop.desk.auditing import Note
    from ohx_desktop.desk.devices import Devices
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile


def open_registry(directory: Path | None) -> "DeviceRegistry":
    """Return the devices registered in a profile. Blocking."""
    from ohx_desktop.ble.device_registry import DeviceRegistry

    return DeviceRegistry(opened_profile(directory).devices_file)


def open_listener(directory: Path | None, *, ask_passkey: "AskPasskey | None" = None) -> "Listener":
    """Return a listener on this computer's Bluetooth that opens devices by the profile's keys.

    Blocking. Raises ConfigurationError.
    """
    from ohx_desktop.domain.errors import StoreDamaged

    registry = None
    with suppress(StoreDamaged):  # a reading needs no registered device
        registry = open_registry(directory)
    profile = opened_profile(directory)
    return listener_of(
        profile,
        settings_of(profile),
        radio=None,
        ask_passkey=ask_passkey,
        secrets=device_secrets_of(profile),
        registry=registry,
    )[0]


def open_devices(directory: Path | None, *, ask_passkey: "AskPasskey | None" = None) -> "Devices":
    """Return what registers, lists and forgets the devices of a profile. Blocking."""
    from ohx_desktop.ble.device_registry import DeviceRegistry

    profile = opened_profile(directory)
    registry = DeviceRegistry(profile.devices_file)
    return devices_of(
        profile, settings_of(profile), registry, radio=None, ask_passkey=ask_passkey, secrets=None
    )


def devices_of(
    profile: "Profile",
    settings: "Settings",
    registry: "DeviceRegistry",
    *,
    radio: "BleakRadio | None",
    ask_passkey: "AskPasskey | None",
    secrets: "DeviceSecrets | None",
    note: "Note | None" = None,
) -> "Devices":
    """Return what registers, lists and forgets devices, on the given radio or this computer's.

    `note` tells the audit of each.
    """
    from ohx_desktop.desk.devices import Devices

    kept = secrets or device_secrets_of(profile)
    listener, used = listener_of(
        profile,
        settings,
        radio=radio,
        ask_passkey=ask_passkey,
        secrets=kept,
        registry=registry,
    )
    return Devices(
        listener,
        registry,
        kept,
        used.remove_bond,
        on_registered=partial(_registered, profile, note),
        on_forgotten=partial(_forgotten, profile, note),
    )


def listener_of(
    profile: "Profile",
    settings: "Settings",
    *,
    radio: "BleakRadio | None",
    ask_passkey: "AskPasskey | None",
    secrets: "DeviceSecrets",
    registry: "DeviceRegistry | None",
) -> "tuple[Listener, BleakRadio]":
    """Return a listener and its radio; with `registry` it keeps how the registered devices fare."""
    from ohx_desktop.ble.listening import Listener
    from ohx_desktop.ble.radio import BleakRadio

    used = radio or BleakRadio(ask_passkey=ask_passkey)
    observer = None if registry is None else _health_keeper(profile, registry, radio=radio)
    listener = Listener(used, secrets=secrets, policy=device_policy(settings), observer=observer)
    return listener, used


def device_policy(settings: "Settings") -> "DevicePolicy":
    """Return what an administrator has switched on for devices. Raises ConfigurationError."""
    from ohx_desktop.ble.policy import DevicePolicy

    devices = settings.devices
    return DevicePolicy.of(
        set_clock=devices.set_clock,
        clear_unread=devices.clear_unread,
        allow_unconfirmed=devices.allow_unconfirmed,
    )


def device_secrets_of(profile: "Profile") -> "DeviceSecrets":
    """Return the keys of devices, kept in the keyring."""
    from ohx_desktop.ble.device_secrets import StoredSecrets
    from ohx_desktop.keystore import delete_secret, get_secret, set_secret

    return StoredSecrets(
        load=partial(get_secret, profile.data),
        save=partial(set_secret, profile.data),
        erase=partial(delete_secret, profile.data),
    )


async def _registered(profile: "Profile", note: "Note | None", device: "EnrolledDevice") -> None:
    await _begin_health(profile, device)
    if note is not None:
        note(Event.DEVICE_ENROLLED, subject=fitting(device.identity.address or ""))


async def _forgotten(profile: "Profile", note: "Note | None", address: str) -> None:
    await _end_health(profile, address)
    if note is not None:
        note(Event.DEVICE_UNENROLLED, subject=fitting(address))


async def _begin_health(profile: "Profile", device: "EnrolledDevice") -> None:
    """Forget how an earlier device of this address fared, and begin with what is known now."""
    from ohx_desktop.ble.device_health import DeviceHealth
    from ohx_desktop.ble.device_health_file import DeviceHealthFile

    address = device.identity.address or ""
    health = DeviceHealth(last_heard_at=device.enrolled_at, firmware=device.identity.firmware)
    if sys.platform == "linux":
        from ohx_desktop.ble.bluez_facts import system_record

        kept = await system_record(address)
        health = health if kept is None else health.kept(kept)
    file = DeviceHealthFile(profile.device_health_file)
    with suppress(OSError):  # the device is registered; a full disk has a check of its own
        await asyncio.to_thread(file.apply, [(address, lambda _record: health)])


async def _end_health(profile: "Profile", address: str) -> None:
    """Forget how a device fared that is no longer registered."""
    from ohx_desktop.ble.device_health_file import DeviceHealthFile

    file = DeviceHealthFile(profile.device_health_file)
    with suppress(OSError):  # nothing asks for the record of a device that is not registered
        await asyncio.to_thread(file.apply, [(address, lambda _: None)])


def _health_keeper(
    profile: "Profile", registry: "DeviceRegistry", *, radio: "BleakRadio | None"
) -> "DeviceHealthKeeper":
    from ohx_desktop.ble.device_health_file import DeviceHealthFile, DeviceHealthKeeper

    def ask_system(address: str) -> "SystemRecord | None":
        if radio is not None or sys.platform != "linux":
            return None  # elsewhere no system reads the battery and tells of bonds
        from ohx_desktop.ble.bluez_facts import system_record

        return asyncio.run(system_record(address))  # in the keeper's own thread

    return DeviceHealthKeeper(
        DeviceHealthFile(profile.device_health_file),
        is_registered=registry.has_address,
        ask_system=ask_system,
    )
