"""Nights of `sleep getsummary`. Pure.

Source: Withings API, sleep getsummary.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.moments import When, between, from_unix, zone
from ohx_desktop.cloud.numbers import integer, name
from ohx_desktop.cloud.records import (
    CloudRecord,
    CloudValue,
    Origin,
    Owner,
    Reason,
    Records,
    Skipped,
)
from ohx_desktop.cloud.withings.envelope import SERVICE
from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Source

# Field, kind, and what names the value. The total comes first.
FIELDS = (
    ("asleepduration", QuantityKind.SLEEP_DURATION, "sleep_duration"),
    ("deepsleepduration", QuantityKind.DEEP_SLEEP_DURATION, "sleep_deep"),
    ("lightsleepduration", QuantityKind.LIGHT_SLEEP_DURATION, "sleep_light"),
    ("remsleepduration", QuantityKind.REM_SLEEP_DURATION, "sleep_rem"),
)


def decode_nights(body: Json, *, user_id: str, now: datetime) -> Records:
    """Return the nights of a page, in seconds as measured. Raises Malformed."""
    series = body.get("series")
    if not isinstance(series, list):
        raise Malformed(SERVICE)
    found = [_night(night, user_id, now) for night in series]
    return Records(
        records=tuple(one for one in found if isinstance(one, CloudRecord)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
    )


def _night(night: object, user_id: str, now: datetime) -> CloudRecord | Skipped:
    night_id = name(night.get("id")) if isinstance(night, dict) else None
    if not isinstance(night, dict) or night_id is None:
        raise Malformed(SERVICE)
    if night.get("completed") is not True:
        # Still being analysed: it comes again.
        return Skipped(key=night_id, reason=Reason.INCOMPLETE_NIGHT)
    when, data = _when(night, now), night.get("data")
    if when is None:
        return Skipped(key=night_id, reason=Reason.IMPLAUSIBLE_TIME)
    if not isinstance(data, dict):
        return Skipped(key=night_id, reason=Reason.NO_VALUE)
    key = f"withings:{user_id}:sleep:{night_id}"
    values = tuple(_values(key, data))
    if not values:
        return Skipped(key=night_id, reason=Reason.NO_VALUE)
    try:
        require_plausible([value.quantity for value in values])
    except Implausible:
        return Skipped(key=night_id, reason=Reason.IMPLAUSIBLE)
    return CloudRecord(
        source=Source.WITHINGS,
        key=key,
        group=night_id,
        values=values,
        when=when,
        origin=Origin.DEVICE,
        owner=Owner.UNKNOWN,
        revision=str(integer(night.get("modified")) or ""),
    )


def _when(night: Json, now: datetime) -> When | None:
    start, end = (
        from_unix(integer(night.get(member)), now=now) for member in ("startdate", "enddate")
    )
    if start is None or end is None or start >= end:
        return None
    local = zone(night.get("timezone"))
    return between(start, local, end, local)


def _values(key: str, data: Json) -> Iterator[CloudValue]:
    for field, kind, part in FIELDS:
        seconds = integer(data.get(field))
        if seconds is not None:
            yield CloudValue(
                id=f"{key}:{part}",
                quantity=Quantity(kind=kind, value=Decimal(seconds), unit=Unit.SECOND),
            )
