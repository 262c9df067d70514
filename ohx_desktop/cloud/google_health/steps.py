"""Steps of each day, summed up by the service (`dailyRollUp`). Pure.

A row without its number is a true zero; a day without a row was a day without the device.

Source: Google Health API v4, dataPoints.dailyRollUp.
"""

from datetime import datetime, tzinfo
from decimal import Decimal

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.google_health.envelope import SERVICE
from ohx_desktop.cloud.google_health.points import civil_date, day_of, points_in
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
from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Source


def decode_days(body: Json, *, user_id: str, local: tzinfo | None, now: datetime) -> Records:
    """Return the steps of each day that is over. Raises Malformed."""
    rows = points_in(body, "rollupDataPoints")
    found = [_day(row, user_id, local, now) for row in rows]
    return Records(
        records=tuple(one for one in found if isinstance(one, CloudRecord)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
    )


def _day(row: Json, user_id: str, local: tzinfo | None, now: datetime) -> CloudRecord | Skipped:
    start, steps = row.get("civilStartTime"), row.get("steps")
    day = civil_date(start.get("date")) if isinstance(start, dict) else None
    if day is None:
        raise Malformed(SERVICE)
    key = f"google_health:{user_id}:steps:{day.isoformat()}"
    when = day_of(day, local, now)
    if isinstance(when, Reason):
        return Skipped(key=key, reason=when)
    if not isinstance(steps, dict):
        return Skipped(key=key, reason=Reason.NO_VALUE)
    count = integer(steps.get("countSum", 0))
    if count is None:
        return Skipped(key=key, reason=Reason.IMPLAUSIBLE_ENCODING)
    quantity = Quantity(kind=QuantityKind.STEP_COUNT, value=Decimal(count), unit=Unit.ONE)
    try:
        require_plausible([quantity])
    except Implausible:
        return Skipped(key=key, reason=Reason.IMPLAUSIBLE)
    return CloudRecord(
        source=Source.GOOGLE_HEALTH,
        key=key,
        values=(CloudValue(id=key, quantity=quantity),),
        when=when,
        origin=Origin.DERIVED,
        owner=Owner.UNKNOWN,
    )
