"""Numbers and names in a cloud service's JSON, exactly as given. Pure.

Integers come as numbers or as their text (proto3 writes 64-bit integers as strings; Withings mixes
both). Nothing here rounds, and nothing becomes a float.

Source: Protocol Buffers, ProtoJSON format; RFC 8259.
"""

import re
from decimal import Decimal

# Twenty digits hold every 64-bit integer. A number that is longer is no measurement.
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_LONGEST_NAME = 128


def integer(told: object) -> int | None:
    """Return an integer given as such or as its text, else None."""
    if isinstance(told, bool) or not isinstance(told, int | str):
        return None
    if isinstance(told, int):
        return told if abs(told) < 10**20 else None
    return int(told) if _INTEGER.fullmatch(told) else None


def decimal(told: object) -> Decimal | None:
    """Return a number given as such or as its text, with all its digits, else None."""
    if isinstance(told, bool) or not isinstance(told, int | str | Decimal):
        return None
    if isinstance(told, int):
        return Decimal(told) if abs(told) < 10**20 else None
    text = str(told)
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def name(told: object) -> str | None:
    """Return an identifier, given as text or number, as text; None for what cannot be one."""
    if isinstance(told, int) and not isinstance(told, bool):
        told = str(told) if abs(told) < 10**20 else ""
    if not isinstance(told, str) or not 0 < len(told) <= _LONGEST_NAME:
        return None
    return told if told.isprintable() and "|" not in told else None


def truth(told: object) -> bool:
    """Return a yes or no that comes as bool, 0/1 or their text, or not at all."""
    return told in (True, 1, "1", "true")
