"""Which devices this program reads: from an advertisement to a driver.

Beurer's models and Omron's modern cuffs have tables of their own; then the first row here decides
that fits. A row without a driver keeps a device out that a later row would take for a plain one.
An advertisement is a promise: `confirming` looks at what the connected device really is.

Sources: makers' protocol documents and published captures, told in docs/devices.md.
"""

import re
from dataclasses import dataclass

from ohx_desktop.ble.assigned_numbers import (
    BEURER,
    BLOOD_PRESSURE_SERVICE,
    GLUCOSE_SERVICE,
    HANS_DINSLAGE,
    HEALTH_THERMOMETER_SERVICE,
    OMRON,
    OMRON_SECURE_SERVICE,
    PULSE_OXIMETER_SERVICE,
    WEIGHT_SCALE_SERVICE,
)
from ohx_desktop.ble.beurer.model import Family, Model
from ohx_desktop.ble.beurer.recognition import COMPANIES, sight
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.omron.advertisement import decode_company_data, decode_local_name
from ohx_desktop.ble.omron.memory_map import Stack
from ohx_desktop.ble.omron.models import candidates_for_advertised_id, candidates_for_name
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    PULSE_OXIMETER,
    THERMOMETER,
    Recognised,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """All that is given must fit; the pattern must match the whole name, in any case."""

    manufacturer: str | None
    driver: str | None
    name: re.Pattern[str] | None = None
    service: str | None = None
    without_service: str | None = None
    company: int | None = None

    def fits(self, advertisement: Advertisement) -> bool:
        services = advertisement.service_uuids
        return (
            (self.name is None or self.name.fullmatch(advertisement.name or "") is not None)
            and (self.service is None or self.service in services)
            and (self.without_service is None or self.without_service not in services)
            and (self.company is None or self.company in advertisement.manufacturer_data)
        )


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Omron: group 0000 is blood pressure, then the model id and the address.
_OMRON_CUFF = _names(r"BLEsmart_(?P<id>0000[0-9A-F]{4})[0-9A-F]{12}")
_OMRON_MODEL = _names(r"(?P<model>HEM-\d{4}\w*(-\w+)?|BP\d{3,4}\w*)")
_OMRON_SCALE = _names(r"(HBF|HN|KRD|BCM|SC)-\d{3}\w*( \w+)?|VIVA|HN300T2\w*")
_BEURER_CUFF = _names(
    r"(Beurer )?(?P<model>BM\d\d\w*|BC\d\d\w*|SR BM1|SRBM1|DELUXE[56]00|PREMIUM800W?|SERIES\d+W?"
    r"|ELITE(950|PLUS)?|AUTO400)"
)
# Pulse and status the other way round, or a protocol of its own: see docs/devices.md.
_BEURER_OTHER_FORM = _names(r"(Beurer )?(?P<model>BM ?48|BM ?59|BM ?85|ELITE900)")
_SILVERCREST_CUFF = _names(r"(?P<model>SBM69)")

_TABLE = (
    _Row(manufacturer="Beurer", driver=None, name=_BEURER_OTHER_FORM),
    _Row(
        manufacturer="OMRON",
        driver=BLOOD_PRESSURE,
        name=_OMRON_CUFF,
        without_service=OMRON_SECURE_SERVICE,
    ),
    _Row(
        manufacturer="OMRON",
        driver=BLOOD_PRESSURE,
        name=_OMRON_MODEL,
        service=BLOOD_PRESSURE_SERVICE,
    ),
    _Row(
        manufacturer="OMRON",
        driver=BLOOD_PRESSURE,
        service=BLOOD_PRESSURE_SERVICE,
        company=OMRON,
    ),
    _Row(manufacturer="Beurer", driver=BLOOD_PRESSURE, name=_BEURER_CUFF, company=BEURER),
    _Row(
        manufacturer="Beurer",
        driver=BLOOD_PRESSURE,
        name=_BEURER_CUFF,
        service=BLOOD_PRESSURE_SERVICE,
    ),
    _Row(
        manufacturer="Beurer",
        driver=BLOOD_PRESSURE,
        service=BLOOD_PRESSURE_SERVICE,
        company=BEURER,
    ),
    _Row(
        manufacturer="Silvercrest",
        driver=BLOOD_PRESSURE,
        name=_SILVERCREST_CUFF,
        company=HANS_DINSLAGE,
    ),
    _Row(
        manufacturer="Hans Dinslage",
        driver=BLOOD_PRESSURE,
        service=BLOOD_PRESSURE_SERVICE,
        company=HANS_DINSLAGE,
    ),
    _Row(manufacturer=None, driver=BLOOD_PRESSURE, service=BLOOD_PRESSURE_SERVICE),
    _Row(
        manufacturer="Beurer",
        driver=THERMOMETER,
        service=HEALTH_THERMOMETER_SERVICE,
        company=BEURER,
    ),
    _Row(manufacturer="Beurer", driver=GLUCOSE, service=GLUCOSE_SERVICE, company=BEURER),
    _Row(manufacturer=None, driver=THERMOMETER, service=HEALTH_THERMOMETER_SERVICE),
    _Row(manufacturer=None, driver=PULSE_OXIMETER, service=PULSE_OXIMETER_SERVICE),
    _Row(manufacturer=None, driver=GLUCOSE, service=GLUCOSE_SERVICE),
)

