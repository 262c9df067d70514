"""The measures of one group as values: exact, whole-body, each kind once. Pure.

Real value = value x 10^unit, scaled as a decimal, so that every digit stays as given.

Source: Withings API, measure getmeas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.numbers import integer
from ohx_desktop.cloud.records import CloudValue, Reason
from ohx_desktop.cloud.withings.envelope import SERVICE
from ohx_desktop.cloud.withings.measure_types import (
    DIASTOLIC,
    KINDS,
    SYSTOLIC,
    UNCLEAR_TEMPERATURE,
    UNSUPPORTED,
    WHOLE_BODY,
)
from ohx_desktop.domain.quantity import measured

# Beyond these it is an error in writing, and no number of a device.
_LARGEST_EXPONENT = 9
_LARGEST_VALUE = 10**12

_Numbers = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupValues:
    """Values by measure type, in the group's order, and why others were left out."""

    values: Mapping[int, CloudValue]
    left_out: Mapping[int, Reason]


def values_of(measures: object, *, key: str) -> GroupValues:
    """Return the values of a group that goes by `key`. Raises Malformed."""
    values: dict[int, CloudValue] = {}
    left_out: dict[int, Reason] = {}
    for (kind, position), numbers in _by_type(measures).items():
        value = _value(kind, position, numbers, key=key)
        if isinstance(value, Reason):
            left_out[kind] = value
        elif kind in values and values[kind] != value:
            # Once with and once without the position of the whole body.
            left_out[kind] = Reason.CONFLICTING_DUPLICATE
        else:
            values[kind] = value
    for kind, reason in left_out.items():
        # A segment beside it says nothing against the value of the whole body.
        if reason is not Reason.SEGMENTAL:
            values.pop(kind, None)
    halves = {SYSTOLIC, DIASTOLIC} & values.keys()
    if len(halves) == 1:
        (half,) = halves
        del values[half]
        left_out[half] = Reason.INCOMPLETE_PRESSURE
    return GroupValues(values=values, left_out=left_out)


def _by_type(measures: object) -> Mapping[tuple[int, int | None], set[_Numbers]]:
    """Return all that was told of each type at each position."""
    told: dict[tuple[int, int | None], set[_Numbers]] = {}
    if not isinstance(measures, list):
        raise Malformed(SERVICE)
    for measure in measures:
        kind = integer(measure.get("type")) if isinstance(measure, dict) else None
        if kind is None:
            raise Malformed(SERVICE)
        numbers = (integer(measure.get("value")), integer(measure.get("unit")))
        told.setdefault((kind, _position(measure.get("position"))), set()).add(numbers)
    return told


def _position(told: object) -> int | None:
    """Return where on the body; what is none of the known places is some part of it."""
    if told is None:
        return None
    position = integer(told)
    return -1 if position is None else position


def _value(
    kind: int, position: int | None, numbers: set[_Numbers], *, key: str
) -> CloudValue | Reason:
    refusal = _refusal(kind, position)
    if refusal is not None:
        return refusal
    if len(numbers) > 1:
        return Reason.CONFLICTING_DUPLICATE
    ((value, exponent),) = numbers
    if value is None or exponent is None:
        return Reason.IMPLAUSIBLE_ENCODING
    if abs(exponent) > _LARGEST_EXPONENT or abs(value) > _LARGEST_VALUE:
        return Reason.IMPLAUSIBLE_ENCODING
    quantity_kind, unit = KINDS[kind]
    number = Decimal(value).scaleb(exponent)
    return CloudValue(id=f"{key}:{kind}", quantity=measured(quantity_kind, number, unit))


def _refusal(kind: int, position: int | None) -> Reason | None:
    if kind == UNCLEAR_TEMPERATURE:
        return Reason.UNCLEAR_OBJECT
    if kind not in KINDS and kind not in UNSUPPORTED:
        return Reason.UNKNOWN_TYPE
    if position not in {None, WHOLE_BODY}:
        return Reason.SEGMENTAL
    return None if kind in KINDS else Reason.UNSUPPORTED_TYPE
