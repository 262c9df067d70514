"""A record keeps what was measured, and nothing of the profile of whoever used the scale before."""

from datetime import UTC, datetime
from decimal import Decimal

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.record import Record
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit


def test_the_height_and_index_of_a_scale_s_profile_are_nobody_s() -> None:
    weight = Quantity(kind=QuantityKind.BODY_WEIGHT, value=Decimal("79.95"), unit=Unit.KILOGRAM)
    index = Quantity(
        kind=QuantityKind.BODY_MASS_INDEX,
        value=Decimal("25.2"),
        unit=Unit.KILOGRAM_PER_SQUARE_METRE,
    )
    height = Quantity(kind=QuantityKind.BODY_HEIGHT, value=Decimal(178), unit=Unit.CENTIMETRE)
    measured = Measured(quantities=(weight, index, height), has_time=False, timestamp=None)
    record = Record.of(measured, (b"\x00",), received_at=datetime(2026, 11, 24, tzinfo=UTC))
    assert record.quantities == (weight,)
