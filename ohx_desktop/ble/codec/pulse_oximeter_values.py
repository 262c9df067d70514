"""What the parts of a spot check mean: quantities and flags, or a refusal.

Source: Pulse Oximeter Service 1.0; receiver rules for odd frames.
"""

from ohx_desktop.ble.codec.measured import Measured, number
from ohx_desktop.ble.codec.pulse_oximeter import SensorStatus, SpotCheck, Status
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

_NO_PATIENT = Status.DEMONSTRATION | Status.TEST
_NO_VALUE = Status.CALIBRATION | Status.UNAVAILABLE | Status.INVALID
_NO_SENSOR = (
    SensorStatus.EQUIPMENT_MALFUNCTION
    | SensorStatus.UNCONNECTED_TO_USER
    | SensorStatus.SENSOR_MALFUNCTION
    | SensorStatus.DISCONNECTED
)
_FINAL = Status.VALIDATED | Status.FULLY_QUALIFIED
_POOR_SIGNAL = (
    SensorStatus.PROCESSING_IRREGULARITY
    | SensorStatus.INADEQUATE_SIGNAL
    | SensorStatus.POOR_SIGNAL
    | SensorStatus.ERRATIC_SIGNAL
    | SensorStatus.NON_PULSATILE_SIGNAL
    | SensorStatus.INTERFERENCE
    | SensorStatus.DISPLACED
)
_QUESTIONABLE = SensorStatus.QUESTIONABLE_PULSE | SensorStatus.UNKNOWN_SENSOR


def quantities_of(check: SpotCheck) -> tuple[Quantity, ...]:
    """Return the oxygen saturation in %, and as far as measured the pulse rate in /min.

    Raises MeasurementFailed also where the oximeter says that the values are no patient's
    (demonstration, test) or no values (calibration, unavailable, invalid, no finger), Implausible.
    """
    status, sensor_status = check.status or 0, check.sensor_status or 0
    if status & _NO_PATIENT:
        raise MeasurementFailed(
            "the oximeter reports values of a demonstration or a test, not of a person",
            hint="leave the demonstration of the oximeter and measure again",
        )
    saturation = number(check.oxygen_saturation)
    if saturation is None or status & _NO_VALUE or sensor_status & _NO_SENSOR:
        raise MeasurementFailed(
            "the oximeter reports that it could not measure",
            hint="check how the oximeter sits on the finger and measure again",
        )
    quantities = [measured(QuantityKind.OXYGEN_SATURATION, saturation, Unit.PERCENT)]
    rate = number(check.pulse_rate)
    if rate is not None:
        quantities.append(measured(QuantityKind.PULSE_RATE, rate, Unit.PER_MINUTE))
    require_plausible(quantities)
    return tuple(quantities)


def flags_of(check: SpotCheck) -> frozenset[Flag]:
    """Return the flags of the status bits that are set; a clear bit tells nothing.

    A measurement still going on is an estimate unless the oximeter has validated it.
    """
    status, sensor_status = check.status or 0, check.sensor_status or 0
    early = status & Status.EARLY_ESTIMATE or (status & Status.ONGOING and not status & _FINAL)
    found = {
        Flag.EARLY_ESTIMATE: early,
        Flag.QUESTIONABLE: status & Status.QUESTIONABLE or sensor_status & _QUESTIONABLE,
        Flag.POOR_SIGNAL: sensor_status & _POOR_SIGNAL,
        Flag.LOW_PERFUSION: sensor_status & SensorStatus.LOW_PERFUSION,
    }
    return frozenset(flag for flag, is_set in found.items() if is_set)


def measured_of(check: SpotCheck) -> Measured:
    """Return the measurement's meaning. Raises MeasurementFailed, Implausible."""
    return Measured(
        quantities=quantities_of(check),
        flags=flags_of(check),
        has_time=check.has_time,
        timestamp=check.timestamp if check.clock_is_set else None,
        from_storage=bool((check.status or 0) & Status.FROM_STORAGE),
    )
