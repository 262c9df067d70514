"""From a confirmed reading to the queue, the tray before it, and the sender behind it."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop import __version__
from ohx_desktop.app.audit import place_of, station_name
from ohx_desktop.app.ehr import connected_ehr
from ohx_desktop.app.keys import source_at_terminal, source_of
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
    return maker_of(profile, settings, lambda: settings.station.practitioner, rules)


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
    # On this thread: nothing else runs yet, and Ctrl-C must reach the question.
    source = source_at_terminal(profile, settings)
    async with opened_outbox(profile, settings, key_source=source, on_change=None) as outbox:
        filing = await filing_of(profile, settings, outbox, partial(who_is_named, settings))
        tray = tray_of(settings, outbox, filing, lambda: settings.station.practitioner)
        desk = FilingDesk(outbox=outbox, filing=filing, tray=tray)
        if not sending:
            yield desk
            return
        async with (
            connected_ehr(profile, settings) as ehr,
            sender_of(outbox, ehr, profile, settings),
        ):
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
    from ohx_desktop.keystore import obtain_key
    from ohx_desktop.outbox.service import AsyncOutbox

    source = key_source or source_of(profile, settings)
    key = partial(obtain_key, source, profile.database)
    place = await asyncio.to_thread(place_of, profile, settings)
    outbox = await AsyncOutbox.open(
        profile.database,
        key,
        place=place,
        on_change=on_change,
        keep_verified=timedelta(days=settings.store.keep_days_after_verified),
        prove=_prove,
    )
    try:
        yield outbox
    finally:
        await outbox.close()


@asynccontextmanager
async def sender_of(
    outbox: "AsyncOutbox", ehr: "EhrClient", profile: "Profile", settings: "Settings"
) -> AsyncGenerator[None]:
    """Send what is queued while the context is open."""
    from ohx_desktop.outbox.worker import OutboxWorker

    worker = OutboxWorker(
        outbox,
        ehr,
        profile.sender_lock,
        parallel=settings.ehr.parallel,
        verify_for=timedelta(hours=settings.store.verify_hours),
    )
    # What is there by now stays. The collector would go through all of it again and again, and
    # keep the event loop from its work for some 60 ms each time.
    gc.freeze()
    sending = asyncio.create_task(worker.run(), name="sender")
    try:
        yield
    finally:
        # The readings in hand are finished; what takes longer is broken off and queued again.
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

    maker = await asyncio.to_thread(maker_of, profile, settings, signed_in, rules)
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


def _prove(bundle: bytes, key: bytes) -> bytes:
    """Return what stays of a bundle that arrived; imported when the first one has."""
    from ohx_desktop.fhir.proof import prove

    return prove(bundle, key)


def maker_of(
    profile: "Profile",
    settings: "Settings",
    signed_in: "SignedIn",
    rules: "MappingRules | None" = None,
) -> "SubmissionMaker":
    """Return what turns a reading into a submission and a bundle. Blocking."""
    from ohx_desktop.desk.filing import SubmissionMaker
    from ohx_desktop.review.submission import Gateway
    from ohx_desktop.settings.installation import installation_id

    gateway = Gateway(
        installation=installation_id(profile.installation_file),
        station=station_name(settings),
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
