"""Reads one linked Withings account: measurements, nights, days, recordings, devices.

Measurements are asked for by when they were created or changed, from five minutes before the mark
on. Nights and days come by their date, some days over again, because they change afterwards.

Source: Withings API, measure getmeas and getactivity, sleep getsummary, heart list, user getdevice.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.calls import Call, Calls
from ohx_desktop.cloud.errors import ScopeMissing
from ohx_desktop.cloud.paging import Paging
from ohx_desktop.cloud.ports import CloudDevice, Page
from ohx_desktop.cloud.records import Records
from ohx_desktop.cloud.withings.activity import decode_activities
from ohx_desktop.cloud.withings.devices import decode_devices
from ohx_desktop.cloud.withings.envelope import SERVICE, body_of
from ohx_desktop.cloud.withings.heart import HeartRecording, decode_heart_list
from ohx_desktop.cloud.withings.measure_types import KINDS
from ohx_desktop.cloud.withings.measures import decode_measures, next_offset
from ohx_desktop.cloud.withings.scope_names import ACTIVITY_SCOPE, INFO_SCOPE, METRICS_SCOPE
from ohx_desktop.cloud.withings.sleep import FIELDS, decode_nights
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.transport import HttpResponse

BASE_URL = "https://wbsapi.withings.net"

# What is read of an account that was linked today.
FIRST_WINDOW = timedelta(days=30)
_MEASURES_OVERLAP = timedelta(minutes=5)
_DAYS_OVERLAP = timedelta(days=7)


class Stream(StrEnum):
    """What can be fetched."""

    MEASURES = "measures"
    SLEEP = "sleep"
    STEPS = "steps"


class WithingsClient:
    """Reads the account `user_id`; `granted` are the scopes of its link. Raises CloudError."""

    streams = tuple(Stream)

    def __init__(
        self,
        calls: Calls,
        *,
        user_id: str,
        granted: frozenset[str],
        first_window: timedelta = FIRST_WINDOW,
        now: Now = system_now,
    ) -> None:
        self._calls = calls
        self._user_id = user_id
        self._granted = granted
        self._first_window = first_window
        self._now = now

    def fetch(self, stream: str, since: datetime | None) -> AsyncGenerator[Page]:
        """Give the pages of a stream since a mark, or of the first window without one."""
        match Stream(stream):
            case Stream.MEASURES:
                return self._measures(since)
            case Stream.SLEEP:
                fields = ",".join(field for field, _, _ in FIELDS)
                return self._days(since, "/v2/sleep", "getsummary", fields, decode_nights)
            case Stream.STEPS:
                return self._days(since, "/v2/measure", "getactivity", "steps", decode_activities)

    def complete_from(self, stream: str, since: datetime | None) -> datetime | None:
        """Return from when on a fetch holds all that was measured; None for changes only."""
        if since is None:
            return self._now() - self._first_window
        return None if stream == Stream.MEASURES else since - _DAYS_OVERLAP

    async def devices(self) -> tuple[CloudDevice, ...]:
        """Return the devices of the account; none where the link may not see them."""
        if INFO_SCOPE not in self._granted:
            return ()
        try:
            body = await self._ask("/v2/user", {"action": "getdevice"}, INFO_SCOPE)
        except ScopeMissing:
            return ()
        return decode_devices(body, now=self._now())

    async def heart_recordings(self, since: datetime) -> tuple[HeartRecording, ...]:
        """Return what was recorded of the heart since a moment."""
        form = {"action": "list", "startdate": _unix(since), "enddate": _unix(self._now())}
        recordings: list[HeartRecording] = []
        paging, offset = Paging(SERVICE), None
        while True:
            body = await self._ask("/v2/heart", _page_of(form, offset), METRICS_SCOPE)
            recordings += decode_heart_list(body, now=self._now())
            offset = next_offset(body)
            paging.page(Records(), cursor=offset, mark=since)
            if offset is None:
                return tuple(dict.fromkeys(recordings))

    async def _measures(self, since: datetime | None) -> AsyncGenerator[Page]:
        now = self._now()
        form = {
            "action": "getmeas",
            "category": "1",
            "meastypes": ",".join(str(kind) for kind in KINDS),
            **(
                {"startdate": _unix(now - self._first_window), "enddate": _unix(now)}
                if since is None
                else {"lastupdate": _unix(since - _MEASURES_OVERLAP)}
            ),
        }
        paging, offset, mark = Paging(SERVICE), None, None
        while True:
            body = await self._ask("/measure", _page_of(form, offset), METRICS_SCOPE)
            page = decode_measures(body, user_id=self._user_id, now=self._now())
            # The first page's: what is created while the others come is read the next time.
            mark = mark or page.updatetime
            offset = page.offset
            yield paging.page(page.found, cursor=offset, mark=mark)
            if offset is None:
                return

    async def _days(
        self,
        since: datetime | None,
        path: str,
        action: str,
        fields: str,
        decode: Callable[..., Records],
    ) -> AsyncGenerator[Page]:
        now = self._now()
        begin = now - self._first_window if since is None else since - _DAYS_OVERLAP
        form = {
            "action": action,
            "startdateymd": begin.date().isoformat(),
            # The patient's day may be tomorrow here.
            "enddateymd": (now + timedelta(days=1)).date().isoformat(),
            "data_fields": fields,
        }
        paging, offset = Paging(SERVICE), None
        while True:
            body = await self._ask(path, _page_of(form, offset), ACTIVITY_SCOPE)
            found = decode(body, user_id=self._user_id, now=self._now())
            offset = next_offset(body)
            yield paging.page(found, cursor=offset, mark=now)
            if offset is None:
                return

    async def _ask(self, path: str, form: Mapping[str, str], needed: str) -> Json:
        def decode(response: HttpResponse, wait_s: float | None) -> Json:
            return body_of(response, granted=self._granted, needed=needed, retry_after_s=wait_s)

        return await self._calls.ask(Call(method="POST", path=path, form=form), decode)


def _page_of(form: Mapping[str, str], offset: int | None) -> Mapping[str, str]:
    return form if offset is None else {**form, "offset": str(offset)}


def _unix(moment: datetime) -> str:
    return str(int(moment.timestamp()))
