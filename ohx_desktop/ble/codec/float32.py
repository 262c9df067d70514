"""FLOAT, the 32-bit decimal float of medical devices: 24 bits of mantissa, 8 of exponent.

As with SFLOAT, the exponent is the precision and both halves are two's complement.

Source: IEEE 11073-20601, FLOAT-Type; GATT Specification Supplement, medfloat32.
"""

from decimal import Decimal

from ohx_desktop.ble.codec.sfloat import SFloat, SpecialValue, signed

_MANTISSA_BITS = 24
_EXPONENT_BITS = 8

_SPECIAL = {
    0x007F_FFFF: SpecialValue.NOT_A_NUMBER,
    0x0080_0000: SpecialValue.NOT_AT_THIS_RESOLUTION,
    0x007F_FFFE: SpecialValue.POSITIVE_INFINITY,
    0x0080_0002: SpecialValue.NEGATIVE_INFINITY,
    0x0080_0001: SpecialValue.RESERVED,
}


def decode_float32(raw: int) -> SFloat:
    """Return the value of an unsigned 32-bit FLOAT, with the precision that was sent.

    Only exponent 0 makes a special value.
    """
    special = _SPECIAL.get(raw)
    if special is not None:
        return special
    mantissa = signed(raw & 0x00FF_FFFF, _MANTISSA_BITS)
    exponent = signed(raw >> _MANTISSA_BITS, _EXPONENT_BITS)
    return Decimal(mantissa).scaleb(exponent)
