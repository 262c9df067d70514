"""From a confirmed reading to the queue, the tray before it, and the sender behind it."""

import asyncio
import platform
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop import __version__
from ohx_desktop.app.ehr import connected_ehr
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.app.staff import who_is_named

if TYPE_CHECKING:
    from ohx_desktop.desk.clinic_mapping import ClinicMapping
    from ohx_desktop.desk.filing import FilingService, SignedIn, SubmissionMaker
    from ohx_desktop.desk.tray import TrayService
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.fhir.mapping import MappingRules
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile

# A person who closes the window waits no longer than this for a slow EHR.
_FINISH_SENDING_S = 3.0


def open_maker(directory: Path | None, *, mapping: Path | None = None) -> "SubmissionMaker":
    """Return what turns a reading into a submission and a bundle of this station. Blocking.

    `mapping` is a mapping file to try in place of the profile's own.
    """
    from ohx_desktop.fhir.mapping_file import read_rules

    profile = opened_profile(directory)
    rules = None if mapping is None else read_rules(mapping)
    settings = settings_of(profile)
    return _maker(profile, settings, lambda: settings.station.practitioner, rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDesk:
    """The queue, the way into it, and the tray before it."""

    outbox: "AsyncOutbox"
    filing: "FilingService"
    tray: "TrayService"


@asynccontextmanager
async def open_desk(directory: Path | None, *, sending: bool) -> AsyncGenerator[FilingDesk]:
    """Open the queue of a profile; with `sending`, deliver while it is open."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    async with opened_outbox(profile, settings, key_source=None, on_change=None) as outbox:
        filing = await filing_of(profile, settings, outbox, partial(who_is_named, settings))
        tray = tray_of(settings, outbox, filing, lambda: settings.station.practitioner)
        desk = FilingDesk(outbox=outbox, filing=filing, tray=tray)
        if not sending:
            yield desk
            return
        async with connected_ehr(profile, settings) as ehr, sender_of(outbox, ehr, profile):
            yield desk


@asynccontextmanager
async def opened_outbox(
    profile: "Profile",
    settings: "Settings",
    *,
    key_source: "KeySource | None",
    on_change: Callable[[], None] | None,
) -> AsyncGenerator["AsyncOutbox"]:
    """Open the encrypted queue. Raises KeystoreError, StoreError."""
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


@asynccontextmanager
async def sender_of(
    outbox: "AsyncOutbox", ehr: "EhrClient", profile: "Profile"
) -> AsyncGenerator[None]:
    """Send what is queued while the context is open."""
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


async def filing_of(
    profile: "Profile",
    settings: "Settings",
    outbox: "AsyncOutbox",
    signed_in: "SignedIn",
    rules: "MappingRules | None" = None,
) -> "FilingService":
    """Return the one way into the queue; `signed_in` is asked at each confirmation.

    Without `rules` those of the profile are in force.
    """
    from ohx_desktop.desk.filing import FilingService

    maker = await asyncio.to_thread(_maker, profile, settings, signed_in, rules)
    return FilingService(outbox=outbox, maker=maker)


def tray_of(
    settings: "Settings", outbox: "AsyncOutbox", filing: "FilingService", signed_in: "SignedIn"
) -> "TrayService":
    """Return the tray of what nobody has confirmed."""
    from ohx_desktop.desk.tray import TrayService
    from ohx_desktop.outbox.tray_service import AsyncTray

    return TrayService(
        storage=AsyncTray(outbox),
        filing=filing,
        kept_for=timedelta(days=settings.store.tray_days),
        signed_in=signed_in,
    )


def _maker(
    profile: "Profile",
    settings: "Settings",
    signed_in: "SignedIn",
    rules: "MappingRules | None" = None,
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
        signed_in=signed_in,
        rules=mapping_of(profile).rules if rules is None else rules,
    )


def mapping_of(profile: "Profile") -> "ClinicMapping":
    """Return the mapping in force; what is wrong with it is logged. Blocking."""
    from ohx_desktop.desk.clinic_mapping import ClinicMapping
    from ohx_desktop.ops.logging import log_problem

    mapping = ClinicMapping(profile)
    if mapping.problem is not None:
        log_problem(mapping.problem)
    return mapping
