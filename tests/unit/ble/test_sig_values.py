"""What measurements mean beside their bytes: whose profile, which weighing, which meal."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.ble.codec import glucose_values, health_thermometer_values
from ohx_desktop.ble.codec import record_access as records
from ohx_desktop.ble.codec import user_data as users
from ohx_desktop.ble.codec.body_composition import decode_body_composition
from ohx_desktop.ble.codec.body_composition_values import belong_together, quantities_of_both
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.glucose_context import decode_glucose_context
from ohx_desktop.ble.codec.health_thermometer import decode_temperature_measurement
from ohx_desktop.ble.codec.pulse_oximeter import decode_spot_check
from ohx_desktop.ble.codec.pulse_oximeter_values import measured_of
from ohx_desktop.ble.codec.user_control import OpCode, UserRequest
from ohx_desktop.ble.codec.weight_scale import decode_weight_measurement
from ohx_desktop.ble.codec.weight_scale_values import quantities_of, without_foreign_profile
from ohx_desktop.domain.errors import Implausible, TrailingBytes, Unsupported
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
WEIGHING = decode_weight_measurement(bytes.fromhex("06983aea0709040f350001"))
WITH_PROFILE = decode_weight_measurement(bytes.fromhex("08983af500d606"))
COMPOSITION = decode_body_composition(bytes.fromhex("9803c200df1a9701cc2fca21a811"))
GLUCOSE = decode_glucose_measurement(bytes.fromhex("120500ea070b17072d0069b011"))


@pytest.mark.parametrize(
    ("height_cm", "kept"), [("175", True), ("174", True), ("176.0", True), ("173", False)]
)
def test_an_index_is_filed_only_with_the_height_of_this_patient(height_cm: str, kept: bool) -> None:
    quantities = quantities_of(WITH_PROFILE)
    left = without_foreign_profile(quantities, patient_height_cm=Decimal(height_cm))
    assert [q.kind for q in left] == [q.kind for q in quantities if kept or q is quantities[0]]


def test_without_a_known_height_the_profile_may_be_anyones() -> None:
    (weight,) = without_foreign_profile(quantities_of(WITH_PROFILE), patient_height_cm=None)
    assert weight.kind is QuantityKind.BODY_WEIGHT


def test_inches_are_compared_as_centimetres() -> None:
    imperial = quantities_of(decode_weight_measurement(bytes.fromhex("099740f500b102")))
    assert len(without_foreign_profile(imperial, patient_height_cm=Decimal(175))) == 3
    assert len(without_foreign_profile(imperial, patient_height_cm=Decimal(69))) == 1


def test_a_composition_of_no_time_and_user_is_that_of_the_weighing_before() -> None:
    assert belong_together(WEIGHING, COMPOSITION)
    kinds = [quantity.kind for quantity in quantities_of_both(WEIGHING, COMPOSITION)]
    assert kinds[0] is QuantityKind.BODY_WEIGHT
    assert QuantityKind.BODY_FAT_PERCENTAGE in kinds


@pytest.mark.parametrize(
    "frame",
    [
        "0200c200ea0709040f3600",  # another time
        "0400c20002",  # another user
        "0004c200993a",  # another weight
        "0104c200983a",  # the same number of pounds
    ],
)
def test_a_composition_that_says_otherwise_belongs_to_nobody_here(frame: str) -> None:
    composition = decode_body_composition(bytes.fromhex(frame))
    assert not belong_together(WEIGHING, composition)
    with pytest.raises(ValueError, match="belongs to the weighing"):
        quantities_of_both(WEIGHING, composition)


def test_a_weight_in_the_composition_only_confirms_the_weighing() -> None:
    composition = decode_body_composition(bytes.fromhex("0604c200ea0709040f350001983a"))
    quantities = quantities_of_both(WEIGHING, composition)
    assert [q.kind.value for q in quantities] == ["body_weight", "body_fat_percentage"]


def test_with_shoes_on_the_weight_is_all_there_is() -> None:
    shoes = decode_body_composition(bytes.fromhex("98030000711b0000983a00000000"))
    (weight,) = quantities_of_both(WEIGHING, shoes)
    assert weight.kind is QuantityKind.BODY_WEIGHT


def test_a_part_that_outweighs_the_body_is_refused() -> None:
    heavy = replace(COMPOSITION, soft_lean_mass=Decimal("75.005"))
    with pytest.raises(Implausible):
        quantities_of_both(WEIGHING, heavy)


def test_half_a_composition_is_never_taken_for_a_whole_one() -> None:
    with pytest.raises(ValueError, match="belongs"):
        quantities_of_both(WEIGHING, replace(COMPOSITION, is_one_of_two=True))


@pytest.mark.parametrize(
    ("meal", "flags"),
    [
        (1, {Flag.BEFORE_MEAL}),
        (2, {Flag.AFTER_MEAL}),
        (3, {Flag.FASTING}),
        (4, set()),
        (5, {Flag.BEDTIME}),
        (6, set()),
    ],
)
def test_the_meal_of_a_context_goes_with_its_measurement(meal: int, flags: set[Flag]) -> None:
    context = decode_glucose_context(bytes([2, 5, 0, meal]))
    assert glucose_values.measured_of(GLUCOSE, context).flags == flags


def test_the_context_of_another_measurement_is_not_taken() -> None:
    context = decode_glucose_context(bytes.fromhex("02060001"))
    with pytest.raises(ValueError, match="sequence number"):
        glucose_values.measured_of(GLUCOSE, context)


def test_a_glucose_keeps_its_number_and_loses_a_faulty_time() -> None:
    whole = glucose_values.measured_of(GLUCOSE)
    assert (whole.sequence, whole.timestamp) == (5, datetime(2026, 11, 23, 7, 45))
    assert glucose_values.measured_of(replace(GLUCOSE, status=1 << 11)).timestamp is None


def test_an_offset_beyond_the_calendar_is_no_time_and_no_crash() -> None:
    glucose = replace(GLUCOSE, base_time=datetime(9999, 12, 31, 23), time_offset_min=32000)
    assert glucose.timestamp is None


def test_the_constant_place_counts_where_none_is_sent() -> None:
    plain = decode_temperature_measurement(bytes.fromhex("006c0100ff"))
    assert health_thermometer_values.measured_of(plain, constant_type=6).flags == {Flag.AT_MOUTH}
    sent = replace(plain, temperature_type=3)
    assert health_thermometer_values.measured_of(sent, constant_type=6).flags == {Flag.AT_EAR}
    with pytest.raises(Unsupported):
        health_thermometer_values.measured_of(plain, constant_type=255)


def test_an_oximeter_whose_clock_is_not_set_tells_no_time() -> None:
    check = decode_spot_check(bytes.fromhex("1161004800ea070b170a0f1e"))
    assert measured_of(check).has_time
    assert measured_of(check).timestamp is None
    stored = measured_of(replace(check, clock_is_set=True, status=1 << 9))
    assert stored.timestamp == datetime(2026, 11, 23, 10, 15, 30)
    assert stored.from_storage


def test_records_are_asked_for_from_a_known_one_on() -> None:
    assert records.encode_record_request(records.records_from(6)) == bytes.fromhex("0103010600")


def test_no_request_deletes_a_record() -> None:
    assert 0x02 not in set(records.OpCode)


@pytest.mark.parametrize(
    "wrong",
    [
        {"op_code": records.OpCode.ABORT, "operator": records.Operator.ALL},
        {"op_code": records.OpCode.REPORT_RECORDS, "operator": records.Operator.NULL},
        {
            "op_code": records.OpCode.REPORT_RECORDS,
            "operator": records.Operator.ALL,
            "sequences": (1,),
        },
        {
            "op_code": records.OpCode.REPORT_RECORDS,
            "operator": records.Operator.LESS_OR_EQUAL,
            "sequences": (65536,),
        },
    ],
)
def test_a_record_request_that_makes_no_sense_is_not_built(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"operator|sequence"):
        records.RecordRequest(**wrong)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize(
    "wrong",
    [
        {"op_code": OpCode.REGISTER},
        {"op_code": OpCode.CONSENT, "consent_code": 1},
        {"op_code": OpCode.DELETE_DATA, "user_index": 1},
        {"op_code": OpCode.REGISTER, "consent_code": 10000},
        {"op_code": OpCode.CONSENT, "user_index": 256, "consent_code": 1},
    ],
)
def test_a_user_request_that_makes_no_sense_is_not_built(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"consent|user index"):
        UserRequest(**wrong)  # type: ignore[arg-type] # wrong on purpose


def test_the_change_counter_begins_anew_before_it_would_mean_unknown() -> None:
    assert users.next_change_increment(41) == 42
    assert users.next_change_increment(0xFFFF_FFFE) == 0
    with pytest.raises(ValueError, match="32 bits"):
        users.encode_change_increment(0xFFFF_FFFF)


def test_what_means_unknown_is_never_written_as_a_value() -> None:
    assert users.encode_date_of_birth(None) == bytes(4)
    for height in (0, 0xFFFF, -1):
        with pytest.raises(ValueError, match="unknown"):
            users.encode_height_cm(height)
    with pytest.raises(ValueError, match="Gregorian"):
        users.encode_date_of_birth(date(1500, 1, 1))


def test_packets_sent_twice_by_the_link_count_once() -> None:
    first = bytes.fromhex("3e10c800ea0709040f350001401f9001581b")
    second = bytes.fromhex("c01fc800e02e882c401f8813983ad606")
    (reading,) = decode_captured("generic", "2A9C", [first, first, second], received_at=NOW)
    assert reading.quantity(QuantityKind.BODY_WEIGHT) is not None
    later = first[:10] + bytes([54]) + first[11:]
    frames = [first, second, later, second]
    assert len(decode_captured("generic", "2A9C", frames, received_at=NOW)) == 2


@pytest.mark.parametrize("characteristic", ["2A36", "2B35", "2A1E", "2A5F", "2A34", "2A37", "2A9E"])
def test_progress_and_circumstances_are_never_a_reading(characteristic: str) -> None:
    with pytest.raises(Unsupported):
        decode_captured("generic", characteristic, [bytes(7)], received_at=NOW)


def test_a_cuff_sends_no_weights() -> None:
    with pytest.raises(Unsupported):
        decode_captured("BM54", "2A9D", [bytes.fromhex("00983a")], received_at=NOW)


def test_one_bad_weight_refuses_the_capture() -> None:
    with pytest.raises(TrailingBytes):
        decode_captured(
            "generic", "2A9D", [bytes.fromhex("00983a"), bytes.fromhex("00983a00")], received_at=NOW
        )


def test_a_capture_keeps_slot_number_and_storage() -> None:
    (weight,) = decode_captured(
        "generic", "2A9D", [bytes.fromhex("06983aea0709040f350001")], received_at=NOW
    )
    assert (weight.user_slot, weight.stored) == (1, False)
    assert weight.measured_at == datetime(2026, 9, 4, 15, 53).astimezone()
    (glucose,) = decode_captured(
        "generic", "2A18", [bytes.fromhex("020500ea070b17072d0069b011")], received_at=NOW
    )
    assert glucose.sequence == 5
    (stored,) = decode_captured(
        "generic", "2A5E", [bytes.fromhex("02610048000002")], received_at=NOW
    )
    assert stored.stored
