"""Device Information (0x180A): who a device says it is, cleaned of padding and placeholders.

Identity is never worth a reading: whatever cannot be understood here is None, not an error.

Source: Device Information Service 1.2; GATT Specification Supplement, UDI for Medical Devices.
"""

import re
from collections.abc import Mapping

from ohx_desktop.ble.assigned_numbers import (
    FIRMWARE_REVISION,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    SERIAL_NUMBER,
    SYSTEM_ID,
    UDI_FOR_MEDICAL_DEVICES,
)
from ohx_desktop.domain.device import DeviceIdentity

IDENTITY_CHARACTERISTICS = (
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    SERIAL_NUMBER,
    FIRMWARE_REVISION,
    SYSTEM_ID,
    UDI_FOR_MEDICAL_DEVICES,
)
"""What `decode_device_identity` understands, in the order of reading."""

_SYSTEM_ID_LENGTH = 8
_UDI_HAS_LABEL = 0b1

# Serial numbers that whole production runs share: they name no device. Seen on samples, beside
# runs of one digit and the like ("00000000").
_PLACEHOLDER_SERIALS = frozenset({"00001", "SW201805080000", "123456", "12345678", "0123456789"})
_ONE_CHARACTER = re.compile(r"(.)\1*")

# Makers who write their name in a form nobody uses.
_MAKER_NAMES = {"OMRONHEALTHCARE": "OMRON"}


def decode_text(raw: bytes) -> str | None:
    """Return the text of a Device Information string, or None where there is none.

    The text ends at the first NUL; unprintable and broken characters are dropped.
    """
    text = raw.split(b"\0", 1)[0].decode("utf-8", errors="ignore")
    return "".join(character for character in text if character.isprintable()).strip() or None


def decode_serial(raw: bytes) -> str | None:
    """Return the serial number, or None where it is missing or a placeholder."""
    serial = decode_text(raw)
    if serial is None or serial in _PLACEHOLDER_SERIALS or _ONE_CHARACTER.fullmatch(serial):
        return None
    return serial


def decode_system_id(raw: bytes) -> str | None:
    """Return 0x2A23 with the most significant byte first ("D0-5F-B8-00-00-1C-8A-F6"), or None.

    The wire has it the other way round. A wrong length and all zeros or ones name no device.
    """
    if len(raw) != _SYSTEM_ID_LENGTH or raw.strip(b"\x00") == b"" or raw.strip(b"\xff") == b"":
        return None
    return raw[::-1].hex("-").upper()


def decode_udi_label(raw: bytes) -> str | None:
    """Return the label of 0x2BFF (the UDI as printed on the device), or None."""
    if not raw or not raw[0] & _UDI_HAS_LABEL:
        return None
    return decode_text(raw[1:])


def decode_device_identity(
    values: Mapping[str, bytes],
    *,
    address: str | None,
    manufacturer: str | None,
    model: str | None,
) -> DeviceIdentity:
    """Return the identity from the values that could be read, by characteristic.

    `manufacturer` and `model` are what the advertisement told; the device's own word wins.
    """
    maker = decode_text(values.get(MANUFACTURER_NAME, b""))
    return DeviceIdentity(
        manufacturer=_MAKER_NAMES.get(maker, maker) if maker else manufacturer,
        model=decode_text(values.get(MODEL_NUMBER, b"")) or model,
        address=address,
        serial=decode_serial(values.get(SERIAL_NUMBER, b"")),
        firmware=decode_text(values.get(FIRMWARE_REVISION, b"")),
        system_id=decode_system_id(values.get(SYSTEM_ID, b"")),
        udi=decode_udi_label(values.get(UDI_FOR_MEDICAL_DEVICES, b"")),
    )
