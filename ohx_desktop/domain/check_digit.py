"""Check digits of identifiers: which schemes there are, and whether a number fulfils one. Pure.

Sources: ISO/IEC 7812-1 annex B (mod 10, "Luhn"); GS1 General Specifications, check digit
calculation; NHS Data Dictionary, NHS NUMBER (mod 11); ISO/IEC 7064 (MOD 97-10).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

_NHS_LENGTH = 10


class CheckDigit(StrEnum):
    """Schemes by the names that settings use."""

    NONE = "none"
    MOD10 = "mod10"
    GS1 = "gs1"
    MOD11 = "mod11"
    MOD97 = "mod97"


def fulfils(scheme: CheckDigit, number: str) -> bool:
    """Tell whether a number of ASCII digits, check digit last, fulfils a scheme.

    With a scheme, whatever holds anything but digits does not.
    """
    if scheme is CheckDigit.NONE:
        return True
    if not (number.isascii() and number.isdigit()):
        return False
    return _SCHEMES[scheme]([int(digit) for digit in number])


def _luhn(digits: list[int]) -> bool:
    """Every second digit from the right is doubled, and the digits of the product added."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _gs1(digits: list[int]) -> bool:
    """Every second digit from the right counts three times."""
    return len(digits) > 1 and (sum(digits[-1::-2]) + 3 * sum(digits[-2::-2])) % 10 == 0


def _nhs(digits: list[int]) -> bool:
    """Weights 10 to 2; a check of 10 does not exist, as no single digit can fulfil it."""
    if len(digits) != _NHS_LENGTH:
        return False
    weights = range(_NHS_LENGTH, 0, -1)
    return sum(w * d for w, d in zip(weights, digits, strict=True)) % 11 == 0


def _mod_97_10(digits: list[int]) -> bool:
    """Two check digits make the whole number 1 modulo 97."""
    remainder = 0
    for digit in digits:
        remainder = (remainder * 10 + digit) % 97
    return remainder == 1


_SCHEMES: Mapping[CheckDigit, Callable[[list[int]], bool]] = {
    CheckDigit.MOD10: _luhn,
    CheckDigit.GS1: _gs1,
    CheckDigit.MOD11: _nhs,
    CheckDigit.MOD97: _mod_97_10,
}
