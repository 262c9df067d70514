"""Nights and naps: one record with the time asleep and its stages. Pure.

Source: Google Health API v4, Sleep.
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.google_health.envelope import SERVICE
from ohx_desktop.cloud.google_health.points import instant_text, point_id, points_in
from ohx_desktop.cloud.google_health.sources import device_of, fingerprint, origin_of, source_of
from ohx_desktop.cloud.moments import When, believable, between, from_timestamp, offset
from ohx_desktop.cloud.numbers import decimal
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
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Source

_STAGES = {
    "DEEP": (QuantityKind.DEEP_SLEEP_DURATION, "sleep_deep"),
    "LIGHT": (QuantityKind.LIGHT_SLEEP_DURATION, "sleep_light"),
    "REM": (QuantityKind.REM_SLEEP_DURATION, "sleep_rem"),
}


def decode_nights(body: Json, *, user_id: str, local: tzinfo | None, now: datetime) -> Records:
    """Return the nights of a page, in minutes as told. Raises Malformed."""
    found = [_night(point, user_id, local, now) for point in points_in(body)]
    return Records(
        records=tuple(one for one in found if isinstance(one, CloudRecord)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
    )


def end_of(point: Json) -> datetime | None:
    """Return when a night ended, None where it does not tell."""
    sleep = point.get("sleep")
    interval = sleep.get("interval") if isinstance(sleep, dict) else None
    return from_timestamp(interval.get("endTime")) if isinstance(interval, dict) else None


def _night(point: Json, user_id: str, local: tzinfo | None, now: datetime) -> CloudRecord | Skipped:
    sleep = point.get("sleep")
    interval = sleep.get("interval") if isinstance(sleep, dict) else None
    if not isinstance(sleep, dict) or not isinstance(interval, dict):
        raise Malformed(SERVICE)
    when, source, named = _when(interval, local), source_of(point), point_id(point)
    group = named or instant_text(when.at)
    key = f"google_health:{user_id}:sleep:{group}"
    values = tuple(_values(sleep.get("summary"), key))
    refusal = _refusal(sleep, when, values, now)
    if refusal is not None:
        return Skipped(key=key, reason=refusal)
    origin = origin_of(source)
    return CloudRecord(
        source=Source.GOOGLE_HEALTH,
        key=key if named else f"{key}:{fingerprint(source)}",
        group=group,
        values=values,
        when=when,
        origin=origin,
        owner=Owner.UNKNOWN,
        flags=frozenset({Flag.MANUAL_ENTRY} if _typed(sleep, origin) else ()),
        device=device_of(source),
        revision=instant_text(updated)
        if (updated := from_timestamp(sleep.get("updateTime")))
        else "",
    )


def _when(interval: Json, local: tzinfo | None) -> When:
    ends = [from_timestamp(interval.get(member)) for member in ("startTime", "endTime")]
    if ends[0] is None or ends[1] is None:
        raise Malformed(SERVICE)
    zones = [offset(interval.get(member)) for member in ("startUtcOffset", "endUtcOffset")]
    start_zone, end_zone = (local if each is None else each for each in zones)
    return between(ends[0], start_zone, ends[1], end_zone)


def _refusal(
    sleep: Json, when: When, values: tuple[CloudValue, ...], now: datetime
) -> Reason | None:
    metadata = sleep.get("metadata")
    # A false one is left out of the JSON: the night is still being worked on and comes again.
    if not isinstance(metadata, dict) or metadata.get("processed") is not True:
        return Reason.INCOMPLETE_NIGHT
    if when.start is None or when.start >= when.at or believable(when.at, now=now) is None:
        return Reason.IMPLAUSIBLE_TIME
    if not values:
        return Reason.NO_VALUE
    try:
        require_plausible([value.quantity for value in values])
    except Implausible:
        return Reason.IMPLAUSIBLE
    return None


def _typed(sleep: Json, origin: Origin) -> bool:
    metadata = sleep.get("metadata")
    edited = isinstance(metadata, dict) and metadata.get("manuallyEdited") is True
    return edited or origin is Origin.MANUAL


def _values(summary: object, key: str) -> Iterator[CloudValue]:
    """Give the time asleep and that of each stage; one stage named twice is none."""
    if not isinstance(summary, dict):
        return
    asleep = decimal(summary.get("minutesAsleep"))
    if asleep is not None:
        quantity = Quantity(kind=QuantityKind.SLEEP_DURATION, value=asleep, unit=Unit.MINUTE)
        yield CloudValue(id=f"{key}:sleep_duration", quantity=quantity)
    stages = summary.get("stagesSummary")
    rows = [row for row in stages if isinstance(row, dict)] if isinstance(stages, list) else []
    for stage, (kind, part) in _STAGES.items():
        told = [decimal(row.get("minutes")) for row in rows if row.get("type") == stage]
        if len(told) == 1 and told[0] is not None:
            quantity = Quantity(kind=kind, value=told[0], unit=Unit.MINUTE)
            yield CloudValue(id=f"{key}:{part}", quantity=quantity)
