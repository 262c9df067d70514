"""Device resources: the one that measured and the program that passed its reading on.

A Device is shared by every reading and created once, so it holds no fact of patient or station.

Source: FHIR R5 Device; codes by the HL7 Personal Health Device guide, whose R4 profiles are not
claimed.
"""

import re

from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import MDC, coding, concept
from ohx_desktop.fhir.mapping.identity import named_uuid, uuid_identifier
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES
from ohx_desktop.review.submission import Gateway

_CONTINUA_IDENTIFIERS = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers"
_EUI48 = "http://hl7.org/fhir/sid/eui-48/bluetooth"
_SYSTEM_ID = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
_GS1_ISSUER = "http://hl7.org/fhir/NamingSystem/gs1-di"
_GS1_DEVICE = re.compile(r"\(01\)(\d{14})")


def device_of(reading: Reading) -> Json | None:
    """Return the Device that measured, or None where nothing tells this very device from others.

    Its first identifier is the one to look for.
    """
    device = reading.device
    if device is None or not _is_individual(device):
        return None
    described = {
        "displayName": display_name(device),
        "status": "active",
        "manufacturer": _text(device.manufacturer),
        "serialNumber": _text(device.serial),
        "modelNumber": _text(device.model),
    }
    return {
        "resourceType": "Device",
        "identifier": _identifiers(device),
        **_udi(device.udi),
        **{name: value for name, value in described.items() if value},
        "type": [concept(coding(MDC, *code)) for code in _types(reading)],
        **_version("531976", "MDC_ID_PROD_SPEC_FW", _text(device.firmware)),
    }


def gateway_device(gateway: Gateway) -> Json:
    """Return the Device that is this installation of the program."""
    station = _text(gateway.station)
    return {
        "resourceType": "Device",
        "identifier": [uuid_identifier(gateway.installation)],
        "displayName": f"ohx_desktop on station {station}" if station else "ohx_desktop",
        "status": "active",
        "manufacturer": "ohx_desktop project",
        "modelNumber": "ohx_desktop",
        "type": [concept(coding(MDC, "531981", "MDC_MOC_VMS_MDS_AHD"))],
        **_version("531975", "MDC_ID_PROD_SPEC_SW", _text(gateway.version)),
    }


def gateway_by_name(gateway: Json) -> Json:
    """Return a Reference that names the Device of this installation without its being stored."""
    return {"identifier": gateway["identifier"][0], "display": gateway["displayName"]}


def display_name(device: DeviceIdentity) -> str | None:
    """Return manufacturer and model as people call the device, or None where neither is known."""
    manufacturer, model = _text(device.manufacturer), _text(device.model)
    if manufacturer and model and not model.lower().startswith(manufacturer.lower()):
        return f"{manufacturer} {model}"
    return model or manufacturer


def _is_individual(device: DeviceIdentity) -> bool:
    return bool(device.address or device.system_id or device.serial)


def _identifiers(device: DeviceIdentity) -> list[Json]:
    """Bluetooth address and System ID where known, else a UUID over what the host knows."""
    identifiers = []
    if device.eui48:
        value = device.eui48.replace(":", "-")
        identifiers.append(_continua("BTMAC", "Bluetooth MAC address", _EUI48, value))
    if device.system_id:
        identifiers.append(_continua("SYSID", "IEEE 11073 System Id", _SYSTEM_ID, device.system_id))
    return identifiers or [uuid_identifier(named_uuid("device", device.key))]


def _continua(code: str, display: str, system: str, value: str) -> Json:
    kind = concept(coding(_CONTINUA_IDENTIFIERS, code, display))
    return {"type": kind, "system": system, "value": value}


def _types(reading: Reading) -> list[tuple[str, str]]:
    measured = {quantity.kind for quantity in reading.quantities}
    rows = [row for kind, row in QUANTITY_CODES.items() if kind in measured]
    specializations = dict.fromkeys(row.specialization for row in rows if row.specialization)
    return [("65573", "MDC_MOC_VMS_MDS_SIMP"), *specializations]


def _udi(udi: str | None) -> Json:
    """Only GS1 is carried: R5 demands an issuer, and other forms do not name theirs."""
    text = _text(udi)
    found = _GS1_DEVICE.search(text) if text else None
    if not found:
        return {}
    carrier = {"deviceIdentifier": found[1], "issuer": _GS1_ISSUER, "carrierHRF": text}
    return {"udiCarrier": [carrier]}


def _version(code: str, display: str, value: str | None) -> Json:
    if not value:
        return {}
    return {"version": [{"type": concept(coding(MDC, code, display)), "value": value}]}


def _text(value: str | None) -> str | None:
    """Device strings come padded with NUL and blanks; FHIR has no empty and no control text."""
    text = value or ""
    if not text.isprintable():
        text = "".join(filter(str.isprintable, text))
    return text.strip() or None
