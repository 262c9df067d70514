"""Syncs links: the one at the desk at once, all others when their time has come.

One sync of a link at a time, whichever program begins it; who asks for one that is under way waits
for its end and gets the same report.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from uuid import UUID

from ohx_desktop.cloud.errors import CloudError, NeedsConsent, ProviderGone
from ohx_desktop.cloud.fitbit import legacy_error
from ohx_desktop.cloud.limits import Limits
from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.ports import CloudClient, Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.reviewing import ReviewList
from ohx_desktop.cloud.seen import Noticed
from ohx_desktop.cloud.seen_store import SeenStore
from ohx_desktop.cloud.sync_report import SyncReport
from ohx_desktop.cloud.syncing import LinkSync
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import ExitCode, OhxError
from ohx_desktop.ops.logging import Field, log_event, log_problem

ClientOf = Callable[[Link, Permit], CloudClient]
"""Returns the client of a link. Raises ConfigurationError, KeystoreError: why there is none."""
LimitsOf = Callable[[Provider], Limits]


class LinkPaused(OhxError):  # noqa: N818 - reads as what happened
    """A person paused the link."""

    code = "cloud-link-paused"
    exit_code = ExitCode.REFUSED
    meaning = "nothing was asked of the provider; nothing was lost"
    hint = "resume the link, and it is read from where it was"


class CloudSync:
    """Syncs links. Everything raises NotLinked and StoreError besides what it names."""

    def __init__(
        self,
        links: AsyncLinks,
        client_of: ClientOf,
        limits_of: LimitsOf,
        review: ReviewList,
        locks: LinkLocks,
        *,
        now: Now = system_now,
    ) -> None:
        self._links = links
        self._client_of = client_of
        self._limits_of = limits_of
        self._review = review
        self._locks = locks
        self._now = now
        self._under_way: dict[UUID, asyncio.Task[SyncReport]] = {}
        self._waiting: Counter[UUID] = Counter()

    async def sync(self, link_id: UUID, *, urgent: bool = False) -> SyncReport:
        """Sync a link; `urgent` goes before all that is not. A report may hold errors.

        Raises CloudError where the provider cannot be asked, LinkPaused, ConfigurationError.
        """
        while (task := self._under_way.get(link_id)) is not None and task.cancelling():
            await asyncio.wait({task})
        if task is None:
            task = asyncio.create_task(self._sync(link_id, urgent=urgent), name="cloud-sync")
            self._under_way[link_id] = task
            task.add_done_callback(lambda ended: self._ended(link_id, ended))
        self._waiting[link_id] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[link_id] -= 1
            if not self._waiting[link_id]:
                del self._waiting[link_id]
                task.cancel()  # nobody wants it any more

    async def due(
        self, *, since: datetime | None = None, provider: Provider | None = None
    ) -> list[UUID]:
        """Return the links to sync, the one that has waited longest first.

        With `since` those that have not been synced after that moment.
        """
        links = [
            link
            for link in await self._links.links()
            if _may_be_asked(link)
            and provider in {None, link.provider}
            and (since is None or link.last_sync_at is None or link.last_sync_at < since)
        ]
        links.sort(
            key=lambda link: (link.last_sync_at is not None, link.last_sync_at or self._now())
        )
        return [link.id for link in links]

    async def asleep(self, *, provider: Provider | None = None) -> list[OhxError]:
        """Return why links are not asked any more: a person has to connect them again."""
        return [
            _gone(link)
            for link in await self._links.links()
            if not _may_be_asked(link)
            and not link.is_paused_by_a_person
            and provider in {None, link.provider}
        ]

    async def links_of(self, patient: str) -> list[UUID]:
        """Return a patient's links that may be synced now, for the patient at the desk."""
        links = await self._links.links()
        return [link.id for link in links if link.patient == patient and _may_be_asked(link)]

    async def notices(self) -> list[Noticed]:
        """Return what happened at providers to readings that had been filed."""
        return await self._links.of_seen(lambda seen: seen.noticed())

    async def settle(self, readings: Collection[UUID]) -> None:
        """Forget notices that a person has looked at."""
        for reading in readings:
            await self._links.of_seen(partial(SeenStore.settle, reading=reading))

    async def close(self) -> None:
        """Break off what is under way; it goes on from its marks the next time."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ended(self, link_id: UUID, task: asyncio.Task[SyncReport]) -> None:
        del self._under_way[link_id]
        if not task.cancelled():
            task.exception()  # told to whoever waits, and nobody need be left

    async def _sync(self, link_id: UUID, *, urgent: bool) -> SyncReport:
        async with self._locks.held(link_id, "the service"):
            link = await self._links.link(link_id)
            await self._require_askable(link)
            limits = self._limits_of(link.provider)
            client = await asyncio.to_thread(
                self._client_of, link, limits.permit(link_id, urgent=urgent)
            )
            sync = LinkSync(
                link,
                client,
                links=self._links,
                review=self._review,
                limits=limits,
                wants_whole=not urgent,
                now=self._now,
            )
            report = await sync.run()
        log_event("cloud.synced", {Field.ENTRY: link_id})
        for error in report.errors.values():
            log_problem(error)
        return report

    async def _require_askable(self, link: Link) -> None:
        """Raise why the provider is not asked at all."""
        if link.provider is Provider.FITBIT:
            await self._links.note(link.id, LinkState.PROVIDER_GONE, ProviderGone.code)
        if link.provider is Provider.FITBIT or link.state is LinkState.NEEDS_CONSENT:
            raise _gone(link)
        if link.is_paused_by_a_person:
            raise LinkPaused(f"the link with {link.provider.service} is paused")


def _may_be_asked(link: Link) -> bool:
    has_ended = {LinkState.NEEDS_CONSENT, LinkState.PROVIDER_GONE}
    return link.state not in has_ended and not link.is_paused_by_a_person


def _gone(link: Link) -> CloudError:
    if link.provider is Provider.FITBIT:
        return legacy_error()
    service = link.provider.service
    is_over = link.state is LinkState.PROVIDER_GONE
    return ProviderGone(service) if is_over else NeedsConsent(service)
