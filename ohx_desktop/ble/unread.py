"""Devices this program knows of and does not read, with the reason: for the list of a person.

A device that is heard and simply missing from a list would be looked for in vain. Whatever carries
a maker's mark is named here; a headset is not.

Sources: those of the tables in `ble.omron` and `ble.beurer`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.ble.assigned_numbers import OMRON, OMRON_SECURE_SERVICE
from ohx_desktop.ble.beurer.models import model_advertising
from ohx_desktop.ble.beurer.recognition import COMPANIES
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.omron.advertisement import decode_local_name
from ohx_desktop.ble.omron.models import candidates_for_advertised_id, candidates_for_name
from ohx_desktop.ble.support import Support


class WhyUnread(StrEnum):
    """Why a device is not read."""

    MAP_ONLY = "map-only"
    """Known from a table only: nobody has shown that its values are read rightly."""
    NO_DRIVER = "no-driver"
    """Its protocol is known, and this version has nothing that speaks it."""
    UNKNOWN_MODEL = "unknown-model"
    """A maker's mark, and a model or form that stands in no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A device that is not read."""

    manufacturer: str | None
    model: str | None
    why: WhyUnread


def unread(advertisement: Advertisement) -> Unread | None:
    """Return what is known of a device that `registry.recognise` does not take.

    None for one that is none of the known makers'.
    """
    name = (advertisement.name or "").strip()
    beurer = model_advertising(name)
    if beurer is not None:
        return Unread(
            manufacturer=beurer.manufacturer, model=beurer.name, why=_why([beurer.support])
        )
    local_name = decode_local_name(name)
    known = (
        candidates_for_advertised_id(local_name.model_id)
        if local_name
        else candidates_for_name(name)
    ).maps
    if known:
        # Behind an advertised id there may be several models; their scales have whole names.
        only = known[0].model if len(known) == 1 else ""
        model = (f"HEM-{only}" if only[:1].isdigit() else only) if local_name else name
        why = _why([one.support for one in known])
        return Unread(manufacturer="OMRON", model=model or None, why=why)
    if (
        local_name is not None
        or OMRON in advertisement.manufacturer_data
        or OMRON_SECURE_SERVICE in advertisement.service_uuids
    ):
        return Unread(
            manufacturer="OMRON",
            model=None if local_name else name or None,
            why=WhyUnread.UNKNOWN_MODEL,
        )
    if any(company in advertisement.manufacturer_data for company in COMPANIES):
        return Unread(manufacturer="Beurer", model=name or None, why=WhyUnread.UNKNOWN_MODEL)
    return None


def _why(supports: Iterable[Support]) -> WhyUnread:
    is_certain = any(support is not Support.MAP_ONLY for support in supports)
    return WhyUnread.NO_DRIVER if is_certain else WhyUnread.MAP_ONLY
