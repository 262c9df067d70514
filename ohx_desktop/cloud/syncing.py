"""Brings what is new of one linked account to the review list, and never loses the place.

Each page is made durable for review before the next is asked for; the mark of a stream moves when
all of its pages have come. Whatever ends the program in between, the next sync reads from the same
mark again, and what it met before it knows again. Nothing in the EHR is ever touched from here.
"""

from contextlib import aclosing
from datetime import datetime, timedelta

from ohx_desktop.cloud.errors import (
    ClockWrong,
    CloudError,
    DuplicateRequest,
    InvalidRequest,
    Malformed,
    RateLimited,
    ScopeMissing,
)
from ohx_desktop.cloud.intake import Intake
from ohx_desktop.cloud.limits import Limits
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.ports import CloudClient
from ohx_desktop.cloud.reviewing import ReviewList
from ohx_desktop.cloud.streams import readable
from ohx_desktop.cloud.sync_report import SyncReport
from ohx_desktop.domain.clock import Now, system_now

# Under this name a stream's marks have when it was last read whole.
_WHOLE = "~whole"
# Once in so long each stream is read whole: what was taken away, or came late, is found by that.
WHOLE_EVERY = timedelta(days=7)
# A mark that lies ahead was made by a clock that went wrong.
_AHEAD = timedelta(minutes=10)
# A first window is counted back from this computer's clock; a wrong one makes a wrong window.
_CLOCKS_DIFFER = timedelta(hours=1)
# These concern one stream; the others go on.
_OF_ONE_STREAM = (ScopeMissing, InvalidRequest)


class LinkSync:
    """One sync of one link. `wants_whole` lets it read streams whole where that is due."""

    def __init__(
        self,
        link: Link,
        client: CloudClient,
        *,
        links: AsyncLinks,
        review: ReviewList,
        limits: Limits,
        wants_whole: bool = True,
        now: Now = system_now,
    ) -> None:
        self._link = link
        self._client = client
        self._links = links
        self._limits = limits
        self._wants_whole = wants_whole
        self._now = now
        self._marks: dict[str, datetime] = {}
        self.report = SyncReport(link_id=link.id, provider=link.provider)
        self._intake = Intake(link, links=links, review=review, report=self.report, now=now)

    async def run(self) -> SyncReport:
        """Read all streams and note how the link fares. Raises NotLinked, StoreError."""
        link = self._link
        try:
            for stream in readable(link.provider, self._client.streams, link.consent.scopes):
                try:
                    await self._stream(stream)
                except CloudError as error:
                    self.report.errors[stream] = error
                    if isinstance(error, RateLimited):
                        await self._limits.pause(error.retry_after_s or 0.0)
                    if not isinstance(error, _OF_ONE_STREAM):
                        break
        finally:
            # What has come whole counts, also where the sync was broken off.
            await self._note()
        await self._links.of_seen(lambda seen: seen.prune(link.id, self._now()))
        return self.report

    # ── one stream ───────────────────────────────────────────────────────────────────────────

    async def _stream(self, stream: str) -> None:
        mark = self._link.marks.get(stream)
        since = None if mark is None or mark > self._now() + _AHEAD else mark
        self._marks[stream] = await self._read(stream, since)
        if since is not None and self._wants_whole and self._is_whole_due(stream):
            await self._read(stream, None)
            since = None
        if since is None:
            self._marks[f"{stream}{_WHOLE}"] = self._now()
        self.report.streams.append(stream)

    async def _read(self, stream: str, since: datetime | None) -> datetime:
        """Read a stream since a mark, or its whole window; return the new mark."""
        begin = self._client.complete_from(stream, since)
        try:
            came, mark = await self._pages(stream, since)
        except DuplicateRequest:
            # Another program, or an answer that got lost, was first: once more, later.
            came, mark = await self._pages(stream, since)
        if begin is not None:
            await self._intake.look_for_missing(stream, begin, came)
        return mark

    async def _pages(self, stream: str, since: datetime | None) -> tuple[set[bytes], datetime]:
        """Take all pages of a stream in; return the keys that came, and the new mark."""
        came: set[bytes] = set()
        mark = None
        async with (
            self._limits.not_the_same_again(self._link.id, stream),
            aclosing(self._client.fetch(stream, since)) as pages,
        ):
            async for page in pages:
                came |= await self._intake.page(stream, page)
                mark = page.mark
        if mark is None:
            raise Malformed(self._link.provider.service)
        if since is None and abs(mark - self._now()) > _CLOCKS_DIFFER:
            raise ClockWrong(self._link.provider.service)
        return came, mark

    def _is_whole_due(self, stream: str) -> bool:
        last, now = self._link.marks.get(f"{stream}{_WHOLE}"), self._now()
        return last is None or not now - WHOLE_EVERY < last <= now + _AHEAD

    # ── marks and state ──────────────────────────────────────────────────────────────────────

    async def _note(self) -> None:
        """Move the marks of what came whole, and say what is wrong with the link."""
        link, report = self._link, self.report
        if report.streams:
            names = {name for stream in report.streams for name in (stream, f"{stream}{_WHOLE}")}
            marks = {name: mark for name, mark in self._marks.items() if name in names}
            link = await self._links.synced(link.id, marks=marks, last_data_at=report.last_data_at)
        worst, is_ok = report.worst, link.state is LinkState.OK
        if worst is not None and (worst.link_state or is_ok):
            await self._links.note(link.id, worst.link_state or link.state, worst.code)
        elif worst is None and is_ok and link.code is not None and report.streams:
            await self._links.note(link.id, LinkState.OK)
