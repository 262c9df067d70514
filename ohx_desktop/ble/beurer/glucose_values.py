"""What a glucose value of Beurer's meters means: within what they can show, or no value at all.

Below and above that, the display says "Lo" and "Hi". How the meters send those is not known, and
old firmware sets no status bit: a number outside can only be such a mark.

Source: GL50evo Data Form v006.
"""

from decimal import Decimal

from ohx_desktop.ble.codec.glucose import GlucoseMeasurement
from ohx_desktop.ble.codec.glucose_context import GlucoseContext
from ohx_desktop.ble.codec.glucose_values import measured_of
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.plausibility import Limits
from ohx_desktop.domain.quantity import Unit

_SHOWN = {
    Unit.MILLIGRAM_PER_DECILITRE: Limits(low=Decimal(20), high=Decimal(630)),
    Unit.MILLIMOLE_PER_LITRE: Limits(low=Decimal("1.1"), high=Decimal("35.0")),
}


def measured_of_beurer(
    measurement: GlucoseMeasurement, context: GlucoseContext | None = None
) -> Measured:
    """Return the meaning of a measurement as `glucose_values.measured_of` does.

    Raises MeasurementFailed also for a value that the meter cannot show.
    """
    measured = measured_of(measurement, context)
    shown = [(_SHOWN[quantity.unit], quantity.value) for quantity in measured.quantities]
    if not all(limits.low <= value <= limits.high for limits, value in shown):
        raise MeasurementFailed(
            "the result is beyond what the meter can measure",
            hint="follow the rules of this clinic for results that a meter shows as LO or HI",
        )
    return measured
