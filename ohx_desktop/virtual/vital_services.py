"""What the services of thermometers, oximeters and glucose meters have in common."""

from collections.abc import Sequence

from ohx_desktop.virtual.device_services import battery, device_information
from ohx_desktop.virtual.encoding import encode_current_time
from ohx_desktop.virtual.gatt import Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.vital_profiles import Make


def sender(number: int, by: Property, make: Make) -> Characteristic:
    """Return a characteristic that values are sent by; `number` is its 16-bit UUID."""
    return Characteristic(
        uuid=uuid16(number), properties=frozenset({by}), is_protected=make.needs_bond
    )


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
