"""Correcting what was filed, and comparing it with the EHR."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.ehr import connected_ehr
from ohx_desktop.app.filing import maker_of, opened_outbox
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.app.staff import who_is_named

if TYPE_CHECKING:
    from ohx_desktop.desk.correcting import CorrectingService, Holder
    from ohx_desktop.desk.filing import SubmissionMaker
    from ohx_desktop.desk.nightly import NightlyComparison
    from ohx_desktop.desk.reconciling import Reconciler
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile


@asynccontextmanager
async def open_correcting(
    directory: Path | None,
) -> AsyncGenerator["tuple[AsyncOutbox, CorrectingService]"]:
    """Open the queue and what corrects its readings. The EHR is asked only where it must be."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    signed_in = partial(who_is_named, settings)
    async with (
        opened_outbox(profile, settings, key_source=None, on_change=None) as outbox,
        connected_ehr(profile, settings) as ehr,
    ):
        maker = await asyncio.to_thread(maker_of, profile, settings, signed_in)
        yield outbox, correcting_of(outbox, ehr, maker)


@asynccontextmanager
async def open_reconciler(directory: Path | None) -> AsyncGenerator["Reconciler"]:
    """Open what compares the receipts of a profile with its EHR."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    async with (
        opened_outbox(profile, settings, key_source=None, on_change=None) as outbox,
        connected_ehr(profile, settings) as ehr,
    ):
        yield reconciler_of(outbox, ehr)


@asynccontextmanager
async def comparing_nightly(
    profile: "Profile",
    settings: "Settings",
    outbox: "AsyncOutbox",
    ehr: "EhrClient",
    on_result: Callable[[], None] | None,
) -> AsyncGenerator["NightlyComparison | None"]:
    """Compare receipts with the EHR once a day while the context is open, unless it is off."""
    at = settings.store.reconcile_at
    if at == "off":
        yield None
        return
    from ohx_desktop.desk.nightly import NightlyComparison

    nightly = NightlyComparison(
        reconciler_of(outbox, ehr).run,
        at=time.fromisoformat(at),
        file=profile.reconciled_file,
        on_result=on_result or (lambda: None),
    )
    comparing = asyncio.create_task(nightly.run(), name="nightly comparison")
    try:
        yield nightly
    finally:
        comparing.cancel()
        with suppress(asyncio.CancelledError):
            await comparing


def correcting_of(
    outbox: "AsyncOutbox", ehr: "Holder", maker: "SubmissionMaker"
) -> "CorrectingService":
    """Return what corrects the readings of a queue."""
    from ohx_desktop.desk.correcting import CorrectingService
    from ohx_desktop.outbox.receipts import AsyncReceipts

    return CorrectingService(receipts=AsyncReceipts(outbox), ehr=ehr, maker=maker)


def reconciler_of(outbox: "AsyncOutbox", ehr: "Holder") -> "Reconciler":
    """Return what compares the receipts of a queue with an EHR."""
    from ohx_desktop.desk.reconciling import Reconciler
    from ohx_desktop.outbox.receipts import AsyncReceipts

    return Reconciler(receipts=AsyncReceipts(outbox), ehr=ehr)
