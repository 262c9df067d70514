"""Scans: only the clinic's own wristbands become a search, and no number gets into a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.check_digit import CheckDigit
from ohx_desktop.domain.scan_format import ScanFault, ScanFormat, ScanRefused

NHS = ScanFormat(pattern=r"(?:NHS)?(?P<identifier>\d{10})", check_digit=CheckDigit.MOD11)
GSRN = ScanFormat(gs1_ai="8018", check_digit=CheckDigit.GS1)


@pytest.mark.parametrize("scan", ["9434765919", "NHS9434765919", "]Q39434765919"])
def test_a_wristband_of_the_clinic_gives_its_number(scan: str) -> None:
    assert NHS.identifier_in(scan) == "9434765919"


@pytest.mark.parametrize(
    ("scan", "fault"),
    [
        ("9434765918", ScanFault.CHECK_DIGIT),
        ("NHS9434765991", ScanFault.CHECK_DIGIT),
        ("05012345678900", ScanFault.FORM),
        ("https://example.org/9434765919", ScanFault.FORM),
        ("9434765919 9434765919", ScanFault.FORM),
        ("9" * 5000, ScanFault.FORM),
        ("", ScanFault.FORM),
    ],
)
def test_any_other_code_is_refused_and_not_quoted(scan: str, fault: ScanFault) -> None:
    with pytest.raises(ScanRefused) as caught:
        NHS.identifier_in(scan)
    assert caught.value.fault is fault
    assert not (scan and scan in str(caught.value))
    assert not any(character.isdigit() for character in str(caught.value))


@pytest.mark.parametrize(
    "scan",
    [
        "8018735005385000000011",
        "]d28018735005385000000011",
        "]d2\x1d8018735005385000000011\x1d8019123",
        "80187350053850000000118019123",
        "(8018)735005385000000011(8019)123",
        "]C10112345678901231\x1d8018735005385000000011",
    ],
)
def test_the_number_is_taken_from_its_place_in_a_gs1_code(scan: str) -> None:
    assert GSRN.identifier_in(scan) == "735005385000000011"


@pytest.mark.parametrize(
    "scan",
    [
        # A trade item whose number happens to hold 8018, and one with too few digits.
        "0105018735005385",
        "01050108018000000",
        "801873500538500000001",
    ],
)
def test_a_number_elsewhere_in_a_gs1_code_is_not_taken(scan: str) -> None:
    with pytest.raises(ScanRefused):
        GSRN.identifier_in(scan)


def test_without_settings_any_code_is_the_identifier() -> None:
    assert ScanFormat().identifier_in(" 943 476 5919 ") == "943 476 5919"
    assert not ScanFormat().is_set
    assert NHS.is_set


def test_gaps_and_hyphens_do_not_disturb_the_check_digit() -> None:
    grouped = ScanFormat(check_digit=CheckDigit.MOD11)
    assert grouped.identifier_in("943-476 5919") == "943-476 5919"


@given(st.text(max_size=300))
def test_whatever_is_scanned_is_taken_or_refused(scan: str) -> None:
    for form in (ScanFormat(), NHS, GSRN):
        try:
            assert form.identifier_in(scan)
        except ScanRefused:
            continue


@pytest.mark.parametrize(
    "wrong", [{"pattern": r"\d{10}"}, {"pattern": "("}, {"gs1_ai": "80a8"}, {"gs1_ai": "8"}]
)
def test_a_form_that_is_none_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"must|regular"):
        ScanFormat(**wrong)  # type: ignore[arg-type] # each is a text
