"""What the services of thermometers, oximeters and glucose meters have in common."""

from collections.abc import Sequence

from ohx_desktop.virtual.device_services import battery, device_information
from ohx_desktop.virtual.encoding import encode_current_time
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.peripheral import Peripheral, six_digits
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.vital_profiles import Make


def sender(number: int, by: Property, make: Make) -> Characteristic:
    """Return a characteristic that values are sent by; `number` is its 16-bit UUID."""
    return Characteristic(
        uuid=uuid16(number), properties=frozenset({by}), is_protected=make.needs_bond
    )


def peripheral(
    make: Make,
    *,
    address: str,
    serial: str,
    clock: CuffClock,
    main: str,
    characteristics: Sequence[Characteristic],
    pace: Pace,
    faults: Faults | None = None,
    passkey: int | None = None,
) -> Peripheral:
    """Return such a device as it is on the air; `passkey` is what it shows, random by default."""
    found = Peripheral(
        address=address,
        services=services(
            make, serial=serial, clock=clock, main=main, characteristics=characteristics
        ),
        pairing_method=make.pairing_method,
        new_passkey=six_digits if passkey is None else lambda: passkey,
        beacon_interval_s=pace.beacon_interval_s,
    )
    found.faults = faults or Faults()
    return found


def services(
    make: Make,
    *,
    serial: str,
    clock: CuffClock,
    main: str,
    characteristics: Sequence[Characteristic],
) -> list[Service]:
    """Return the main service and those beside it; the clock can be read, not set."""
    found = [
        Service(uuid=main, characteristics=characteristics),
        device_information(
            manufacturer=make.manufacturer,
            model=make.model,
            serial=serial,
            firmware=make.firmware,
        ),
        battery(),
    ]
    if make.has_current_time:
        current_time = Characteristic(
            uuid=uuid16(0x2A2B),
            properties=frozenset({Property.READ}),
            on_read=lambda: encode_current_time(clock.read()),
        )
        found.append(Service(uuid=uuid16(0x1805), characteristics=[current_time]))
    return found
