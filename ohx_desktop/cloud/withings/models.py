"""Withings devices by name: the model's text, or else its number.

Source: Withings API, device models.
"""

from ohx_desktop.cloud.numbers import integer
from ohx_desktop.domain.device import DeviceIdentity

_LONGEST = 80
_MODELS = {
    1: "WBS01",
    4: "Smart Body Analyzer",
    5: "Body+",
    6: "Body Cardio",
    7: "Body",
    9: "Body Pro",
    10: "Body Scan",
    13: "Sleep mat",
    18: "Body Comp",
    41: "BPM",
    42: "BPM",
    43: "BPM",
    44: "BPM Core",
    45: "BPM Connect",
    46: "BPM Connect Pro",
    47: "BPM Pro 2",
    48: "BPM Vision",
    51: "Pulse",
    55: "HR watch",
    58: "HR watch",
    59: "HR watch",
    63: "Sleep mat",
    70: "Thermo",
    71: "BeamO",
    90: "Move",
    91: "Move",
    92: "Move",
    93: "ScanWatch",
    94: "ScanWatch",
    95: "ScanWatch",
}


def model_name(model: object, model_id: object) -> str | None:
    """Return what a device is called, None where nothing tells."""
    if isinstance(model, str) and model.strip() and len(model) <= _LONGEST and model.isprintable():
        return model.strip()
    number = integer(model_id)
    if number is None:
        return None
    return _MODELS.get(number, f"Withings device (id {number})")


def device_of(model: object, model_id: object, *, is_device: bool = True) -> DeviceIdentity | None:
    """Return the device of a record; None where it came from none.

    The service's own id of the device is no serial number and is not given on.
    """
    called = model_name(model, model_id)
    if called is None:
        return DeviceIdentity(manufacturer="Withings") if is_device else None
    return DeviceIdentity(manufacturer="Withings", model=called)
