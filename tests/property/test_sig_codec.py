"""Bluetooth SIG values: what was sent comes back exactly, and no bytes become what cannot be."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.ble.codec import record_access as records
from ohx_desktop.ble.codec import user_control as control
from ohx_desktop.ble.codec import user_data as users
from ohx_desktop.ble.codec.body_composition import BodyComposition, decode_body_composition
from ohx_desktop.ble.codec.body_composition_packets import NeedSecondPacket, join
from ohx_desktop.ble.codec.float32 import decode_float32
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.health_thermometer import decode_temperature_measurement
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.codec.pulse_oximeter import decode_spot_check
from ohx_desktop.ble.codec.sfloat import SpecialValue, decode_sfloat
from ohx_desktop.ble.codec.weight_scale import decode_weight_measurement
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.plausibility import LIMITS, require_plausible
from ohx_desktop.domain.quantity import UNITS, QuantityKind
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BYTE = st.integers(0, 0xFF)
WORD = st.integers(0, 0xFFFF)
MOMENT = st.datetimes(min_value=datetime(1582, 1, 1)).map(lambda when: when.replace(microsecond=0))


def le(value: int, size: int = 2) -> bytes:
    return value.to_bytes(size, "little")


def date_time(when: datetime) -> bytes:
    return le(when.year) + bytes([when.month, when.day, when.hour, when.minute, when.second])


def packed(flags: int, size: int, required: bytes, optional: Sequence[tuple[int, Any]]) -> bytes:
    """Return flags, required fields and those optional fields that are there, by their bit."""
    there = [(bit, raw) for bit, raw in optional if raw is not None]
    for bit, _ in there:
        flags |= 1 << bit
    return le(flags, size) + required + b"".join(raw for _, raw in there)


@given(st.sampled_from(sorted(MEASUREMENTS)), st.lists(st.binary(max_size=32), max_size=3))
def test_no_bytes_become_a_value_that_nobody_can_have(uuid: str, frames: list[bytes]) -> None:
    try:
        readings = decode_captured("generic", uuid, frames, received_at=NOW)
    except DecodingError as refused:
        assert str(refused)  # noqa: PT017 - a refusal tells what happened
        return
    for reading in readings:
        require_plausible(reading.quantities)
        assert reading_from_json(reading_to_json(reading)) == reading


@given(st.integers(0, 0xFFFF_FFFF))
def test_a_float_decodes_to_what_its_parts_say(raw: int) -> None:
    value = decode_float32(raw)
    if isinstance(value, SpecialValue):
        assert raw >> 24 == 0
        return
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    assert (exponent & 0xFF) << 24 | mantissa & 0xFF_FFFF == raw


@given(
    st.booleans(),
    st.integers(0, 0xFFFE),
    st.none() | MOMENT,
    st.none() | BYTE,
    st.none() | st.tuples(WORD, WORD),
)
def test_a_weight_comes_back_exactly(
    imperial: bool,
    count: int,
    when: datetime | None,
    user: int | None,
    profile: tuple[int, int] | None,
) -> None:
    optional = [
        (1, date_time(when) if when else None),
        (2, None if user is None else bytes([user])),
        (3, le(profile[0]) + le(profile[1]) if profile else None),
    ]
    weight = decode_weight_measurement(packed(imperial, 1, le(count), optional))
    step = Decimal("0.01") if imperial else Decimal("0.005")
    assert weight.weight == count * step
    assert weight.timestamp == when
    assert weight.user_id == (None if user == 255 else user)
    if profile:
        assert weight.body_mass_index == profile[0] * Decimal("0.1")
        assert weight.height == profile[1] * (Decimal("0.1") if imperial else Decimal("0.001"))


@given(
    imperial=st.booleans(),
    fat=st.integers(0, 0xFFFE),
    when=st.none() | MOMENT,
    user=st.none() | BYTE,
    fields=st.lists(st.none() | WORD, min_size=9, max_size=9),
    cut=st.integers(0, 9),
)
def test_a_composition_comes_back_exactly_whole_or_in_two_packets(
    *,
    imperial: bool,
    fat: int,
    when: datetime | None,
    user: int | None,
    fields: list[int | None],
    cut: int,
) -> None:
    head = [
        (1, date_time(when) if when else None),
        (2, None if user is None else bytes([user])),
    ]
    rest = [(bit, None if raw is None else le(raw)) for bit, raw in enumerate(fields, start=3)]
    whole = decode_body_composition(packed(imperial, 2, le(fat), [*head, *rest]))
    mass = Decimal("0.01") if imperial else Decimal("0.005")
    length = Decimal("0.1") if imperial else Decimal("0.001")
    tenth = Decimal("0.1")
    steps = [Decimal(1), tenth, mass, mass, mass, mass, tenth, mass, length]
    assert whole.body_fat == fat * tenth
    assert _values(whole) == [
        None if raw is None else raw * step for raw, step in zip(fields, steps, strict=True)
    ]
    half = 1 << 12 | imperial
    first = join(None, decode_body_composition(packed(half, 2, le(fat), [*head, *rest[:cut]])))
    assert isinstance(first, NeedSecondPacket)
    assert join(first, decode_body_composition(packed(half, 2, le(fat), rest[cut:]))) == whole


def _values(composition: BodyComposition) -> list[Decimal | None]:
    return [
        composition.basal_metabolism,
        composition.muscle_percentage,
        composition.muscle_mass,
        composition.fat_free_mass,
        composition.soft_lean_mass,
        composition.body_water_mass,
        composition.impedance,
        composition.weight,
        composition.height,
    ]


@given(st.booleans(), st.integers(0, 0xFFFF_FFFF), st.none() | MOMENT, st.none() | BYTE)
def test_a_temperature_comes_back_exactly(
    fahrenheit: bool, raw: int, when: datetime | None, place: int | None
) -> None:
    optional = [
        (1, date_time(when) if when else None),
        (2, None if place is None else bytes([place])),
    ]
    frame = packed(fahrenheit, 1, le(raw, 4), optional)
    temperature = decode_temperature_measurement(frame)
    assert temperature.temperature == decode_float32(raw)
    assert (temperature.timestamp, temperature.temperature_type) == (when, place)


@given(
    saturation=WORD,
    pulse=WORD,
    when=st.none() | MOMENT,
    status=st.none() | WORD,
    sensor=st.none() | st.integers(0, 0xFF_FFFF),
    amplitude=st.none() | WORD,
)
def test_a_spot_check_comes_back_exactly(
    *,
    saturation: int,
    pulse: int,
    when: datetime | None,
    status: int | None,
    sensor: int | None,
    amplitude: int | None,
) -> None:
    optional = [
        (0, date_time(when) if when else None),
        (1, None if status is None else le(status)),
        (2, None if sensor is None else le(sensor, 3)),
        (3, None if amplitude is None else le(amplitude)),
    ]
    check = decode_spot_check(packed(0, 1, le(saturation) + le(pulse), optional))
    assert check.oxygen_saturation == decode_sfloat(saturation)
    assert check.pulse_rate == decode_sfloat(pulse)
    assert (check.timestamp, check.status, check.sensor_status) == (when, status, sensor)
    assert check.pulse_amplitude_index == (None if amplitude is None else decode_sfloat(amplitude))


@given(
    WORD,
    MOMENT,
    st.none() | st.integers(-0x8000, 0x7FFF),
    st.none() | st.tuples(WORD, BYTE),
    st.none() | WORD,
)
def test_a_glucose_comes_back_exactly(
    sequence: int,
    when: datetime,
    offset: int | None,
    result: tuple[int, int] | None,
    status: int | None,
) -> None:
    optional = [
        (0, None if offset is None else le(offset & 0xFFFF)),
        (1, None if result is None else le(result[0]) + bytes([result[1]])),
        (3, None if status is None else le(status)),
    ]
    glucose = decode_glucose_measurement(packed(0, 1, le(sequence) + date_time(when), optional))
    assert (glucose.sequence, glucose.base_time) == (sequence, when)
    assert (glucose.time_offset_min, glucose.status) == (offset, status)
    if result is not None:
        assert glucose.concentration == decode_sfloat(result[0])
        assert (glucose.sample_location or 0) << 4 | (glucose.sample_type or 0) == result[1]


_BOUNDS = {
    records.Operator.LESS_OR_EQUAL: 1,
    records.Operator.GREATER_OR_EQUAL: 1,
    records.Operator.WITHIN_RANGE: 2,
}
_requests = st.sampled_from(
    [operator for operator in records.Operator if operator is not records.Operator.NULL]
).flatmap(
    lambda operator: st.builds(
        records.RecordRequest,
        op_code=st.sampled_from([records.OpCode.REPORT_RECORDS, records.OpCode.REPORT_NUMBER]),
        operator=st.just(operator),
        sequences=st.tuples(*[WORD] * _BOUNDS.get(operator, 0)),
    )
)


@given(_requests | st.just(records.ABORT))
def test_a_record_request_comes_back(request: records.RecordRequest) -> None:
    assert records.decode_record_request(records.encode_record_request(request)) == request


@given(
    st.builds(records.RecordCount, count=WORD)
    | st.builds(records.RecordResponse, op_code=BYTE, code=st.sampled_from(records.ResponseCode))
)
def test_a_record_answer_comes_back(answer: records.RecordCount | records.RecordResponse) -> None:
    assert records.decode_record_answer(records.encode_record_answer(answer)) == answer


_codes = st.integers(0, 9999)
_user_requests = (
    st.builds(control.UserRequest, op_code=st.just(control.OpCode.REGISTER), consent_code=_codes)
    | st.builds(
        control.UserRequest,
        op_code=st.just(control.OpCode.CONSENT),
        user_index=BYTE,
        consent_code=_codes,
    )
    | st.builds(
        control.UserRequest,
        op_code=st.sampled_from([control.OpCode.DELETE_DATA, control.OpCode.LIST_USERS]),
    )
)
_user_answers = (
    st.builds(
        control.UserAnswer,
        op_code=st.sampled_from([control.OpCode.REGISTER, control.OpCode.DELETE_DATA]),
        result=st.just(control.Result.SUCCESS),
        user_index=BYTE,
    )
    | st.builds(
        control.UserAnswer,
        op_code=st.just(control.OpCode.LIST_USERS),
        result=st.just(control.Result.SUCCESS),
        users=st.lists(BYTE, max_size=255).map(tuple),
    )
    | st.builds(
        control.UserAnswer,
        op_code=BYTE,
        result=st.sampled_from([r for r in control.Result if r is not control.Result.SUCCESS]),
    )
)


@given(_user_requests)
def test_a_user_request_comes_back_and_keeps_its_code_to_itself(
    request: control.UserRequest,
) -> None:
    assert control.decode_user_request(control.encode_user_request(request)) == request
    assert "consent_code" not in repr(request)


@given(_user_answers)
def test_a_user_answer_comes_back(answer: control.UserAnswer) -> None:
    assert control.decode_user_answer(control.encode_user_answer(answer)) == answer


@given(st.none() | st.dates(min_value=date(1582, 1, 1)))
def test_a_date_of_birth_comes_back(born: date | None) -> None:
    assert users.decode_date_of_birth(users.encode_date_of_birth(born)) == born


@given(st.integers(0, 0xFFFF_FFFE), st.integers(1, 0xFFFE), st.sampled_from(users.Gender))
def test_user_data_comes_back(increment: int, height: int, gender: users.Gender) -> None:
    coded = users.encode_change_increment(increment)
    assert users.decode_change_increment(coded) == increment
    assert users.decode_height_cm(users.encode_height_cm(height)) == height
    assert users.decode_gender(users.encode_gender(gender)) is gender


MAY_BE_NOTHING = {
    QuantityKind.STEP_COUNT,
    QuantityKind.DEEP_SLEEP_DURATION,
    QuantityKind.LIGHT_SLEEP_DURATION,
    QuantityKind.REM_SLEEP_DURATION,
}


@pytest.mark.parametrize("kind", list(QuantityKind))
def test_every_kind_has_limits_in_each_of_its_units(kind: QuantityKind) -> None:
    assert set(LIMITS[kind]) == UNITS[kind]
    # Nobody weighs nothing, but one can go without a step for a day, or a night without deep sleep.
    least = Decimal(-1) if kind in MAY_BE_NOTHING else Decimal(0)
    for limits in LIMITS[kind].values():
        assert least < limits.low < limits.high
