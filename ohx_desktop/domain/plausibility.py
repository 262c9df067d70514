"""What a living person can have: limits per kind, and how the pressures of one reading relate.

A value outside is never clamped and never kept; the person measures again. The limits are wide on
purpose: they catch wrong bytes and failed measurements, and judge nobody's health.

Source: Bluetooth SIG health services, receiver rules for odd frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit

_SYSTOLIC = QuantityKind.SYSTOLIC_BLOOD_PRESSURE
_DIASTOLIC = QuantityKind.DIASTOLIC_BLOOD_PRESSURE
_MEAN = QuantityKind.MEAN_ARTERIAL_PRESSURE
_PULSE = QuantityKind.PULSE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The lowest and the highest value that is believed, both included."""

    low: Decimal
    high: Decimal
    unit: Unit

    def hold(self, quantity: Quantity) -> bool:
        """Tell whether the quantity lies within. Its unit must be the one of the limits."""
        return quantity.unit is self.unit and self.low <= quantity.value <= self.high


LIMITS: dict[QuantityKind, Limits] = {
    # 40..300 and 20..250 are the receiver rules; the other two follow from what cuffs display
    # (0..300 mm[Hg]) and from the order of the three pressures below.
    _SYSTOLIC: Limits(low=Decimal(40), high=Decimal(300), unit=Unit.MM_HG),
    _DIASTOLIC: Limits(low=Decimal(10), high=Decimal(250), unit=Unit.MM_HG),
    _MEAN: Limits(low=Decimal(10), high=Decimal(300), unit=Unit.MM_HG),
    _PULSE: Limits(low=Decimal(20), high=Decimal(250), unit=Unit.PER_MINUTE),
}


def require_plausible(quantities: Sequence[Quantity]) -> None:
    """Check all quantities of one reading. Raises Implausible, naming the kind, never the value.

    Each lies within its limits, diastolic is below systolic, and a mean arterial pressure lies
    between the two.
    """
    for quantity in quantities:
        if not LIMITS[quantity.kind].hold(quantity):
            raise Implausible(f"the {_name(quantity.kind)} is outside what a person can have")
    values = {quantity.kind: quantity.value for quantity in quantities}
    systolic, diastolic = values.get(_SYSTOLIC), values.get(_DIASTOLIC)
    if systolic is None or diastolic is None:
        return
    if diastolic >= systolic:
        raise Implausible(f"the {_name(_DIASTOLIC)} is not below the {_name(_SYSTOLIC)}")
    mean = values.get(_MEAN)
    if mean is not None and not diastolic <= mean <= systolic:
        raise Implausible(f"the {_name(_MEAN)} is not between the other two pressures")


def _name(kind: QuantityKind) -> str:
    return kind.value.replace("_", " ")
