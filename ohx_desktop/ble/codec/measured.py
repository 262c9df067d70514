"""What a measurement means, whatever characteristic it came by: all that a Reading takes from it.

Source: Bluetooth SIG health services.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ohx_desktop.ble.codec.sfloat import SFloat
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One plausible measurement.

    `timestamp` is naive; it is None where no time was sent (`has_time` is False) and where the
    time sent names no moment. `user_id` is a slot of the device, never a person. `sequence` is the
    device's own number of the record. `from_storage` is true where the device says itself that
    the measurement lay in its memory.
    """

    quantities: tuple[Quantity, ...]
    flags: frozenset[Flag] = frozenset()
    has_time: bool
    timestamp: datetime | None
    user_id: int | None = None
    sequence: int | None = None
    from_storage: bool = False


def number(value: SFloat | None) -> Decimal | None:
    """Return a number that was measured: zero and the special values are "not measured"."""
    return value if isinstance(value, Decimal) and value else None
