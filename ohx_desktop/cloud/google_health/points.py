"""Data points of one type: samples of an instant and values of a day. Pure.

Source: Google Health API v4, dataPoints.list; ProtoJSON format (64-bit integers are strings, what
has its default is left out).
"""

import re
from datetime import UTC, date, datetime, tzinfo

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.google_health.circumstances import Specimen, flags_of, specimen_of
from ohx_desktop.cloud.google_health.data_types import DataType, Span
from ohx_desktop.cloud.google_health.envelope import SERVICE
from ohx_desktop.cloud.google_health.sources import device_of, fingerprint, origin_of, source_of
from ohx_desktop.cloud.moments import When, at, believable, from_timestamp, offset, whole_day
from ohx_desktop.cloud.numbers import decimal, integer
from ohx_desktop.cloud.records import (
    CloudRecord,
    CloudValue,
    Origin,
    Owner,
    Reason,
    Records,
    Skipped,
)
from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import measured
from ohx_desktop.domain.reading import Source

_NAME = re.compile(r"users/[^/]{1,64}/dataTypes/[a-z0-9\-]{1,64}/dataPoints/([!-{}~]{1,128})")


def decode_points(
    body: Json, data_type: DataType, *, user_id: str, local: tzinfo | None, now: datetime
) -> Records:
    """Return the records of a page. `local` is the zone of the account. Raises Malformed."""
    found = [_record(point, data_type, user_id, local, now) for point in points_in(body)]
    return Records(
        records=tuple(one for one in found if isinstance(one, CloudRecord)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
    )


def points_in(body: Json, member: str = "dataPoints") -> list[Json]:
    """Return the points of a page, none where the list was left out. Raises Malformed."""
    points = body.get(member, [])
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise Malformed(SERVICE)
    return points


def next_token(body: Json) -> str | None:
    """Return what asks for the next page, None after the last one. Raises Malformed."""
    token = body.get("nextPageToken")
    if token in (None, ""):
        return None
    if not isinstance(token, str):
        raise Malformed(SERVICE)
    return token


def point_id(point: Json) -> str | None:
    """Return what the service calls a point, None for a type whose points have no name."""
    told = point.get("name")
    found = _NAME.fullmatch(told) if isinstance(told, str) else None
    return found[1] if found else None


def instant_text(instant: datetime) -> str:
    """Return an instant as identities have it: in UTC, no fraction where that is zero."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def civil_date(told: object) -> date | None:
    """Return a date of year, month and day."""
    if not isinstance(told, dict):
        return None
    year, month, day = (integer(told.get(part)) for part in ("year", "month", "day"))
    try:
        return date(year or 0, month or 0, day or 0)
    except (ValueError, OverflowError):
        return None


def _record(
    point: Json, data_type: DataType, user_id: str, local: tzinfo | None, now: datetime
) -> CloudRecord | Skipped:
    content = point.get(data_type.member)
    if not isinstance(content, dict):
        raise Malformed(SERVICE)
    named, prefix = point_id(point), f"google_health:{user_id}:{data_type.id}"
    when, label = _when(content, data_type, local, now)
    value_id = f"{prefix}:{named or label}"
    if isinstance(when, Reason):
        return Skipped(key=value_id, reason=when)
    if specimen_of(content, data_type) is Specimen.OTHER:
        return Skipped(key=value_id, reason=Reason.UNSUPPORTED_TYPE)
    source = source_of(point)
    values = _values(content, data_type, value_id)
    if isinstance(values, Reason):
        return Skipped(key=value_id, reason=values)
    origin = origin_of(source)
    if origin is Origin.DERIVED and data_type.span is Span.SAMPLE:
        # A sample is measured; what somebody has computed instead, nobody knows.
        origin = Origin.UNKNOWN
    return CloudRecord(
        source=Source.GOOGLE_HEALTH,
        key=value_id if named else f"{value_id}:{fingerprint(source)}",
        values=values,
        when=when,
        origin=origin,
        owner=Owner.UNKNOWN,
        flags=flags_of(content, data_type)
        | ({Flag.MANUAL_ENTRY} if origin is Origin.MANUAL else frozenset()),
        device=device_of(source),
    )


def _values(content: Json, data_type: DataType, value_id: str) -> tuple[CloudValue, ...] | Reason:
    several = len(data_type.fields) > 1
    values = []
    for field in data_type.fields:
        told = next((content[each] for each in field.names if each in content), None)
        if told is None:
            continue
        number = decimal(told)
        if number is None:
            return Reason.IMPLAUSIBLE_ENCODING
        quantity = measured(field.kind, number, field.unit)
        own_id = f"{value_id}:{field.kind}" if several else value_id
        values.append(CloudValue(id=own_id, quantity=quantity))
    if not values:
        return Reason.NO_VALUE
    try:
        require_plausible([value.quantity for value in values])
    except Implausible:
        return Reason.IMPLAUSIBLE
    return tuple(values)


def _when(
    content: Json, data_type: DataType, local: tzinfo | None, now: datetime
) -> tuple[When | Reason, str]:
    """Return the time, or why there is none, and how identities write it."""
    if data_type.span is Span.DAY:
        day = civil_date(content.get("date"))
        if day is None:
            raise Malformed(SERVICE)
        return day_of(day, local, now), day.isoformat()
    sample = content.get("sampleTime")
    instant = from_timestamp(sample.get("physicalTime")) if isinstance(sample, dict) else None
    if not isinstance(sample, dict) or instant is None:
        raise Malformed(SERVICE)
    label = instant_text(instant)
    if believable(instant, now=now) is None:
        return Reason.IMPLAUSIBLE_TIME, label
    # Where the person was counts before where the account lives.
    own = offset(sample.get("utcOffset"))
    return at(instant, own if own is not None else local), label


def day_of(day: date, local: tzinfo | None, now: datetime) -> When | Reason:
    """Return a civil day that is over, or why it is none."""
    if local is None:
        return Reason.NO_TIME_ZONE
    when = whole_day(day, local)
    if when is None or when.start is None or believable(when.start, now=now) is None:
        return Reason.IMPLAUSIBLE_TIME
    return when if when.at <= now else Reason.INCOMPLETE_DAY
