"""Check digits: whatever a scheme promises to notice is refused, whichever the number."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.check_digit import CheckDigit, fulfils

DIGITS = "0123456789"


@st.composite
def valid(draw: st.DrawFn, scheme: CheckDigit) -> str:
    """Return a number with the check digits of this scheme, found by trying them."""
    length = 9 if scheme is CheckDigit.MOD11 else draw(st.integers(1, 20))
    body = draw(st.text(DIGITS, min_size=length, max_size=length))
    width = 2 if scheme is CheckDigit.MOD97 else 1
    fulfilling = [
        number for check in range(10**width) if fulfils(scheme, number := f"{body}{check:0{width}}")
    ]
    if scheme is CheckDigit.MOD97:
        # ISO 7064 gives 98 minus the remainder; 00, 01 and 99 are none of its check digits.
        fulfilling = [number for number in fulfilling if 2 <= int(number[-2:]) <= 98]
    # One body in eleven has no check digit by mod 11.
    if scheme is CheckDigit.MOD11 and not fulfilling:
        return draw(valid(scheme))
    (only,) = fulfilling
    return only


def wrong_by_one(number: str) -> Iterator[str]:
    """Yield the number with each of its digits misread as each other one."""
    for place, digit in enumerate(number):
        for other in DIGITS.replace(digit, ""):
            yield number[:place] + other + number[place + 1 :]


def transposed(number: str) -> Iterator[tuple[str, str]]:
    """Yield each pair of neighbours that differ, and the number with the two swapped."""
    for place in range(len(number) - 1):
        pair = number[place : place + 2]
        if pair[0] != pair[1]:
            yield pair, number[:place] + pair[::-1] + number[place + 2 :]


def unnoticed(scheme: CheckDigit, pair: str) -> bool:
    """Return whether the scheme itself cannot tell this pair from its mirror image."""
    difference = abs(int(pair[0]) - int(pair[1]))
    return {CheckDigit.MOD10: difference == 9, CheckDigit.GS1: difference == 5}.get(scheme, False)


SCHEMES = [scheme for scheme in CheckDigit if scheme is not CheckDigit.NONE]


@pytest.mark.parametrize("scheme", SCHEMES)
@given(data=st.data())
def test_one_wrong_digit_is_always_refused(scheme: CheckDigit, data: st.DataObject) -> None:
    number = data.draw(valid(scheme))
    assert fulfils(scheme, number)
    assert not any(fulfils(scheme, wrong) for wrong in wrong_by_one(number))


@pytest.mark.parametrize("scheme", SCHEMES)
@given(data=st.data())
def test_two_neighbours_swapped_are_refused_where_the_scheme_can_tell(
    scheme: CheckDigit, data: st.DataObject
) -> None:
    for pair, wrong in transposed(data.draw(valid(scheme))):
        assert fulfils(scheme, wrong) is unnoticed(scheme, pair)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(text=st.text(max_size=12).filter(lambda text: not (text.isascii() and text.isdigit())))
def test_what_is_no_number_fulfils_nothing(scheme: CheckDigit, text: str) -> None:
    assert not fulfils(scheme, text)


@given(text=st.text())
def test_without_a_scheme_everything_is_taken(text: str) -> None:
    assert fulfils(CheckDigit.NONE, text)


@pytest.mark.parametrize(
    ("scheme", "number"),
    [
        # Published examples: ISO/IEC 7812-1, GS1 (GTIN-13 and GSRN), NHS Data Dictionary,
        # ISO/IEC 7064 (794 with check digits 44).
        (CheckDigit.MOD10, "79927398713"),
        (CheckDigit.GS1, "4006381333931"),
        (CheckDigit.GS1, "735005385000000011"),
        (CheckDigit.MOD11, "9434765919"),
        (CheckDigit.MOD97, "79444"),
    ],
)
def test_published_numbers_are_taken(scheme: CheckDigit, number: str) -> None:
    assert fulfils(scheme, number)


@pytest.mark.parametrize("number", ["", "0", "943476591", "94347659190"])
def test_a_number_of_another_length_is_no_nhs_number(number: str) -> None:
    assert not fulfils(CheckDigit.MOD11, number)
