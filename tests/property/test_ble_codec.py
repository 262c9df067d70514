"""Any bytes: a value or a DecodingError, never another exception, never an impossible value."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.ble.codec.blood_pressure import (
    decode_blood_pressure_feature,
    decode_blood_pressure_measurement,
    decode_intermediate_cuff_pressure,
)
from ohx_desktop.ble.codec.blood_pressure_values import quantities_of
from ohx_desktop.ble.codec.current_time import decode_current_time
from ohx_desktop.ble.codec.date_time import decode_date_time
from ohx_desktop.ble.codec.device_information import (
    IDENTITY_CHARACTERISTICS,
    decode_device_identity,
)
from ohx_desktop.ble.codec.sfloat import SpecialValue, decode_sfloat
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.plausibility import LIMITS
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# Random bytes seldom have the length their first byte demands; these do.
WELL_FORMED_LENGTH = st.integers(0, 31).flatmap(
    lambda flags: st.binary(
        min_size=6
        + 7 * (flags >> 1 & 1)
        + 2 * (flags >> 2 & 1)
        + (flags >> 3 & 1)
        + 2 * (flags >> 4 & 1),
        max_size=6
        + 7 * (flags >> 1 & 1)
        + 2 * (flags >> 2 & 1)
        + (flags >> 3 & 1)
        + 2 * (flags >> 4 & 1),
    ).map(lambda rest: bytes([flags]) + rest)
)
LIKELY_SFLOAT = st.integers(-2048, 2047).flatmap(
    lambda mantissa: st.sampled_from([0, -1, -2, 1]).map(
        lambda exponent: ((exponent & 0xF) << 12 | mantissa & 0xFFF).to_bytes(2, "little")
    )
)
LIKELY_FRAME = st.tuples(LIKELY_SFLOAT, LIKELY_SFLOAT, LIKELY_SFLOAT, LIKELY_SFLOAT).map(
    lambda values: b"\x04" + b"".join(values)
)


@given(st.binary(max_size=40) | WELL_FORMED_LENGTH)
def test_any_bytes_decode_or_are_refused(frame: bytes) -> None:
    for decode in (
        decode_blood_pressure_measurement,
        decode_intermediate_cuff_pressure,
        decode_blood_pressure_feature,
        decode_current_time,
    ):
        try:
            decode(frame)
        except DecodingError as refused:
            assert str(refused)  # noqa: PT017 - a refusal tells what happened


@given(st.binary(max_size=40) | WELL_FORMED_LENGTH | LIKELY_FRAME)
def test_no_bytes_become_a_value_that_nobody_can_have(frame: bytes) -> None:
    try:
        (reading,) = decode_captured("generic", None, [frame], received_at=NOW)
    except DecodingError:
        return
    values = {quantity.kind: quantity.value for quantity in reading.quantities}
    for quantity in reading.quantities:
        limits = LIMITS[quantity.kind][quantity.unit]
        assert limits.low <= quantity.value <= limits.high
    systolic = values[QuantityKind.SYSTOLIC_BLOOD_PRESSURE]
    diastolic = values[QuantityKind.DIASTOLIC_BLOOD_PRESSURE]
    mean = values.get(QuantityKind.MEAN_ARTERIAL_PRESSURE, diastolic)
    assert diastolic < systolic
    assert diastolic <= mean <= systolic
    assert reading_from_json(reading_to_json(reading)) == reading


@given(st.integers(0, 0xFFFF))
def test_an_sfloat_decodes_to_what_its_halves_say(raw: int) -> None:
    value = decode_sfloat(raw)
    if isinstance(value, SpecialValue):
        assert value.value == raw
        return
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    assert (exponent & 0xF) << 12 | mantissa & 0xFFF == raw


@given(st.datetimes(min_value=datetime(1582, 1, 1), max_value=datetime(9999, 12, 31)))
def test_every_time_a_device_can_show_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    raw = moment.year.to_bytes(2, "little") + bytes(
        [moment.month, moment.day, moment.hour, moment.minute, moment.second]
    )
    assert decode_date_time(raw) == moment


@given(
    st.integers(40, 300),
    st.integers(10, 250),
    st.integers(20, 250),
    st.integers(0, 254),
    st.sampled_from([0, -1]),
)
def test_every_plausible_measurement_comes_back_exactly(
    systolic: int, diastolic: int, pulse: int, user: int, exponent: int
) -> None:
    if diastolic >= systolic:
        return
    pulse_tenths = exponent == -1 and pulse * 10 <= 2047
    raw_pulse = 0xF000 | pulse * 10 if pulse_tenths else pulse
    frame = b"\x0c" + b"".join(
        value.to_bytes(2, "little") for value in (systolic, diastolic, 0x07FF, raw_pulse)
    )
    measurement = decode_blood_pressure_measurement(frame + bytes([user]))
    values = [quantity.value for quantity in quantities_of(measurement)]
    assert values == [systolic, diastolic, pulse]
    assert str(values[2]) == (f"{pulse}.0" if pulse_tenths else f"{pulse}")
    assert measurement.user_id == user


@given(st.sampled_from(IDENTITY_CHARACTERISTICS), st.binary(max_size=64))
def test_no_bytes_of_an_identity_harm(characteristic: str, raw: bytes) -> None:
    identity = decode_device_identity(
        {characteristic: raw}, address=None, manufacturer=None, model=None
    )
    for field in (identity.manufacturer, identity.model, identity.serial, identity.firmware):
        assert field is None or (field.isprintable() and field == field.strip() != "")


@pytest.mark.parametrize("flags", range(256))
def test_a_frame_is_as_long_as_its_flags_say(flags: int) -> None:
    length = 7 + 7 * (flags >> 1 & 1) + 2 * (flags >> 2 & 1)
    length += (flags >> 3 & 1) + 2 * (flags >> 4 & 1)
    decode_blood_pressure_measurement(bytes([flags]) + bytes(length - 1))
    for wrong in (length - 1, length + 1):
        with pytest.raises(DecodingError):
            decode_blood_pressure_measurement(bytes([flags]) + bytes(wrong - 1))
