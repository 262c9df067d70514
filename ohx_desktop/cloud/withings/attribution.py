"""Whose a group is and how it came about: Withings' `attrib`.

Source: Withings API, measure getmeas, attrib; values seen beyond it count as unknown.
"""

from dataclasses import dataclass

from ohx_desktop.cloud.records import Origin, Owner
from ohx_desktop.domain.flags import Flag

ACCOUNT_CREATION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Origin, owner, and what a reader must know of it."""

    origin: Origin
    owner: Owner
    flags: frozenset[Flag] = frozenset()


_MEASURED = Attribution(origin=Origin.DEVICE, owner=Owner.SURE)
_UNKNOWN = Attribution(origin=Origin.UNKNOWN, owner=Owner.UNKNOWN)
_ATTRIBUTIONS = {
    0: _MEASURED,
    1: Attribution(
        origin=Origin.DEVICE,
        owner=Owner.AMBIGUOUS,
        flags=frozenset({Flag.AMBIGUOUS_PERSON}),
    ),
    2: Attribution(origin=Origin.MANUAL, owner=Owner.SURE, flags=frozenset({Flag.MANUAL_ENTRY})),
    # The cuff's own mean of several measurements.
    5: Attribution(
        origin=Origin.DEVICE,
        owner=Owner.SURE,
        flags=frozenset({Flag.MEASUREMENT_AVERAGED}),
    ),
    7: Attribution(origin=Origin.DEVICE, owner=Owner.SURE, flags=frozenset({Flag.USER_CONFIRMED})),
    8: _MEASURED,
    # Taken under guided conditions.
    15: _MEASURED,
}


def attribution(attrib: int | None) -> Attribution:
    """Return what an `attrib` says; an unknown one says nothing."""
    return _UNKNOWN if attrib is None else _ATTRIBUTIONS.get(attrib, _UNKNOWN)
