"""Days of `getactivity`: steps. Pure.

Source: Withings API, measure getactivity.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.moments import believable, whole_day, zone
from ohx_desktop.cloud.numbers import integer
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


def decode_activities(body: Json, *, user_id: str, now: datetime) -> Records:
    """Return the steps of each day that is over where it was lived. Raises Malformed."""
    activities = body.get("activities")
    if not isinstance(activities, list):
        raise Malformed(SERVICE)
    found = [_day(activity, user_id, now) for activity in activities]
    return Records(
        records=tuple(one for one in found if isinstance(one, CloudRecord)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
    )


def _day(activity: object, user_id: str, now: datetime) -> CloudRecord | Skipped:
    if not isinstance(activity, dict):
        raise Malformed(SERVICE)
    day = _date(activity.get("date"))
    steps, local = integer(activity.get("steps")), zone(activity.get("timezone"))
    key = f"withings:{user_id}:steps:{day}"
    when = whole_day(day, local) if local else None
    if when is None:
        return Skipped(key=str(day), reason=Reason.NO_TIME_ZONE)
    if when.at > now:
        return Skipped(key=str(day), reason=Reason.INCOMPLETE_DAY)
    if steps is None:
        return Skipped(key=str(day), reason=Reason.NO_VALUE)
    if believable(when.at.astimezone(UTC), now=now) is None:
        return Skipped(key=str(day), reason=Reason.IMPLAUSIBLE_TIME)
    quantity = Quantity(kind=QuantityKind.STEP_COUNT, value=Decimal(steps), unit=Unit.ONE)
    try:
        require_plausible([quantity])
    except Implausible:
        return Skipped(key=str(day), reason=Reason.IMPLAUSIBLE)
    return CloudRecord(
        source=Source.WITHINGS,
        key=key,
        values=(CloudValue(id=key, quantity=quantity),),
        when=when,
        # Else it came from a phone or another application.
        origin=Origin.DEVICE if activity.get("is_tracker") is True else Origin.UNKNOWN,
        owner=Owner.UNKNOWN,
        revision=str(integer(activity.get("modified")) or ""),
    )


def _date(told: object) -> date:
    try:
        return date.fromisoformat(told) if isinstance(told, str) else _malformed()
    except ValueError:
        return _malformed()


def _malformed() -> date:
    raise Malformed(SERVICE)
