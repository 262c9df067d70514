"""Reads one linked Google Health account: data points by type, nights, steps, identity, devices.

There is no feed of changes: each fetch reads an overlap again, and whoever keeps records knows them
by their keys.

Source: Google Health API v4, dataPoints list and dailyRollUp, users getIdentity and getSettings,
pairedDevices list.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.calls import Call, Calls
from ohx_desktop.cloud.errors import InvalidRequest, ScopeMissing
from ohx_desktop.cloud.google_health.account import (
    decode_identity,
    decode_paired_devices,
    decode_zone,
)
from ohx_desktop.cloud.google_health.data_types import DATA_TYPES, DataType, Span
from ohx_desktop.cloud.google_health.envelope import SERVICE, object_of
from ohx_desktop.cloud.google_health.points import (
    decode_points,
    instant_text,
    next_token,
    points_in,
)
from ohx_desktop.cloud.google_health.sleep import decode_nights, end_of
from ohx_desktop.cloud.google_health.steps import decode_days
from ohx_desktop.cloud.paging import Paging
from ohx_desktop.cloud.ports import Account, CloudDevice, Page
from ohx_desktop.cloud.records import Records
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.transport import HttpResponse

BASE_URL = "https://health.googleapis.com/v4"
SLEEP = "sleep"
STEPS = "steps"
STREAMS = (*DATA_TYPES, SLEEP, STEPS)
# A wearable takes the heart rate every five seconds: nobody confirms these one by one.
USUAL_STREAMS = tuple(stream for stream in STREAMS if stream != "heart-rate")

FIRST_WINDOW = timedelta(days=30)
_SAMPLES_OVERLAP = timedelta(hours=48)
_DAYS_OVERLAP = timedelta(days=7)
_PAGE_SIZE = 1440
_SLEEP_PAGE_SIZE = 25
_DEVICES_PAGE_SIZE = 100
# One dailyRollUp may span this much.
_LONGEST_ROLLUP = timedelta(days=89)
_DAY = timedelta(days=1)

_Decode = Callable[[Json, ZoneInfo | None], Records]


class GoogleHealthClient:
    """Reads the account `user_id`. Raises CloudError."""

    streams = USUAL_STREAMS

    def __init__(
        self,
        calls: Calls,
        *,
        user_id: str,
        first_window: timedelta = FIRST_WINDOW,
        now: Now = system_now,
    ) -> None:
        self._calls = calls
        self._user_id = user_id
        self._first_window = first_window
        self._now = now
        self._zone: ZoneInfo | None = None
        self._zone_is_known = False

    def fetch(self, stream: str, since: datetime | None) -> AsyncGenerator[Page]:
        """Give the pages of a stream since a mark, or of the first window without one."""
        if stream == STEPS:
            return self._steps(since)
        if stream == SLEEP:
            return self._nights(since)
        return self._points(DATA_TYPES[stream], since)

    def complete_from(self, stream: str, since: datetime | None) -> datetime | None:
        """Return from when on a fetch holds all that was measured."""
        kind = DATA_TYPES.get(stream)
        is_sample = kind is not None and kind.span is Span.SAMPLE
        return self._begin(since, _SAMPLES_OVERLAP if is_sample else _DAYS_OVERLAP)

    async def devices(self) -> tuple[CloudDevice, ...]:
        """Return the devices of the account; none where the link may not see them."""
        call = Call(
            method="GET",
            path="/users/me/pairedDevices",
            query={"pageSize": str(_DEVICES_PAGE_SIZE)},
        )
        try:
            return decode_paired_devices(await self._ask(call))
        except ScopeMissing:
            return ()

    async def zone(self) -> ZoneInfo | None:
        """Return where the account lives; asked for once, None where the link may not see it."""
        if not self._zone_is_known:
            try:
                self._zone = decode_zone(
                    await self._ask(Call(method="GET", path="/users/me/settings"))
                )
            except ScopeMissing:
                self._zone = None
            self._zone_is_known = True
        return self._zone

    async def _points(self, kind: DataType, since: datetime | None) -> AsyncGenerator[Page]:
        is_daily = kind.span is Span.DAY
        begin = self._begin(since, _DAYS_OVERLAP if is_daily else _SAMPLES_OVERLAP)
        condition = (
            f'{kind.filter_name}.date >= "{begin.date().isoformat()}"'
            if is_daily
            else f'{kind.filter_name}.sample_time.physical_time >= "{_physical(begin)}"'
        )

        def decode(body: Json, local: ZoneInfo | None) -> Records:
            return decode_points(body, kind, user_id=self._user_id, local=local, now=self._now())

        query = {"filter": condition, "pageSize": str(_PAGE_SIZE)}
        async for page in self._pages(kind.id, query, decode):
            yield page

    async def _nights(self, since: datetime | None) -> AsyncGenerator[Page]:
        begin = self._begin(since, _DAYS_OVERLAP)
        query = {"pageSize": str(_SLEEP_PAGE_SIZE)}
        condition = {"filter": f'sleep.interval.end_time >= "{_physical(begin)}"'}
        is_first = True
        try:
            async for page in self._pages(SLEEP, query | condition, self._night_records):
                is_first = False
                yield page
        except InvalidRequest:
            if not is_first:
                raise
            # Filters of sleep were refused at times. Points come newest first.
            pages = self._pages(SLEEP, query, self._night_records, until=begin)
            async for page in pages:
                yield page

    def _night_records(self, body: Json, local: ZoneInfo | None) -> Records:
        return decode_nights(body, user_id=self._user_id, local=local, now=self._now())

    async def _pages(
        self, kind: str, query: dict[str, str], decode: _Decode, *, until: datetime | None = None
    ) -> AsyncGenerator[Page]:
        """Give all pages of a query; with `until` those that reach back to that moment."""
        mark, local, paging = self._now(), await self.zone(), Paging(SERVICE)
        token: str | None = None
        while True:
            asked = query if token is None else {**query, "pageToken": token}
            body = await self._ask(
                Call(method="GET", path=f"/users/me/dataTypes/{kind}/dataPoints", query=asked)
            )
            token = next_token(body)
            if until is not None and _reaches(body, until):
                token = None
            yield paging.page(decode(body, local), cursor=token, mark=mark)
            if token is None:
                return

    async def _steps(self, since: datetime | None) -> AsyncGenerator[Page]:
        mark, local, paging = self._now(), await self.zone(), Paging(SERVICE)
        # Whether the end is part of it the documents disagree: one day more than is needed.
        day, last = self._begin(since, _DAYS_OVERLAP).date(), mark.date() + _DAY
        while day < last:
            end = min(day + _LONGEST_ROLLUP, last)
            span = {"range": {"start": _civil(day), "end": _civil(end)}, "windowSizeDays": 1}
            path = f"/users/me/dataTypes/{STEPS}/dataPoints:dailyRollUp"
            body = await self._ask(Call(method="POST", path=path, json=span))
            found = decode_days(body, user_id=self._user_id, local=local, now=self._now())
            day = end
            yield paging.page(found, cursor=day if day < last else None, mark=mark)

    def _begin(self, since: datetime | None, overlap: timedelta) -> datetime:
        return self._now() - self._first_window if since is None else since - overlap

    async def _ask(self, call: Call) -> Json:
        return await self._calls.ask(call, _decode)


async def identity(calls: Calls) -> Account:
    """Return whose account the token opens: asked right after consent. Raises CloudError."""
    call = Call(method="GET", path="/users/me/identity")
    return decode_identity(await calls.ask(call, _decode))


def _decode(response: HttpResponse, wait_s: float | None) -> Json:
    return object_of(response, retry_after_s=wait_s)


def _reaches(body: Json, until: datetime) -> bool:
    ends = [end_of(point) for point in points_in(body)]
    return any(end is not None and end < until for end in ends)


def _physical(moment: datetime) -> str:
    return instant_text(moment.astimezone(UTC).replace(microsecond=0))


def _civil(day: date) -> Json:
    return {"date": {"year": day.year, "month": day.month, "day": day.day}}
