"""Devices of an account, by which a person knows whose it is. Pure.

Source: Withings API, user getdevice.
"""

from datetime import datetime

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.moments import from_unix
from ohx_desktop.cloud.numbers import integer, name
from ohx_desktop.cloud.ports import CloudDevice
from ohx_desktop.cloud.withings.envelope import SERVICE
from ohx_desktop.cloud.withings.models import model_name


def decode_devices(body: Json, *, now: datetime) -> tuple[CloudDevice, ...]:
    """Return the devices of an account. Raises Malformed."""
    devices = body.get("devices")
    if not isinstance(devices, list):
        raise Malformed(SERVICE)
    return tuple(_device(device, now) for device in devices)


def _device(told: object, now: datetime) -> CloudDevice:
    if not isinstance(told, dict):
        raise Malformed(SERVICE)
    return CloudDevice(
        model=model_name(told.get("model"), told.get("model_id")) or "Withings device",
        battery=name(told.get("battery")),
        last_seen=from_unix(integer(told.get("last_session_date")), now=now),
    )
