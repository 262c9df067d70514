"""Tells new records from those read before, and hands them to the review list.

A record is offered durably before it is remembered as seen: whatever ends the program in between,
it comes again. What was changed at the provider replaces what nobody has confirmed; what was
confirmed stays as it is, and staff are told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.ports import Page
from ohx_desktop.cloud.records import CloudRecord, Judgement, Reason, Skipped
from ohx_desktop.cloud.reviewing import Offer, ReviewList, Whereabouts
from ohx_desktop.cloud.seen import Notice, Seen, digest, value_digests
from ohx_desktop.cloud.seen_store import SeenStore
from ohx_desktop.cloud.sync_report import SyncReport
from ohx_desktop.domain.clock import Now

# At the edges of what is read again, nothing is taken for missing.
EDGE = timedelta(hours=36)
# What the provider names and calls no reading of the patient, though it was one, was taken away.
_TAKEN_AWAY = frozenset({Reason.EMPTY_GROUP, Reason.GOAL, Reason.ACCOUNT_CREATION})


class Intake:
    """Takes in what one sync of one link brings, and counts it in `report`."""

    def __init__(
        self, link: Link, *, links: AsyncLinks, review: ReviewList, report: SyncReport, now: Now
    ) -> None:
        self._link = link
        self._links = links
        self._review = review
        self._report = report
        self._now = now

    async def page(self, stream: str, page: Page) -> set[bytes]:
        """Take a page in, durably; return the keys of all that it named. Raises StoreError."""
        self._report.skipped.update(skipped.reason.value for skipped in page.skipped)
        await self._records(stream, page.records)
        for skipped in page.skipped:
            if skipped.part is None and skipped.reason in _TAKEN_AWAY:
                await self._take_away(skipped)
        named = [key for skipped in page.skipped for key in self._keys_of(skipped)]
        return {digest(key) for key in (*named, *(record.key for record in page.records))}

    async def look_for_missing(self, stream: str, since: datetime, came: set[bytes]) -> None:
        """Withdraw what was read before, was measured after `since`, and did not come now."""
        link_id, before = self._link.id, self._now() - EDGE
        missing = await self._links.of_seen(
            lambda seen: seen.missing(link_id, stream, since=since + EDGE, before=before, came=came)
        )
        for record in missing:
            await self._withdraw(record)

    async def _records(self, stream: str, records: Sequence[CloudRecord]) -> None:
        link, received = self._link, self._now()
        readings = [record.reading(received) for record in records]
        seen = [
            self._seen(record, reading.id)
            for record, reading in zip(records, readings, strict=True)
        ]
        met = await self._links.of_seen(lambda store: store.met(link.id, link.patient, seen))
        offers, changed = [], []
        for record, reading, each, what in zip(records, readings, seen, met, strict=True):
            if what.before == reading.id:
                self._report.unchanged += 1
                continue
            is_sure = record.judgement is Judgement.OFFER
            patient = link.patient if is_sure else None
            offers.append(Offer(reading=reading, patient=patient, twin=what.twin))
            if what.before is not None:
                changed.append((each, what.before))
        if offers:
            known = await self._review.offer(offers)
            new = [offer.reading for offer in offers if offer.reading.id not in known]
            self._report.readings += new
        await self._links.of_seen(lambda store: store.keep(link.id, stream, seen))
        for each, before in changed:
            await self._replace(each, before)
        self._report.measured_up_to(record.when.at for record in records)

    async def _replace(self, record: Seen, before: UUID) -> None:
        match await self._review.take_back(before):
            case Whereabouts.WAITED:
                self._report.replaced += 1
            case Whereabouts.FILED:
                self._report.edited.append(before)
                await self._tell_staff(record, Notice.EDITED)
            case Whereabouts.GIVEN_UP:
                pass  # what became of it is offered anew; nobody has to hear of the old one

    async def _take_away(self, skipped: Skipped) -> None:
        link_id = self._link.id
        for name in self._keys_of(skipped):
            known = await self._links.of_seen(
                partial(SeenStore.known, link_id=link_id, key=digest(name))
            )
            if known is not None:
                await self._withdraw(known)

    async def _withdraw(self, record: Seen) -> None:
        whereabouts = await self._review.take_back(record.reading)
        if whereabouts is Whereabouts.FILED:
            self._report.withdrawn.append(record.reading)
            await self._tell_staff(record, Notice.WITHDRAWN)
            return
        if whereabouts is Whereabouts.WAITED:
            self._report.taken_back += 1
        link_id = self._link.id
        # Should it come again, it is new.
        await self._links.of_seen(lambda seen: seen.forget(link_id, record.key))

    async def _tell_staff(self, record: Seen, notice: Notice) -> None:
        link_id = self._link.id
        await self._links.of_seen(lambda seen: seen.note(link_id, record.key, notice))

    def _keys_of(self, skipped: Skipped) -> tuple[str, str]:
        """Return what a record that was left out may have been called when it was one."""
        return skipped.key, f"{self._link.provider}:{self._link.account}:{skipped.key}"

    def _seen(self, record: CloudRecord, reading: UUID) -> Seen:
        return Seen(
            key=digest(record.key),
            reading=reading,
            measured_at=record.when.at,
            values=value_digests(
                (value.quantity for value in record.values), patient=self._link.patient
            ),
        )