_OMRON_IDS = {
    "00000116": "HEM-9200T",
    "0000011F": "HEM-7600T",
    "0000021F": "HEM-7600T",
    "00000160": "HEM-7151T",
    "00000244": "HEM-6232T",
    "00000251": "HEM-7530T",
    "00000258": "HEM-7361T",
    "00000264": "HEM-7155T",
}

# The vendor's program leaves these alone for so long after connecting.
_SETTLE_S = {"BM54": 3.0, "BM57": 3.0, "BM46CONNECT": 3.0, "SR BM1": 3.0, "SRBM1": 3.0}

# First payload byte of Beurer's and Dinslage's manufacturer data: the device uses a passkey.
_USES_PASSKEY = b"\x01"

# Cuffs that users report to deliver 0x2A35 records by themselves.
_OMRON_STANDARD_MODE = _names(
    r"HEM-(9200T|7155T|7142T|7151T|7600T|7530T|7146T)\w*(-\w+)?|BP(5150|5250|7000|7250|7900)\w*"
)


# Omron's devices drop those who are in a hurry, as its own program is not.
_OMRON_SETTLE_S = 1.5


def recognise(
    advertisement: Advertisement, policy: DevicePolicy = NOTHING_SWITCHED_ON
) -> Recognised | None:
    """Return what the advertisement tells, or None for a device this program does not read."""
    sighting = sight(advertisement)
    has_makers_data = any(id_ in advertisement.manufacturer_data for id_ in COMPANIES)
    if sighting is not None and (sighting.is_certain or has_makers_data):
        return recognise_beurer(sighting.model, uses_passkey=sighting.uses_passkey)
    if _is_omron_scale(advertisement):
        return _omron_scale(advertisement, policy)
    if OMRON_SECURE_SERVICE in advertisement.service_uuids:
        return _modern_omron(advertisement, policy)
    row = next((row for row in _TABLE if row.fits(advertisement)), None)
    if row is None or row.driver is None:
        return None
    model = _model_of(row, advertisement.name)
    local_name = decode_local_name(advertisement.name or "")
    makers_data = [advertisement.manufacturer_data.get(id_, b"") for id_ in (BEURER, HANS_DINSLAGE)]
    return Recognised(
        manufacturer=row.manufacturer,
        model=model,
        driver=row.driver,
        model_id=None if local_name is None else local_name.model_id,
        standard_mode=_is_in_standard_mode(advertisement),
        pairing_mode=_is_in_pairing_mode(advertisement),
        settle_s=_SETTLE_S.get((model or "").upper(), 0.0),
        pairs_first=any(data.startswith(_USES_PASSKEY) for data in makers_data),
    )


def recognise_beurer(model: Model, *, uses_passkey: bool) -> Recognised | None:
    """Return what a model of Beurer's table is to a session, None for one that is not read."""
    if not model.is_read_by_default:
        return None
    # Old revisions of the oximeter know no bond; new ones say that they use a passkey.
    is_bare = model.family is Family.FFE0_SCALE or (
        model.family is Family.OXIMETER and not uses_passkey
    )
    return Recognised(
        manufacturer=model.manufacturer,
        model=model.name,
        driver=model.family.value,
        settle_s=model.settle_s,
        bonds=not is_bare,
        # A SIG scale takes every subscription of a stranger, and then sends nothing.
        pairs_first=uses_passkey or model.family is Family.SIG_SCALE,
        support=model.support,
    )


