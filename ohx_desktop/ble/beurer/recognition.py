"""What advertisements of Beurer devices tell, beyond a name. Facts only; the registry decides.

A company number alone is no device: it stands on scales, thermometers and toothbrushes alike. A
name goes together with a service; where a cached scan has no service, the name is a guess that the
connected device must confirm.

Sources: Beurer's protocol documents for FT95, PO60 and BF600; captured advertisements of BM54,
SBM69 and SBF73.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ohx_desktop.ble.assigned_numbers import BEURER, HANS_DINSLAGE, WEIGHT_SCALE_SERVICE, uuid16
from ohx_desktop.ble.beurer.model import Family, Model
from ohx_desktop.ble.beurer.models import model_advertising
from ohx_desktop.ble.link import Advertisement

COMPANIES = (BEURER, HANS_DINSLAGE)
"""Whose manufacturer data may stand in an advertisement."""

SCALE_APPEARANCE = 0x0C80
"""The appearance of SIG scales."""

SCALE_SCAN_SERVICES = frozenset({WEIGHT_SCALE_SERVICE, uuid16(0xFFFF), uuid16(0xFFF0)})
"""What SIG scales advertise, each model one of them."""

# First payload byte of the manufacturer data: the device uses a passkey.
_USES_PASSKEY = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A model by its advertisement. Unless `is_certain`, its services are looked at first."""

    model: Model
    is_certain: bool
    uses_passkey: bool


def sight(advertisement: Advertisement) -> Sighting | None:
    """Return the model that an advertisement tells, None where it is none of the table.

    A name with another family's service is no sighting, and a name that promises a family without
    a service to prove it is none either.
    """
    model = model_advertising(advertisement.name or "")
    if model is None or model.service is None:
        return None
    services = advertisement.service_uuids
    is_certain = bool(services & _scan_services(model))
    if services and not is_certain:
        return None
    return Sighting(
        model=model,
        is_certain=is_certain,
        uses_passkey=uses_passkey(advertisement.manufacturer_data),
    )


def uses_passkey(manufacturer_data: Mapping[int, bytes]) -> bool:
    """Tell whether the device says that it pairs by a passkey. Old revisions say nothing."""
    return any(
        manufacturer_data.get(company, b"").startswith(_USES_PASSKEY) for company in COMPANIES
    )


def users_with_news(model: Model, service_data: bytes) -> frozenset[int] | None:
    """Return the users that have records not yet fetched, by the service data of 0x181D.

    None for every model but the BF600: elsewhere the bytes mean something else.
    """
    return frozenset(service_data) if model.name == "BF600" else None


def _scan_services(model: Model) -> frozenset[str]:
    if model.family is Family.SIG_SCALE:
        return SCALE_SCAN_SERVICES
    return frozenset({model.service} if model.service else ())
