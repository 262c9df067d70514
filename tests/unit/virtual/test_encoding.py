"""The device's side of the wire, against published vectors."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.virtual.encoding import (
    NAN,
    CuffRecord,
    MeasurementFlag,
    StatusFlag,
    encode_cuff_pressure,
    encode_current_time,
    encode_measurement,
    encode_sfloat,
    encode_swapped_measurement,
    parse_current_time,
)

ALL_BUT_USER = MeasurementFlag.TIME_STAMP | MeasurementFlag.PULSE_RATE | MeasurementFlag.STATUS
ALL = ALL_BUT_USER | MeasurementFlag.USER_ID


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("number", "raw"),
    [
        ("120", 0x0078),
        ("2.0", 0xF014),
        ("2.00", 0xE0C8),
        ("-1234", 0x0B2E),
        ("-0.1", 0xFFFF),
        ("120.0", 0xF4B0),
        ("20000", 0x17D0),
    ],
)
def test_the_exponent_is_the_precision_of_the_number(number: str, raw: int) -> None:
    assert encode_sfloat(Decimal(number)) == raw.to_bytes(2, "little")


def test_an_undetermined_value_is_not_a_number() -> None:
    assert encode_sfloat(None) == NAN == b"\xff\x07"


@pytest.mark.parametrize("number", ["2.0481", "20490001", "1E+9", "NaN", "Infinity"])
def test_a_number_without_exact_form_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="SFLOAT"):
        encode_sfloat(Decimal(number))


@given(st.integers(-2048, 2047), st.integers(-8, 7))
def test_every_sfloat_keeps_its_value(mantissa: int, exponent: int) -> None:
    raw = int.from_bytes(encode_sfloat(Decimal(mantissa).scaleb(exponent)), "little")
    signed = (raw & 0xFFF) - (0x1000 if raw & 0x800 else 0)
    power = (raw >> 12) - (0x10 if raw & 0x8000 else 0)
    assert Decimal(signed).scaleb(power) == Decimal(mantissa).scaleb(exponent)


def record(systolic: str, diastolic: str, mean: str | None, **rest: object) -> CuffRecord:
    fields = {"pulse": None, "taken_at": None, **rest}
    return CuffRecord(
        systolic=Decimal(systolic),
        diastolic=Decimal(diastolic),
        mean=None if mean is None else Decimal(mean),
        **fields,  # type: ignore[arg-type]  # mixed on purpose: a shorthand for tests
    )


@pytest.mark.parametrize(
    ("measured", "flags", "frame"),
    [
        pytest.param(
            record("120", "80", "93"), MeasurementFlag(0), "00780050005d00", id="three values only"
        ),
        pytest.param(
            record("124", "86", "97", pulse=Decimal(51), taken_at=moment("2024-06-15T17:17:27")),
            ALL_BUT_USER,
            "167c0056006100e807060f11111b33000000",
            id="captured from an SBM69",
        ),
        pytest.param(
            record("137", "89", None, taken_at=moment("2026-11-23T10:15:30")),
            ALL_BUT_USER,
            "1689005900ff07ea070b170a0f1eff070000",
            id="mean and pulse not determined",
        ),
        pytest.param(
            record(
                "140",
                "90",
                "107",
                pulse=Decimal(72),
                taken_at=moment("2026-11-23T08:30:05"),
                status=StatusFlag.IRREGULAR_PULSE,
            ),
            ALL,
            "1e8c005a006b00ea070b17081e054800ff0400",
            id="user unknown",
        ),
        pytest.param(
            record(
                "121",
                "87",
                "0",
                pulse=Decimal(98),
                taken_at=moment("2022-01-01T00:02:00"),
                user=0,
            ),
            ALL,
            "1e790057000000e60701010002006200000000",
            id="captured from a BM54",
        ),
        pytest.param(
            record("120", "80", "94"), MeasurementFlag.KILOPASCAL, "01a0f06bf07df0", id="kPa"
        ),
    ],
)
def test_a_record_is_sent_as_published(
    measured: CuffRecord, flags: MeasurementFlag, frame: str
) -> None:
    assert encode_measurement(measured, flags).hex() == frame


def test_a_record_without_time_has_no_time_field() -> None:
    frame = encode_measurement(record("120", "80", "93", pulse=Decimal(60)), ALL_BUT_USER)
    assert frame.hex() == "14780050005d003c000000"


def test_the_pressure_while_measuring_has_nothing_else() -> None:
    assert encode_cuff_pressure(150).hex() == "009600ff07ff07"


def test_the_current_time_is_sent_as_published() -> None:
    shown = moment("2026-11-23T10:15:30.500")
    assert encode_current_time(shown, adjust_reason=1).hex() == "ea070b170a0f1e018001"
    assert parse_current_time(encode_current_time(shown)) == shown


@pytest.mark.parametrize("written", ["", "ea070b170a0f1e0180", "ea070d170a0f1e018001"])
def test_a_time_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"ten bytes|month"):
        parse_current_time(bytes.fromhex(written))


@pytest.mark.parametrize(
    ("record", "frame"),
    [
        (
            CuffRecord(
                systolic=Decimal(106),
                diastolic=Decimal(71),
                mean=Decimal(0),
                pulse=Decimal(63),
                taken_at=datetime.fromisoformat("2026-08-11T18:31:00"),
                user=0,
            ),
            "566a0047000000ea07080b121f00003f000000",
        ),
        (
            CuffRecord(
                systolic=Decimal(119),
                diastolic=Decimal(70),
                mean=Decimal(0),
                pulse=Decimal(87),
                taken_at=datetime.fromisoformat("2026-08-11T20:57:00"),
                user=1,
                status=StatusFlag(0x0040),
            ),
            "56770046000000ea07080b1439000057010040",
        ),
    ],
)
def test_a_swapped_record_is_as_captured_from_a_bm85(record: CuffRecord, frame: str) -> None:
    assert encode_swapped_measurement(record, MeasurementFlag(0)).hex() == frame
