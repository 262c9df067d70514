"""Fresh readings of one cuff, for whatever is measured with them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count

from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source


def readings() -> Iterator[Reading]:
    """Yield readings, each a minute after the one before."""
    began = system_now() - timedelta(days=1)
    device = DeviceIdentity(manufacturer="OMRON", model="HEM-7155T", address="A4:C1:38:0B:11:2E")
    for number in count():
        moment = began + timedelta(minutes=number)
        yield Reading(
            source=Source.BLUETOOTH,
            device=device,
            measured_at=moment,
            received_at=moment,
            clock=DeviceClock(device=moment.replace(tzinfo=None), trust=ClockTrust.DEVICE),
            quantities=(
                _quantity(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, 120 + number % 20),
                _quantity(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, 80),
                Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
            ),
        )


def _quantity(kind: QuantityKind, pressure: int) -> Quantity:
    return Quantity(kind=kind, value=Decimal(pressure), unit=Unit.MM_HG)
