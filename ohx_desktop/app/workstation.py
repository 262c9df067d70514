"""The whole workstation, for the window."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from ohx_desktop import __version__
from ohx_desktop.app.bluetooth import devices_of
from ohx_desktop.app.clouds import Clouds, clouds_at_window
from ohx_desktop.app.correcting import comparing_nightly, correcting_of, reconciler_of
from ohx_desktop.app.ehr import checked_ehr, signed_in_ehr
from ohx_desktop.app.filing import maker_of, mapping_of, opened_outbox, sender_of, tray_of
from ohx_desktop.app.keys import AskKey, source_at_window
from ohx_desktop.app.profile import create_profile, no_ehr, no_profile, settings_of
from ohx_desktop.app.staff import staff_desk_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ohx_desktop.ble.device_secrets import DeviceSecrets
    from ohx_desktop.ble.radio import BleakRadio
    from ohx_desktop.desk.auditing import Note
    from ohx_desktop.desk.capture import RegisteredCapture
    from ohx_desktop.desk.clinic_mapping import ClinicMapping
    from ohx_desktop.desk.correcting import CorrectingService
    from ohx_desktop.desk.devices import Devices
    from ohx_desktop.desk.ehr_check import OpenEhrCheck
    from ohx_desktop.desk.filing import FilingService
    from ohx_desktop.desk.nightly import NightlyComparison
    from ohx_desktop.desk.passkey import PasskeyDesk
    from ohx_desktop.desk.reconciling import Reconciler
    from ohx_desktop.desk.staff import StaffDesk
    from ohx_desktop.desk.tray import TrayService
    from ohx_desktop.domain.care_context import OfferedContexts
    from ohx_desktop.domain.errors import OhxError
    from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
    from ohx_desktop.fhir.auth.credentials import Credentials
    from ohx_desktop.fhir.check import CheckedEhr
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.fhir.encoding import Json
    from ohx_desktop.fhir.normal_form import Named
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.outbox.listing import AsyncListing
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile

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
    "ohx_desktop.desk.staff",
    "ohx_desktop.desk.ehr_check",
    "ohx_desktop.desk.mapping_preview",
    "ohx_desktop.desk.nightly",
    "ohx_desktop.desk.queue_comparing",
    "ohx_desktop.desk.queue_mending",
    "ohx_desktop.outbox.listing",
    "ohx_desktop.desk.take_reading",
)

# A person who closes the window waits no longer than this for a device that is told goodbye.
_GOODBYES_S = 10.0


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
    listing: "AsyncListing"
    correcting: "CorrectingService"
    reconciler: "Reconciler"
    tray: "TrayService"
    staff: "StaffDesk"
    mapping: "ClinicMapping"
    note: "Note"
    open_ehr_check: "OpenEhrCheck"
    nightly: "NightlyComparison | None"
    clouds: "Clouds | OhxError | None" = None

    @property
    def setup_problems(self) -> "tuple[OhxError, ...]":
        """What an administrator has to mend: EHR, the mapping in force, linked accounts."""
        missing = no_ehr() if self.settings.ehr.base_url is None else None
        links = None if isinstance(self.clouds, Clouds) else self.clouds
        found = (missing, self.mapping.problem, links)
        return tuple(each for each in found if each is not None)


class NoEhr:
    """Stands where no EHR is set: every search says so."""

    async def find_patients(self, _query: "PatientQuery") -> "PatientsFound":
        """Raise ConfigurationError."""
        raise no_ehr()

    async def contexts(self, _patient: "Patient") -> "OfferedContexts":
        """Raise ConfigurationError."""
        raise no_ehr()

    async def patient(self, _reference: str) -> "Patient":
        """Raise ConfigurationError."""
        raise no_ehr()

    async def held(
        self, _names: "Iterable[Named]", _references: "Iterable[str]" = ()
    ) -> "Mapping[Named, Sequence[Json]]":
        """Raise ConfigurationError."""
        raise no_ehr()


@asynccontextmanager
async def open_workstation(
    profile: "Profile",
    *,
    settings: "Settings | None" = None,
    radio: "BleakRadio | None" = None,
    key_source: "KeySource | None" = None,
    device_secrets: "DeviceSecrets | None" = None,
    on_queue_change: Callable[[], None] | None = None,
    ask_key: AskKey | None = None,
) -> AsyncGenerator[Workstation]:
    """Open all services of a profile; what is not given comes from its settings.

    `ask_key` is asked where the key of the queue is sealed with a PIN.

    Raises AlreadyOpen, ConfigurationError, KeystoreError, StoreError; StoreEnvironment, too, where
    nothing can be written into the profile.
    """
    from ohx_desktop.ble.device_registry import DeviceRegistry
    from ohx_desktop.desk.auditing import AuditNotes
    from ohx_desktop.desk.capture import RegisteredCapture
    from ohx_desktop.desk.filing import FilingService
    from ohx_desktop.desk.passkey import PasskeyDesk
    from ohx_desktop.ops.logging import Field, configure_logging, log_event, log_problem
    from ohx_desktop.outbox.listing import AsyncListing
    from ohx_desktop.outbox.watching import watched

    await asyncio.to_thread(create_profile, profile)
    with _the_only_window(profile):
        await asyncio.to_thread(configure_logging, profile.logs)
        log_event("workstation.opened", {Field.VERSION: __version__})
        effective = settings
        if effective is None:
            effective = await asyncio.to_thread(settings_of, profile)
        source = key_source
        if source is None and ask_key is not None:
            source = await source_at_window(profile, effective, ask_key)
        async with (
            opened_outbox(
                profile, effective, key_source=source, on_change=on_queue_change
            ) as outbox,
            watched(outbox, log_problem),
            _ehr_and_sender(profile, effective, outbox) as (ehr, proof),
            AsyncExitStack() as stack,
        ):
            # Beside the queue, and in what goes to support: a place that the chain must keep.
            head = await outbox.read(lambda store: store.audit.head())
            log_event("audit.head", {Field.HEAD: head.digest.hex()})
            notes = AuditNotes(outbox)
            stack.push_async_callback(notes.close)
            registry = await asyncio.to_thread(DeviceRegistry, profile.devices_file)
            passkeys = PasskeyDesk()
            devices = devices_of(
                profile,
                effective,
                registry,
                radio=radio,
                ask_passkey=passkeys.ask,
                secrets=device_secrets,
                note=notes.note,
            )
            reader = None if isinstance(ehr, NoEhr) else ehr
            staff = await asyncio.to_thread(
                staff_desk_of, profile, effective, outbox, reader, proof, note=notes.note
            )
            notes.signed_in = staff.who
            mapping = await asyncio.to_thread(mapping_of, profile)
            mapping.note = notes.note
            maker = await asyncio.to_thread(maker_of, profile, effective, staff.who, mapping.rules)
            filing = FilingService(outbox=outbox, maker=maker)
            mapping.on_rules = filing.follow
            tray = tray_of(effective, outbox, filing, staff.who)
            stack.push_async_callback(devices.listener.close, _GOODBYES_S)
            nightly = None
            if reader is not None:
                nightly = await stack.enter_async_context(
                    comparing_nightly(profile, effective, outbox, reader, on_queue_change)
                )
            clouds = await stack.enter_async_context(
                clouds_at_window(profile, effective, outbox, source)
            )
            yield Workstation(
                settings=effective,
                patients=ehr,
                capture=RegisteredCapture(devices.listener, registry, tray),
                devices=devices,
                passkeys=passkeys,
                filing=filing,
                outbox=outbox,
                listing=AsyncListing(outbox),
                correcting=correcting_of(outbox, ehr, maker),
                reconciler=reconciler_of(outbox, ehr),
                tray=tray,
                staff=staff,
                mapping=mapping,
                note=notes.note,
                open_ehr_check=partial(_ehr_check, reader, proof, effective),
                nightly=nightly,
                clouds=clouds,
            )


@contextmanager
def _the_only_window(profile: "Profile") -> Iterator[None]:
    """Hold the lock of the profile's window. Raises AlreadyOpen, StoreEnvironment."""
    import filelock

    from ohx_desktop.domain.errors import AlreadyOpen

    lock = filelock.FileLock(profile.window_lock, mode=0o600)
    try:
        # The lock belongs to the thread that takes it, so it stays on this one; it never waits.
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise AlreadyOpen("the program is already open on this workstation") from None
    except OSError as error:
        raise no_profile(error) from error
    try:
        yield
    finally:
        lock.release()


def import_services() -> None:
    """Import what the services need, so that the event loop does not wait for it. Blocking."""
    for name in _SERVICES:
        import_module(name)


@asynccontextmanager
async def _ehr_and_sender(
    profile: "Profile", settings: "Settings", outbox: "AsyncOutbox"
) -> AsyncGenerator["tuple[EhrClient | NoEhr, Credentials | None]"]:
    if settings.ehr.base_url is None:
        yield NoEhr(), None
        return
    async with (
        signed_in_ehr(profile, settings) as (ehr, proof),
        sender_of(outbox, ehr, profile, settings),
    ):
        yield ehr, proof


@asynccontextmanager
async def _ehr_check(
    ehr: "EhrClient | None",
    proof: "Credentials | None",
    settings: "Settings",
    *,
    patient: str | None,
    write: bool,
) -> AsyncGenerator["CheckedEhr"]:
    """Open the check over the connection that the workstation works with."""
    if ehr is None or proof is None:
        raise no_ehr()
    yield checked_ehr(ehr, proof, settings, patient=patient, write=write)
