"""A page of `getmeas`: groups of measures, each group one act of measuring. Pure.

A goal, an entry made while the account was created, a segment of a body or an unknown type is no
reading, and the rest of the page stands. A page whose form is broken is refused whole, because the
mark must not pass what was not understood.

Source: Withings API, measure getmeas.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.moments import at, from_unix, unix, zone
from ohx_desktop.cloud.numbers import integer, name, truth
from ohx_desktop.cloud.records import CloudRecord, CloudValue, Reason, Records, Skipped
from ohx_desktop.cloud.withings.attribution import ACCOUNT_CREATION, attribution
from ohx_desktop.cloud.withings.envelope import SERVICE
from ohx_desktop.cloud.withings.group_values import values_of
from ohx_desktop.cloud.withings.models import device_of
from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.reading import Source

_REAL = 1
_GOAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuresPage:
    """What a page holds. `updatetime` is the server's clock; `offset` asks for the next page."""

    found: Records
    updatetime: datetime
    offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What holds for all groups of a page."""

    user_id: str
    account_zone: tzinfo | None
    now: datetime


def decode_measures(body: Json, *, user_id: str, now: datetime) -> MeasuresPage:
    """Return the readings of a page. Raises Malformed for what has not the form of one."""
    groups, updated = body.get("measuregrps"), unix(integer(body.get("updatetime")))
    if not isinstance(groups, list) or updated is None:
        raise Malformed(SERVICE)
    # The server's clock judges what lies in the future: this computer's may be behind.
    page = _Page(user_id=user_id, account_zone=zone(body.get("timezone")), now=max(now, updated))
    records: list[CloudRecord] = []
    skipped: list[Skipped] = []
    for group in groups:
        _add(group, page, records, skipped)
    return MeasuresPage(
        found=Records(records=tuple(records), skipped=tuple(skipped)),
        updatetime=updated,
        offset=next_offset(body),
    )


def next_offset(body: Json) -> int | None:
    """Return where the next page begins, None after the last one. Raises Malformed."""
    if not truth(body.get("more")):
        return None
    offset = integer(body.get("offset"))
    if offset is None:
        raise Malformed(SERVICE)
    return offset


def _add(group: object, page: _Page, records: list[CloudRecord], skipped: list[Skipped]) -> None:
    """Add a group to the records, or what is left out of it to the skipped ones."""
    group_id = name(group.get("grpid")) if isinstance(group, dict) else None
    if not isinstance(group, dict) or group_id is None:
        raise Malformed(SERVICE)
    refusal = _refusal(group)
    if refusal is not None:
        skipped.append(Skipped(key=group_id, reason=refusal))
        return
    instant = from_unix(integer(group.get("date")), now=page.now)
    if instant is None:
        skipped.append(Skipped(key=group_id, reason=Reason.IMPLAUSIBLE_TIME))
        return
    found = values_of(group["measures"], key=_key(page, group_id))
    values = tuple(found.values.values())
    try:
        require_plausible([value.quantity for value in values])
    except Implausible:
        skipped.append(Skipped(key=group_id, reason=Reason.IMPLAUSIBLE))
        return
    skipped.extend(
        Skipped(key=group_id, part=str(kind), reason=reason)
        for kind, reason in found.left_out.items()
    )
    if values:
        records.append(_record(group, group_id, page, instant, values))


def _record(
    group: Json, group_id: str, page: _Page, instant: datetime, values: tuple[CloudValue, ...]
) -> CloudRecord:
    said = attribution(integer(group.get("attrib")))
    return CloudRecord(
        source=Source.WITHINGS,
        key=_key(page, group_id),
        group=group_id,
        values=values,
        when=at(instant, zone(group.get("timezone")) or page.account_zone),
        origin=said.origin,
        owner=said.owner,
        flags=said.flags,
        device=device_of(
            group.get("model"),
            group.get("modelid", group.get("model_id")),
            is_device=group.get("deviceid") is not None,
        ),
        revision=str(integer(group.get("modified")) or ""),
    )


def _key(page: _Page, group_id: str) -> str:
    return f"withings:{page.user_id}:{group_id}"


def _refusal(group: Json) -> Reason | None:
    category = integer(group.get("category"))
    if category == _GOAL:
        return Reason.GOAL
    if category != _REAL:
        return Reason.UNKNOWN_TYPE
    if integer(group.get("attrib")) == ACCOUNT_CREATION:
        return Reason.ACCOUNT_CREATION
    return None if group.get("measures") else Reason.EMPTY_GROUP
