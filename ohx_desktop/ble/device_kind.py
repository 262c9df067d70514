"""What kind of device a driver reads: for a picture of it, never for how it is read. Pure."""

from collections.abc import Mapping

from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    OMRON_NUDGED,
    PULSE_OXIMETER,
    THERMOMETER,
)
from ohx_desktop.domain.device import DeviceKind

_OF_DRIVER: Mapping[str, DeviceKind] = {
    BLOOD_PRESSURE: DeviceKind.CUFF,
    OMRON_NUDGED: DeviceKind.CUFF,
    Family.SWAPPED_BLOOD_PRESSURE: DeviceKind.CUFF,
    Family.BLOOD_PRESSURE_STREAM: DeviceKind.CUFF,
    Family.SIG_SCALE: DeviceKind.SCALE,
    Family.FFE0_SCALE: DeviceKind.SCALE,
    Family.OXIMETER: DeviceKind.OXIMETER,
    THERMOMETER: DeviceKind.THERMOMETER,
    PULSE_OXIMETER: DeviceKind.OXIMETER,
    GLUCOSE: DeviceKind.GLUCOSE_METER,
}
# These drivers read cuffs and scales; how Omron begins the names of either.
_BY_MODEL = frozenset({OMRON_EEPROM, OMRON_EXTENSION})
_OMRON_MODELS = (
    ("HEM-", DeviceKind.CUFF),
    ("HBF-", DeviceKind.SCALE),
    ("HN-", DeviceKind.SCALE),
)


def kind_of(driver: str, model: str | None) -> DeviceKind | None:
    """Return the kind of a device, None where its driver and its model do not tell."""
    if driver not in _BY_MODEL:
        return _OF_DRIVER.get(driver)
    kinds = (kind for begin, kind in _OMRON_MODELS if model and model.startswith(begin))
    return next(kinds, None)
