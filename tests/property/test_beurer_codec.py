"""Any bytes of a Beurer device: a value or a DecodingError, never a record that was not sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.assigned_numbers import BODY_COMPOSITION_MEASUREMENT, WEIGHT_MEASUREMENT
from ohx_desktop.ble.beurer.captured import decode_beurer_captured
from ohx_desktop.ble.beurer.ffe0 import acknowledgement
from ohx_desktop.ble.beurer.ffe0_collector import Collector
from ohx_desktop.ble.beurer.ffe0_frames import LiveWeight, decode_frame
from ohx_desktop.ble.beurer.ffe0_record import decode_record
from ohx_desktop.ble.beurer.model import Model
from ohx_desktop.ble.beurer.models import model_advertising, model_named
from ohx_desktop.ble.beurer.scale_segments import decode_segmental_fat, decode_segmental_muscle
from ohx_desktop.ble.beurer.scale_values import (
    ListedUser,
    decode_measurement_state,
    decode_reference,
    decode_settings,
    decode_user_list,
)
from ohx_desktop.ble.beurer.scale_weighing import Weighings
from ohx_desktop.ble.beurer.swapped_blood_pressure import (
    decode_swapped_blood_pressure,
    stability_of,
)
from ohx_desktop.ble.codec.blood_pressure_values import quantities_of
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.plausibility import LIMITS
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STAMP = bytes.fromhex("ea07080b121f00")

DECODERS: tuple[Callable[[bytes], object], ...] = (
    decode_frame,
    decode_swapped_blood_pressure,
    decode_user_list,
    decode_settings,
    decode_reference,
    decode_measurement_state,
    decode_segmental_fat,
    decode_segmental_muscle,
    lambda raw: decode_record(raw, is_live=True),
)


def model(name: str) -> Model:
    found = model_named(name)
    assert found is not None
    return found


def of_length(first: bytes, length: int) -> st.SearchStrategy[bytes]:
    rest = length - len(first)
    return st.binary(min_size=rest, max_size=rest).map(lambda raw: first + raw)


SWAPPED = of_length(b"\x56", 19)
LIKELY_SWAPPED = st.tuples(
    st.integers(0, 320), st.integers(0, 260), st.integers(0, 320), st.integers(0, 260)
).map(lambda parts: swapped(*parts))
FFE0_FRAMES = st.one_of(
    *(
        of_length(bytes([variant | 7]) + head, length)
        for variant in (0xE0, 0xF0)
        for head, length in (
            (b"\x58\x00", 5),
            (b"\x58\x01", 5),
            (b"\x59\x03\x01", 13),
            (b"\x59\x03\x02", 15),
            (b"\x59\x03\x03", 15),
            (b"\x42\x02\x01", 15),
            (b"\x42\x02\x02", 15),
            (b"\x47\x01\x01", 13),
            (b"\xf0\x4f", 12),
        )
    )
)
WEIGHTS = of_length(b"\x0e", 15)
COMPOSITIONS = of_length(b"\x98\x03", 14)


def swapped(systolic: int, diastolic: int, mean: int, pulse: int) -> bytes:
    pressures = b"".join(value.to_bytes(2, "little") for value in (systolic, diastolic, mean))
    return b"\x56" + pressures + STAMP + pulse.to_bytes(2, "big") + b"\x01" + b"\x00\x40"


@given(st.binary(max_size=32) | FFE0_FRAMES | SWAPPED)
def test_any_bytes_decode_or_are_refused(raw: bytes) -> None:
    for decode in DECODERS:
        try:
            decode(raw)
        except DecodingError as refused:
            assert str(refused)  # noqa: PT017 - a refusal tells what happened


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("BM85", st.lists(st.binary(max_size=24) | SWAPPED | LIKELY_SWAPPED, max_size=3)),
        ("BF720", st.lists(st.binary(max_size=24) | WEIGHTS | COMPOSITIONS, max_size=4)),
        ("SBF70", st.lists(st.binary(max_size=24) | FFE0_FRAMES, max_size=6)),
    ],
)
def test_no_bytes_become_a_value_that_nobody_can_have(
    name: str, frames: st.SearchStrategy[list[bytes]]
) -> None:
    @given(frames)
    def holds(captured: list[bytes]) -> None:
        try:
            readings = decode_beurer_captured(model(name), None, captured, received_at=NOW)
        except DecodingError:
            return
        assert readings
        for reading in readings:
            for quantity in reading.quantities:
                limits = LIMITS[quantity.kind][quantity.unit]
                assert limits.low <= quantity.value <= limits.high
            assert reading_from_json(reading_to_json(reading)) == reading

    holds()


@given(st.integers(40, 300), st.integers(10, 250), st.integers(30, 250))
def test_every_swapped_record_comes_back_exactly(systolic: int, diastolic: int, pulse: int) -> None:
    if diastolic >= systolic:
        return
    if 242 <= pulse <= 247:  # read the other way, these are 51.2 to 179.2: nothing is proven
        with pytest.raises(DecodingError):
            decode_swapped_blood_pressure(swapped(systolic, diastolic, 0, pulse))
        return
    measurement = decode_swapped_blood_pressure(swapped(systolic, diastolic, 0, pulse))
    assert [q.value for q in quantities_of(measurement)] == [systolic, diastolic, pulse]
    assert (measurement.user_id, measurement.status) == (1, 0x40)
    assert stability_of(measurement) == 1


@given(SWAPPED)
def test_a_swapped_pulse_is_never_read_the_wrong_way_round(frame: bytes) -> None:
    try:
        measurement = decode_swapped_blood_pressure(frame)
    except DecodingError:
        return
    assert isinstance(measurement.pulse_rate, Decimal)
    assert 30 <= measurement.pulse_rate <= 250


@given(st.integers(0, 0xFFFF), st.booleans(), st.sampled_from([0xE7, 0xF7]))
def test_every_live_weight_comes_back_exactly(count: int, is_stable: bool, first: int) -> None:
    frame = bytes([first, 0x58, not is_stable]) + count.to_bytes(2, "big")
    weight = decode_frame(frame)
    assert isinstance(weight, LiveWeight)
    assert weight.weight_kg / Decimal("0.05") == count
    assert (weight.is_stable, weight.variant | 7) == (is_stable, first)
    assert acknowledgement(frame) == bytes([first, 0xF1, *frame[1:4]])


@given(st.integers(0, 0xFFFF_FFFF), st.lists(st.integers(0, 0xFFFF), min_size=9, max_size=9))
def test_every_record_comes_back_exactly(unix_s: int, counts: list[int]) -> None:
    raw = unix_s.to_bytes(4, "big") + b"".join(count.to_bytes(2, "big") for count in counts)
    record = decode_record(raw, is_live=False)
    twentieths = Decimal("0.05")
    assert record.unix_s == unix_s
    assert counts == [
        record.weight_kg / twentieths,
        record.impedance_ohm,
        record.fat_percent * 10,
        record.water_percent * 10,
        record.muscle_percent * 10,
        record.bone_kg / twentieths,
        record.basal_kcal,
        record.active_kcal,
        record.bmi * 10,
    ]
    assert (record.stamp is None) == (not 0 < unix_s < 1 << 31)


@given(st.integers(1, 10), st.dates(), st.integers(1, 255), st.booleans(), st.integers(1, 5))
def test_every_row_of_a_user_list_comes_back_exactly(
    index: int, born: datetime, height_cm: int, is_female: bool, activity: int
) -> None:
    birth = born.year.to_bytes(2, "little") + bytes([born.month, born.day])
    row = decode_user_list(
        bytes([0, index]) + b"AB " + birth + bytes([height_cm, is_female, activity])
    )
    assert row == ListedUser(
        index=index,
        initials="AB",
        date_of_birth=born,
        height_cm=height_cm,
        is_female=is_female,
        activity=activity,
    )


def stored_frames(count: int) -> list[bytes]:
    """Frames of so many stored records, each of another weight and impedance: 60 kg + place."""
    frames = []
    for place in range(count):
        marks = (1200 + 20 * place).to_bytes(2, "big") + (500 + place).to_bytes(2, "big")
        shares = bytes.fromhex("00df0209018d00e90717 0aa2") + (200 + place).to_bytes(2, "big")
        record = (1_780_000_000 + place).to_bytes(4, "big") + marks + shares
        for half in range(2):
            head = bytes([0xE7, 0x42, 2 * count, 2 * place + half + 1])
            frames.append(head + record[11 * half : 11 * half + 11])
    return frames


@given(st.data())
def test_lost_and_repeated_parts_never_mix_two_records(data: st.DataObject) -> None:
    frames = stored_frames(4)
    arriving = [
        frame for frame in frames for _ in range(data.draw(st.integers(0, 2), label="copies"))
    ]
    collector = Collector()
    news = [told for frame in arriving for told in collector.add(frame)] + [*collector.close()]
    for told in news:
        if isinstance(told, ScaleRecord):
            values = {q.kind: q.value for q in told.measured.quantities}
            place = int(values[QuantityKind.IMPEDANCE]) - 500
            assert values[QuantityKind.BODY_WEIGHT] == 60 + place
            assert values[QuantityKind.BODY_MASS_INDEX] * 10 == 200 + place
    whole = sum(frames[at] in arriving and frames[at + 1] in arriving for at in range(0, 8, 2))
    assert sum(isinstance(told, ScaleRecord) for told in news) == whole


@given(st.lists(st.sampled_from("wcx"), max_size=12))
def test_a_composition_joins_only_the_weight_just_before_it(order: list[str]) -> None:
    weighings = Weighings(keeps_estimates=True)
    composition = bytes.fromhex("9803c200df1a9701cc2fca21a811")
    expected: list[bool] = []
    news: list[object] = []
    is_waiting = False
    for place, sent in enumerate(order):
        if sent == "w":
            weight = bytes.fromhex("0e783eea07050c1235") + bytes([place])
            weight += bytes.fromhex("01ee002607")
            news += weighings.add(WEIGHT_MEASUREMENT, weight)
            expected.append(False)
            is_waiting = True
        elif sent == "c":
            news += weighings.add(BODY_COMPOSITION_MEASUREMENT, composition)
            if is_waiting:
                expected[-1], is_waiting = True, False
        else:
            news += weighings.add("another", composition)
    news += weighings.close()
    assert [len(told.frames) == 2 for told in news if isinstance(told, ScaleRecord)] == expected


@given(st.text(max_size=30))
def test_no_name_harms(name: str) -> None:
    for found in (model_advertising(name), model_named(name)):
        assert found is None or found.names
