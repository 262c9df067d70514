"""Whose account it is, in which zone it lives, and its devices. Pure.

Source: Google Health API v4, users.getIdentity, users.getSettings, pairedDevices.list.
"""

from zoneinfo import ZoneInfo

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.google_health.envelope import SERVICE
from ohx_desktop.cloud.google_health.points import points_in
from ohx_desktop.cloud.moments import from_timestamp, zone
from ohx_desktop.cloud.numbers import name
from ohx_desktop.cloud.ports import Account, CloudDevice


def decode_identity(body: Json) -> Account:
    """Return whose account was linked. Raises Malformed."""
    user_id = name(body.get("healthUserId"))
    if user_id is None:
        raise Malformed(SERVICE)
    return Account(user_id=user_id, legacy_id=name(body.get("legacyUserId")))


def decode_zone(body: Json) -> ZoneInfo | None:
    """Return the time zone of the account's settings, None where they tell none."""
    return zone(body.get("timeZone"))


def decode_paired_devices(body: Json) -> tuple[CloudDevice, ...]:
    """Return the devices of an account. Raises Malformed."""
    return tuple(_device(device) for device in points_in(body, "pairedDevices"))


def _device(told: Json) -> CloudDevice:
    model, kind = name(told.get("deviceVersion")), name(told.get("deviceType"))
    return CloudDevice(
        model=model or (kind or "device").lower(),
        battery=name(told.get("batteryStatus")),
        last_seen=from_timestamp(told.get("lastSyncTime")),
    )
