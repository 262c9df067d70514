"""Measured values as figures and unit: the device's own precision, never rounded, never judged."""

from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import ValueView

_SYSTOLIC = QuantityKind.SYSTOLIC_BLOOD_PRESSURE
_DIASTOLIC = QuantityKind.DIASTOLIC_BLOOD_PRESSURE
_PULSE = QuantityKind.PULSE_RATE


def tiles(reading: Reading) -> tuple[ValueView, ...]:
    """Return what stands large: the pressure and the pulse, or else the main quantity."""
    pressure = _pressure(reading)
    large = [pressure] if pressure else [_single(reading.quantities[0])]
    pulse = reading.quantity(_PULSE)
    if pulse is not None and reading.quantities[0] is not pulse:
        large.append(_single(pulse))
    return tuple(large)


def _pressure(reading: Reading) -> ValueView | None:
    """Return "128/82" mmHg, a dash for a missing half; None without both."""
    systolic, diastolic = reading.quantity(_SYSTOLIC), reading.quantity(_DIASTOLIC)
    if systolic is None and diastolic is None:
        return None
    upper, lower = _figures(systolic), _figures(diastolic)
    return ValueView(
        label=texts.BLOOD_PRESSURE,
        figures=f"{upper}/{lower}",
        unit=texts.UNITS[Unit.MM_HG],
        spoken=texts.SPOKEN_PRESSURE.format(
            systolic=upper, diastolic=lower, unit=texts.SPOKEN_UNITS[Unit.MM_HG]
        ),
    )


def _single(quantity: Quantity) -> ValueView:
    label, figures = texts.KINDS[quantity.kind], _figures(quantity)
    return ValueView(
        label=label,
        figures=figures,
        unit=texts.UNITS[quantity.unit],
        spoken=texts.SPOKEN_VALUE.format(
            label=label, figures=figures, unit=texts.SPOKEN_UNITS[quantity.unit]
        ),
    )


def other_facts(reading: Reading) -> tuple[str, ...]:
    """Return the quantities that have no tile, each as "Mean pressure 97 mmHg"."""
    return tuple(
        texts.FACT.format(
            label=texts.KINDS[quantity.kind],
            figures=_figures(quantity),
            unit=texts.UNITS[quantity.unit],
        )
        for quantity in reading.quantities
        if quantity.kind not in _kinds_in_tiles(reading)
    )


def _kinds_in_tiles(reading: Reading) -> frozenset[QuantityKind]:
    pressures = frozenset({_SYSTOLIC, _DIASTOLIC})
    kinds = {quantity.kind for quantity in reading.quantities}
    main = pressures if kinds & pressures else frozenset({reading.quantities[0].kind})
    return main | {_PULSE}


def as_displayed(reading: Reading) -> tuple[str, str] | None:
    """Return the pressure as the device's own display shows it: figures and unit."""
    systolic, diastolic = reading.quantity(_SYSTOLIC), reading.quantity(_DIASTOLIC)
    shown = [q.original or q for q in (systolic, diastolic) if q is not None]
    if not shown:
        return None
    halves = [
        format((q.original or q).value, "f") if q is not None else texts.NO_VALUE
        for q in (systolic, diastolic)
    ]
    return "/".join(halves), texts.UNITS[shown[0].unit]


def was_converted(reading: Reading) -> bool:
    """Return True where the device shows another unit than we do."""
    return any(quantity.original is not None for quantity in reading.quantities)


def _figures(quantity: Quantity | None) -> str:
    return texts.NO_VALUE if quantity is None else format(quantity.value, "f")
