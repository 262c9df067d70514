"""The composition root: settings in, running services out. The only place that builds the graph.

Imports are late: a command pays only for what it uses, and the window shows its first frame before
any of them.
"""

import asyncio
import platform
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop import __version__
from ohx_desktop.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ohx_desktop.ble.device_health import SystemRecord
    from ohx_desktop.ble.device_health_file import DeviceHealthKeeper
    from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
    from ohx_desktop.ble.device_secrets import DeviceSecrets
    from ohx_desktop.ble.link import AskPasskey
    from ohx_desktop.ble.listening import Listener
    from ohx_desktop.ble.policy import DevicePolicy
    from ohx_desktop.ble.radio import BleakRadio
    from ohx_desktop.desk.capture import RegisteredCapture
    from ohx_desktop.desk.devices import Devices
    from ohx_desktop.desk.filing import FilingService, SubmissionMaker
    from ohx_desktop.desk.passkey import PasskeyDesk
    from ohx_desktop.desk.tray import TrayService
    from ohx_desktop.domain.care_context import OfferedContexts
    from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
    from ohx_desktop.fhir.auth.credentials import Credentials
    from ohx_desktop.fhir.check import CheckedEhr
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.fhir.mapping import MappingRules
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.ops.doctor import Check, Finding
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import EhrSettings, Settings
    from ohx_desktop.settings.profile import Profile
    from ohx_desktop.transport import HttpClient

# What a workstation imports, slowest first.
_SERVICES = (
    "ohx_desktop.fhir.client",
    "ohx_desktop.ble.radio",
    "bleak",
    "ohx_desktop.outbox.worker",
    "ohx_desktop.settings.layers",
    "ohx_desktop.desk.capture",
    "ohx_desktop.desk.enrolling",
    "ohx_desktop.desk.filing",
    "ohx_desktop.fhir.mapping_file",
    "ohx_desktop.desk.take_reading",
)

# A person who closes the window waits no longer than this for a slow EHR.
_FINISH_SENDING_S = 3.0
# Nor than this for a device that is being told goodbye.
_GOODBYES_S = 10.0


# ── one service at a time, for the command line ──────────────────────────────────────────────


def open_registry(directory: Path | None) -> "DeviceRegistry":
    """Return the devices registered in a profile. Blocking."""
    from ohx_desktop.ble.device_registry import DeviceRegistry

    return DeviceRegistry(_profile(directory).devices_file)


def open_listener(directory: Path | None, *, ask_passkey: "AskPasskey | None" = None) -> "Listener":
    """Return a listener on this computer's Bluetooth that opens devices by the profile's keys.

    Blocking. Raises ConfigurationError.
    """
    from ohx_desktop.domain.errors import StoreDamaged

    registry = None
    with suppress(StoreDamaged):  # a reading needs no registered device
        registry = open_registry(directory)
    profile = _profile(directory)
    return _listener(
        profile,
        _settings(profile),
        radio=None,
        ask_passkey=ask_passkey,
        secrets=_device_secrets(profile),
        registry=registry,
    )[0]


def open_devices(directory: Path | None, *, ask_passkey: "AskPasskey | None" = None) -> "Devices":
    """Return what registers, lists and forgets the devices of a profile. Blocking."""
    from ohx_desktop.ble.device_registry import DeviceRegistry

    profile = _profile(directory)
    registry = DeviceRegistry(profile.devices_file)
    return _devices(
        profile, _settings(profile), registry, radio=None, ask_passkey=ask_passkey, secrets=None
    )


@asynccontextmanager
async def open_ehr(directory: Path | None) -> AsyncGenerator["EhrClient"]:
    """Connect to the EHR of a profile. Raises ConfigurationError where none is set."""
    profile = _profile(directory)
    settings = await asyncio.to_thread(_settings, profile)
    async with _ehr(profile, settings) as ehr:
        yield ehr


