"""SFLOAT, the 16-bit decimal float of medical devices.

The exponent is the precision: 2, 2.0 and 2.00 are different values on the wire and stay so here.
Both halves are two's complement: a public decoder that reads the exponent as biased by 8 is wrong.

Source: IEEE 11073-20601, SFLOAT-Type; GATT Specification Supplement, medfloat16.
"""

from decimal import Decimal
from enum import Enum
from functools import lru_cache

_MANTISSA_BITS = 12
_EXPONENT_BITS = 4


class SpecialValue(Enum):
    """What is sent in place of a number. The values are the exact bit patterns."""

    NOT_A_NUMBER = 0x07FF
    NOT_AT_THIS_RESOLUTION = 0x0800
    POSITIVE_INFINITY = 0x07FE
    NEGATIVE_INFINITY = 0x0802
    RESERVED = 0x0801


# A step of each exponent, by the half byte that sends it. One step times a mantissa has exactly the
# exponent that was sent.
_STEPS = tuple(
    Decimal(1).scaleb(raw - (1 << _EXPONENT_BITS) if raw >> (_EXPONENT_BITS - 1) else raw)
    for raw in range(1 << _EXPONENT_BITS)
)

_SPECIAL = {special.value: special for special in SpecialValue}

SFloat = Decimal | SpecialValue


# Devices send few different numbers: pressures and rates are whole and below 300.
@lru_cache(maxsize=1024)
def decode_sfloat(raw: int) -> SFloat:
    """Return the value of an unsigned 16-bit SFLOAT, with the precision that was sent.

    Only exponent 0 makes a special value: 0xF7FF is the ordinary number 204.7.
    """
    special = _SPECIAL.get(raw)
    if special is not None:
        return special
    return signed(raw & 0x0FFF, _MANTISSA_BITS) * _STEPS[raw >> _MANTISSA_BITS]


def signed(raw: int, bits: int) -> int:
    """Return the two's complement number that the lowest `bits` of an unsigned one are."""
    return raw - (1 << bits) if raw >> (bits - 1) else raw