def _is_omron_scale(advertisement: Advertisement) -> bool:
    """Tell by name, or by the service and the maker, as scales hardly show the others."""
    name = advertisement.name or ""
    local_name = decode_local_name(name)
    if local_name is not None:
        return not local_name.is_cuff
    is_weight = WEIGHT_SCALE_SERVICE in advertisement.service_uuids
    return (
        _OMRON_SCALE.fullmatch(name) is not None
        or (is_weight and OMRON in advertisement.manufacturer_data)
    )  # fmt: skip


def _omron_scale(advertisement: Advertisement, policy: DevicePolicy) -> Recognised | None:
    """Return a scale, unless its name says that only its memory could be read, and is not.

    By which way it is read is seen when it is connected.
    """
    name = advertisement.name or ""
    local_name = decode_local_name(name)
    known = (
        candidates_for_advertised_id(local_name.model_id)
        if local_name is not None
        else candidates_for_name(name)
    ).maps
    if known and not any(one.by_services or policy.allows(one) for one in known):
        return None
    is_modern = OMRON_SECURE_SERVICE in advertisement.service_uuids
    is_named = _OMRON_SCALE.fullmatch(name) is not None
    return Recognised(
        manufacturer="OMRON",
        model=name if is_named else None,
        driver=OMRON_EEPROM if is_modern else OMRON_EXTENSION,
        model_id=None if local_name is None else local_name.model_id,
        standard_mode=_is_in_standard_mode(advertisement),
        settle_s=_OMRON_SETTLE_S,
        pairs_first=True,
        support=next((one.support for one in known), None),
    )


def _modern_omron(advertisement: Advertisement, policy: DevicePolicy) -> Recognised | None:
    """Return a device of the service FE4A, unless its name says that nobody has read its like.

    Most ids stand in no table, and one may serve a classic trim and a modern one: there the model
    number of the connected device decides.
    """
    name = advertisement.name or ""
    local_name = decode_local_name(name)
    known = (
        candidates_for_advertised_id(local_name.model_id)
        if local_name is not None
        else candidates_for_name(name)
    ).maps
    read = [one for one in known if policy.allows(one)]
    is_omron = OMRON in advertisement.manufacturer_data or local_name is not None
    if (known and not read) or not (known or is_omron):
        return None
    return Recognised(
        manufacturer="OMRON",
        model=name or None if local_name is None else _OMRON_IDS.get(local_name.model_id),
        driver=OMRON_EEPROM,
        model_id=None if local_name is None else local_name.model_id,
        standard_mode=_is_in_standard_mode(advertisement),
        pairing_mode=_is_in_pairing_mode(advertisement),
        settle_s=_OMRON_SETTLE_S,
        pairs_first=True,
        support=next((one.support for one in read if one.stack is Stack.MODERN), None),
    )


def _is_in_standard_mode(advertisement: Advertisement) -> bool:
    data = decode_company_data(advertisement.manufacturer_data.get(OMRON, b""))
    return data is not None and bool(data.standard_mode)


def _is_in_pairing_mode(advertisement: Advertisement) -> bool | None:
    """Tell what the company data say; a name alone may be an old one that the system kept."""
    data = decode_company_data(advertisement.manufacturer_data.get(OMRON, b""))
    return None if data is None else data.pairing_mode


def recognise_model(model: str) -> Recognised | None:
    """Return what is known of a model by the name printed on it, or None."""
    for row in _TABLE:
        if row.name is not None and row.name.fullmatch(model):
            if row.driver is None:
                return None
            return Recognised(manufacturer=row.manufacturer, model=model, driver=row.driver)
    return None


def keeps_other_records(recognised: Recognised) -> bool:
    """Tell whether bare bytes of this model may come from elsewhere than 0x2A35.

    Most Omron cuffs keep records of another layout in an EEPROM; a byte string alone does not
    say which it is.
    """
    if recognised.manufacturer != "OMRON":
        return False
    return _OMRON_STANDARD_MODE.fullmatch(recognised.model or "") is None


def _model_of(row: _Row, name: str | None) -> str | None:
    match = row.name.fullmatch(name or "") if row.name else None
    if match is None:
        return name
    groups = match.groupdict()
    if "id" in groups:
        return _OMRON_IDS.get(groups["id"].upper())
    return groups["model"]