@asynccontextmanager
async def open_ehr_check(
    directory: Path | None, *, patient: str | None, write: bool
) -> AsyncGenerator["CheckedEhr"]:
    """Open what `check_ehr` works with."""
    from ohx_desktop.fhir.auth.scopes import Subject
    from ohx_desktop.fhir.check import CheckedEhr

    profile = _profile(directory)
    settings = await asyncio.to_thread(_settings, profile)
    async with _signed_in_ehr(profile, settings) as (ehr, proof):
        yield CheckedEhr(
            ehr=ehr,
            tokens=proof.tokens,
            subject=Subject.USER if proof.launch else Subject.SYSTEM,
            version=settings.ehr.fhir_version,
            write=write,
            patient=patient,
        )


def open_maker(directory: Path | None, *, mapping: Path | None = None) -> "SubmissionMaker":
    """Return what turns a reading into a submission and a bundle of this station. Blocking.

    `mapping` is a mapping file to try in place of the profile's own.
    """
    from ohx_desktop.fhir.mapping_file import read_rules

    profile = _profile(directory)
    rules = None if mapping is None else read_rules(mapping)
    return _maker(profile, _settings(profile), rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDesk:
    """The queue, the way into it, and the tray before it."""

    outbox: "AsyncOutbox"
    filing: "FilingService"
    tray: "TrayService"


@asynccontextmanager
async def open_desk(directory: Path | None, *, sending: bool) -> AsyncGenerator[FilingDesk]:
    """Open the queue of a profile; with `sending`, deliver while it is open."""
    profile = _profile(directory)
    settings = await asyncio.to_thread(_settings, profile)
    async with _outbox(profile, settings, key_source=None, on_change=None) as outbox:
        filing = await _filing(profile, settings, outbox)
        desk = FilingDesk(outbox=outbox, filing=filing, tray=_tray(settings, outbox, filing))
        if not sending:
            yield desk
            return
        async with _ehr(profile, settings) as ehr, _sender(outbox, ehr, profile):
            yield desk


# ── the whole workstation, for the window ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Workstation:
    """Everything the staff window works with."""

    settings: "Settings"
    patients: "EhrClient | NoEhr"
    capture: "RegisteredCapture"
    devices: "Devices"
    passkeys: "PasskeyDesk"
    filing: "FilingService"
    outbox: "AsyncOutbox"
    tray: "TrayService"


class NoEhr:
    """Stands where no EHR is set: every search says so."""

    async def find_patients(self, _query: "PatientQuery") -> "PatientsFound":
        """Raise ConfigurationError."""
        raise _no_ehr()

    async def contexts(self, _patient: "Patient") -> "OfferedContexts":
        """Raise ConfigurationError."""
        raise _no_ehr()


@asynccontextmanager
async def open_workstation(
    profile: "Profile",
    *,
    settings: "Settings | None" = None,
    radio: "BleakRadio | None" = None,
    key_source: "KeySource | None" = None,
    device_secrets: "DeviceSecrets | None" = None,
    on_queue_change: Callable[[], None] | None = None,
) -> AsyncGenerator[Workstation]:
    """Open all services of a profile; what is not given comes from its settings.

    Raises AlreadyOpen, ConfigurationError, KeystoreError, StoreError.
    """
    import filelock

    from ohx_desktop.ble.device_registry import DeviceRegistry
    from ohx_desktop.desk.capture import RegisteredCapture
    from ohx_desktop.desk.passkey import PasskeyDesk
    from ohx_desktop.domain.errors import AlreadyOpen
    from ohx_desktop.ops.logging import Field, configure_logging, log_event

    await asyncio.to_thread(_create, profile)
    lock = filelock.FileLock(profile.window_lock, mode=0o600)
    try:
        # The lock belongs to the thread that takes it, so it stays on this one; it never waits.
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise AlreadyOpen("the program is already open on this workstation") from None
    try:
        await asyncio.to_thread(configure_logging, profile.logs)
        log_event("workstation.opened", {Field.VERSION: __version__})
        effective = settings
        if effective is None:
            effective = await asyncio.to_thread(_settings, profile)
        async with (
            _outbox(profile, effective, key_source=key_source, on_change=on_queue_change) as outbox,
            _ehr_and_sender(profile, effective, outbox) as ehr,
            AsyncExitStack() as stack,
        ):
            registry = await asyncio.to_thread(DeviceRegistry, profile.devices_file)
            passkeys = PasskeyDesk()
            devices = _devices(
                profile,
                effective,
                registry,
                radio=radio,
                ask_passkey=passkeys.ask,
                secrets=device_secrets,
            )
            filing = await _filing(profile, effective, outbox)
            tray = _tray(effective, outbox, filing)
            stack.push_async_callback(devices.listener.close, _GOODBYES_S)
            yield Workstation(
                settings=effective,
                patients=ehr,
                capture=RegisteredCapture(devices.listener, registry, tray),
                devices=devices,
                passkeys=passkeys,
                filing=filing,
                outbox=outbox,
                tray=tray,
            )
    finally:
        lock.release()


def import_services() -> None:
    """Import what the services need, so that the event loop does not wait for it. Blocking."""
    for name in _SERVICES:
        import_module(name)


# ── health ───────────────────────────────────────────────────────────────────────────────────


def health_checks(directory: Path | None) -> "tuple[Check, ...]":
    """Return the checks of the doctor, each independent of the others."""
    from ohx_desktop.fhir.mapping_file import load_rules
    from ohx_desktop.ops.doctor import Check, check_disk

    profile = _profile(directory)

    async def settings_are_valid() -> str:
        settings = await asyncio.to_thread(_settings, profile)
        _device_policy(settings)
        if settings.ehr.base_url is None:
            raise _no_ehr()
        return "valid"

    async def mapping_is_valid() -> str:
        loaded = await asyncio.to_thread(
            load_rules, profile.mapping_file, profile.last_good_mapping
        )
        if loaded.problem is not None:
            raise loaded.problem
        return "the clinic's own" if profile.mapping_file.exists() else "built in"

    async def disk_has_room() -> str:
        return await asyncio.to_thread(check_disk, profile.data)

    async def queue_opens() -> str:
        settings = await asyncio.to_thread(_settings, profile)
        async with _outbox(profile, settings, key_source=None, on_change=None) as outbox:
            summary = await outbox.summary()
        return f"opens; {summary.waiting} waiting, {summary.needs_attention} need a person"

    async def bluetooth_works() -> "tuple[Finding, ...]":
        return await _bluetooth_findings(profile)

    async def ehr_answers() -> str:
        from ohx_desktop.fhir.plan import plan_for

        settings = await asyncio.to_thread(_settings, profile)
        if settings.ehr.base_url is None:
            raise _no_ehr()
        # A slow import on the loop would look like a Bluetooth service that does not answer.
        await asyncio.to_thread(import_module, "ohx_desktop.fhir.connect")
        async with _ehr(profile, settings) as ehr:
            capabilities = await ehr.capabilities()
        plan_for(capabilities, settings.ehr.fhir_version)
        return f"answers with FHIR {capabilities.fhir_version}"

    return (
        Check(name="settings", run=settings_are_valid),
        Check(name="mapping", run=mapping_is_valid),
        Check(name="disk", run=disk_has_room),
        Check(name="queue and key", run=queue_opens),
        Check(name="bluetooth", run=bluetooth_works),
        Check(name="ehr", run=ehr_answers),
    )


async def _bluetooth_findings(profile: "Profile") -> "tuple[Finding, ...]":
    from ohx_desktop.ble.causes import Verdict
    from ohx_desktop.ble.checkup import check_up
    from ohx_desktop.ble.device_health_file import DeviceHealthFile
    from ohx_desktop.ble.device_registry import DeviceRegistry
    from ohx_desktop.ble.diagnosis import Diagnosis
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.domain.errors import DeviceError, RadioUnavailable
    from ohx_desktop.ops.doctor import Finding

    def finding(told: Diagnosis) -> Finding:
        problem = RadioUnavailable if told.address is None else DeviceError
        is_problem = told.verdict is Verdict.PROBLEM
        return Finding(
            check="bluetooth" if told.address is None else f"device {told.address}",
            detail=told.detail,
            code=problem.code if is_problem else None,
            action=told.action,
            exit_code=problem.exit_code,
            cause=told.cause,
        )

    registry = await asyncio.to_thread(DeviceRegistry, profile.devices_file)
    health = await asyncio.to_thread(DeviceHealthFile(profile.device_health_file).load)
    settings = await asyncio.to_thread(_settings, profile)
    listener, _ = _listener(
        profile,
        settings,
        radio=None,
        ask_passkey=None,
        secrets=_device_secrets(profile),
        registry=None,
    )
    scan = partial(listener.discover, include_unsupported=True)
    told = await check_up(scan, registry.devices, health, now=system_now())
    return tuple(map(finding, told))


# ── parts ────────────────────────────────────────────────────────────────────────────────────


def _profile(directory: Path | None) -> "Profile":
    from ohx_desktop.settings.profile import Profile

    profile = Profile.at(directory)
    _create(profile)
    return profile


def _create(profile: "Profile") -> None:
    from ohx_desktop.domain.errors import StoreEnvironment

    try:
        profile.create()
    except OSError as error:
        raise StoreEnvironment(
            f"the folder of the profile cannot be made ({error.strerror})",
            hint="choose another folder with --profile, or mend its permissions",
        ) from error


def _settings(profile: "Profile") -> "Settings":
    from ohx_desktop.settings.layers import load_settings

    return load_settings(profile).settings


def _no_ehr() -> ConfigurationError:
    return ConfigurationError(
        "no EHR is set up on this workstation",
        hint="set ehr.base_url in config.toml to the FHIR address of the EHR",
    )


def _devices(
    profile: "Profile",
    settings: "Settings",
    registry: "DeviceRegistry",
    *,
    radio: "BleakRadio | None",
    ask_passkey: "AskPasskey | None",
    secrets: "DeviceSecrets | None",
) -> "Devices":
    from ohx_desktop.desk.devices import Devices

    kept = secrets or _device_secrets(profile)
    listener, used = _listener(
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
        on_registered=partial(_begin_health, profile),
        on_forgotten=partial(_end_health, profile),
    )


def _listener(
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
    listener = Listener(used, secrets=secrets, policy=_device_policy(settings), observer=observer)
    return listener, used


def _device_policy(settings: "Settings") -> "DevicePolicy":
    from ohx_desktop.ble.policy import DevicePolicy

    devices = settings.devices
    return DevicePolicy.of(
        set_clock=devices.set_clock,
        clear_unread=devices.clear_unread,
        allow_unconfirmed=devices.allow_unconfirmed,
    )


def _device_secrets(profile: "Profile") -> "DeviceSecrets":
    from ohx_desktop.ble.device_secrets import StoredSecrets
    from ohx_desktop.keystore import delete_secret, get_secret, set_secret

    return StoredSecrets(
        load=partial(get_secret, profile.data),
        save=partial(set_secret, profile.data),
        erase=partial(delete_secret, profile.data),
    )


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


def _rules(profile: "Profile") -> "MappingRules":
    from ohx_desktop.fhir.mapping_file import load_rules
    from ohx_desktop.ops.logging import log_problem

    loaded = load_rules(profile.mapping_file, profile.last_good_mapping)
    if loaded.problem is not None:
        log_problem(loaded.problem)
    return loaded.rules


def _maker(
    profile: "Profile", settings: "Settings", rules: "MappingRules | None" = None
) -> "SubmissionMaker":
    from ohx_desktop.desk.filing import SubmissionMaker
    from ohx_desktop.review.submission import Gateway
    from ohx_desktop.settings.installation import installation_id

    gateway = Gateway(
        installation=installation_id(profile.installation_file),
        station=settings.station.name or platform.node() or "workstation",
        version=__version__,
    )
    return SubmissionMaker(
        gateway=gateway,
        practitioner=settings.station.practitioner,
        rules=_rules(profile) if rules is None else rules,
    )


async def _filing(
    profile: "Profile", settings: "Settings", outbox: "AsyncOutbox"
) -> "FilingService":
    from ohx_desktop.desk.filing import FilingService

    maker = await asyncio.to_thread(_maker, profile, settings)
    return FilingService(outbox=outbox, maker=maker)


def _tray(settings: "Settings", outbox: "AsyncOutbox", filing: "FilingService") -> "TrayService":
    from ohx_desktop.desk.tray import TrayService
    from ohx_desktop.outbox.tray_service import AsyncTray

    return TrayService(
        storage=AsyncTray(outbox),
        filing=filing,
        kept_for=timedelta(days=settings.store.tray_days),
        practitioner=settings.station.practitioner,
    )


@asynccontextmanager
async def _outbox(
    profile: "Profile",
    settings: "Settings",
    *,
    key_source: "KeySource | None",
    on_change: Callable[[], None] | None,
) -> AsyncGenerator["AsyncOutbox"]:
    from ohx_desktop.keystore import key_source as configured
    from ohx_desktop.keystore import obtain_key
    from ohx_desktop.outbox.service import AsyncOutbox

    store = settings.store

    def key() -> bytes:
        source = key_source or configured(
            store.key_source, profile=profile.data, key_file=store.key_file
        )
        return obtain_key(source, profile.database)

    outbox = await AsyncOutbox.open(profile.database, key, on_change=on_change)
    try:
        yield outbox
    finally:
        await outbox.close()


def _credentials(profile: "Profile", ehr: "EhrSettings", bare: "HttpClient") -> "Credentials":
    from ohx_desktop.fhir.auth.credentials import Registration, credentials
    from ohx_desktop.keystore import get_secret

    auth, base_url = ehr.auth, ehr.base_url
    if base_url is None:
        raise _no_ehr()
    registration = Registration(
        method=auth.method,
        client_id=auth.client_id,
        redirect_port=auth.redirect_port,
        stays_signed_in=auth.stay_signed_in,
        certificate=auth.certificate,
        certificate_key=auth.certificate_key,
    )
    return credentials(registration, base_url, bare, partial(get_secret, profile.data))


@asynccontextmanager
async def _ehr(profile: "Profile", settings: "Settings") -> AsyncGenerator["EhrClient"]:
    async with _signed_in_ehr(profile, settings) as (ehr, _):
        yield ehr


@asynccontextmanager
async def _signed_in_ehr(
    profile: "Profile", settings: "Settings"
) -> AsyncGenerator["tuple[EhrClient, Credentials]"]:
    from ohx_desktop.fhir.connect import connect_ehr
    from ohx_desktop.transport import build_client

    ehr = settings.ehr
    if ehr.base_url is None:
        raise _no_ehr()
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(await build_client(read_timeout_s=ehr.timeout_s))
        proof = await asyncio.to_thread(_credentials, profile, ehr, bare)
        http = await stack.enter_async_context(
            await build_client(
                headers=proof.headers,
                auth=proof.auth,
                client_certificate=proof.certificate,
                read_timeout_s=ehr.timeout_s,
            )
        )
        client = await connect_ehr(
            http,
            ehr.base_url,
            patient_identifier_system=ehr.patient_identifier_system,
            fhir_version=ehr.fhir_version,
        )
        yield client, proof


@asynccontextmanager
async def _sender(
    outbox: "AsyncOutbox", ehr: "EhrClient", profile: "Profile"
) -> AsyncGenerator[None]:
    from ohx_desktop.outbox.worker import OutboxWorker

    worker = OutboxWorker(outbox, ehr, profile.sender_lock)
    sending = asyncio.create_task(worker.run(), name="sender")
    try:
        yield
    finally:
        # The reading in hand is finished; what takes longer is broken off and queued again.
        worker.stop()
        await asyncio.wait({sending}, timeout=_FINISH_SENDING_S)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


@asynccontextmanager
async def _ehr_and_sender(
    profile: "Profile", settings: "Settings", outbox: "AsyncOutbox"
) -> AsyncGenerator["EhrClient | NoEhr"]:
    if settings.ehr.base_url is None:
        yield NoEhr()
        return
    async with _ehr(profile, settings) as ehr, _sender(outbox, ehr, profile):
        yield ehr
