"""Where a data point comes from: `dataSource`, how it was recorded and by what. Pure.

Source: Google Health API v4, DataSource.
"""

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.numbers import name
from ohx_desktop.cloud.records import Origin
from ohx_desktop.domain.device import DeviceIdentity

_ORIGINS = {
    "MANUAL": Origin.MANUAL,
    "PASSIVELY_MEASURED": Origin.DEVICE,
    "ACTIVELY_MEASURED": Origin.DEVICE,
    "DERIVED": Origin.DERIVED,
}


def source_of(point: Json) -> Json:
    """Return the data source of a point; an empty one where it tells none."""
    source = point.get("dataSource")
    return source if isinstance(source, dict) else {}


def origin_of(source: Json) -> Origin:
    """Return how a point came about."""
    method = source.get("recordingMethod")
    return _ORIGINS.get(method, Origin.UNKNOWN) if isinstance(method, str) else Origin.UNKNOWN


def device_of(source: Json) -> DeviceIdentity | None:
    """Return the device of a point, None where no name of it is told."""
    device = source.get("device")
    if not isinstance(device, dict):
        return None
    model, maker = name(device.get("displayName")), name(device.get("manufacturer"))
    return DeviceIdentity(manufacturer=maker, model=model) if model or maker else None


def fingerprint(source: Json) -> str:
    """Return what tells apart two points without a name that have one time."""
    device = device_of(source)
    parts = (name(source.get("platform")), device.manufacturer if device else None)
    return "/".join(part or "" for part in (*parts, device.model if device else None))
