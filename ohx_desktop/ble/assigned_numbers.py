"""Numbers of the Bluetooth SIG: services, characteristics, companies.

UUIDs are full, lower-case 128-bit strings, as the ports of `link` name them.

Source: Bluetooth SIG Assigned Numbers.
"""

_BASE = "-0000-1000-8000-00805f9b34fb"
_SHORT_DIGITS = 4


def uuid16(number: int) -> str:
    """Return the full UUID of a 16-bit number."""
    return f"{number:08x}{_BASE}"


def full_uuid(text: str) -> str:
    """Return the full, lower-case form of a UUID written short ("2A35", "0x2A35") or full."""
    lower = text.strip().lower().removeprefix("0x")
    return f"0000{lower}{_BASE}" if len(lower) == _SHORT_DIGITS else lower


BLOOD_PRESSURE_SERVICE = uuid16(0x1810)
OMRON_SECURE_SERVICE = uuid16(0xFE4A)
"""Cuffs that list it keep their records behind an unlocked EEPROM protocol."""

BLOOD_PRESSURE_MEASUREMENT = uuid16(0x2A35)
INTERMEDIATE_CUFF_PRESSURE = uuid16(0x2A36)
BLOOD_PRESSURE_FEATURE = uuid16(0x2A49)
CURRENT_TIME = uuid16(0x2A2B)

SYSTEM_ID = uuid16(0x2A23)
MODEL_NUMBER = uuid16(0x2A24)
SERIAL_NUMBER = uuid16(0x2A25)
FIRMWARE_REVISION = uuid16(0x2A26)
MANUFACTURER_NAME = uuid16(0x2A29)
UDI_FOR_MEDICAL_DEVICES = uuid16(0x2BFF)

OMRON = 0x020E
BEURER = 0x0611
HANS_DINSLAGE = 0x0613
