"""What the parts of a blood-pressure measurement mean: quantities and flags, or a refusal.

Zero and the special values are "not measured": makers fill a mean pressure or a pulse they do not
determine with either. Without systolic and diastolic pressure there is no reading.

Source: Blood Pressure Service 1.1.1; receiver rules for odd frames.
"""

from ohx_desktop.ble.codec.blood_pressure import BloodPressureMeasurement, Status
from ohx_desktop.ble.codec.measured import number
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, pressure

_FLAGS = {
    Status.BODY_MOVED.value: Flag.BODY_MOVEMENT,
    Status.CUFF_TOO_LOOSE.value: Flag.CUFF_TOO_LOOSE,
    Status.IRREGULAR_PULSE.value: Flag.IRREGULAR_PULSE,
    Status.IMPROPER_POSITION.value: Flag.IMPROPER_POSITION,
}
_PULSE_OUT_OF_RANGE = (Status.PULSE_ABOVE_LIMIT.value, Status.PULSE_BELOW_LIMIT.value)
_PULSE_FIELD = sum(_PULSE_OUT_OF_RANGE)
_NO_FLAGS: frozenset[Flag] = frozenset()


def quantities_of(measurement: BloodPressureMeasurement) -> tuple[Quantity, ...]:
    """Return systolic, diastolic, and as far as measured mean pressure and pulse rate.

    Pressures are in mm[Hg], rates in /min. Raises MeasurementFailed, Implausible.
    """
    systolic, diastolic = number(measurement.systolic), number(measurement.diastolic)
    if systolic is None or diastolic is None:
        raise MeasurementFailed("the device reports that it could not measure the pressure")
    unit = measurement.unit
    quantities = [
        pressure(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, systolic, unit),
        pressure(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, diastolic, unit),
    ]
    mean = number(measurement.mean_arterial)
    if mean is not None:
        quantities.append(pressure(QuantityKind.MEAN_ARTERIAL_PRESSURE, mean, unit))
    rate = number(measurement.pulse_rate)
    if rate is not None:
        quantities.append(Quantity(kind=QuantityKind.PULSE_RATE, value=rate, unit=Unit.PER_MINUTE))
    require_plausible(quantities)
    return tuple(quantities)


def flags_of(measurement: BloodPressureMeasurement) -> frozenset[Flag]:
    """Return the flags of the status bits that are set.

    A set bit always counts, whatever 0x2A49 says: cuffs report irregular pulses without claiming
    the feature. A clear bit tells nothing. Both pulse bits set is reserved and tells nothing.
    """
    status = measurement.status
    if not status:
        return _NO_FLAGS
    flags = {flag for bit, flag in _FLAGS.items() if status & bit}
    if status & _PULSE_FIELD in _PULSE_OUT_OF_RANGE:
        flags.add(Flag.PULSE_OUT_OF_RANGE)
    return frozenset(flags)
