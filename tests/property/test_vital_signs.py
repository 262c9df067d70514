"""What a virtual device encodes comes back as it was; no bytes become what cannot be.

Encoders and decoders were written from the specifications apart, so they check one another.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.assigned_numbers import GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT
from ohx_desktop.ble.beurer.po60 import Messages
from ohx_desktop.ble.beurer.po60_messages import Extremes, decode_answer, decode_record
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.glucose_context import decode_glucose_context
from ohx_desktop.ble.codec.glucose_values import measured_of
from ohx_desktop.ble.codec.health_thermometer import decode_temperature_measurement
from ohx_desktop.ble.codec.pulse_oximeter import decode_continuous_measurement, decode_spot_check
from ohx_desktop.ble.codec.sfloat import SpecialValue
from ohx_desktop.ble.glucose_records import GlucoseRecords
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.quantity import Unit
from ohx_desktop.virtual.po60 import Po60Record, encode_record
from ohx_desktop.virtual.vital_encoding import (
    GlucoseRecord,
    OximeterStatus,
    OximetryRecord,
    Place,
    Sample,
    TemperatureRecord,
    encode_continuous,
    encode_glucose,
    encode_glucose_context,
    encode_spot_check,
    encode_temperature,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MOMENT = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 30)).map(
    lambda when: when.replace(microsecond=0)
)
WORD = st.integers(0, 0xFFFF)


def decimals(highest: int, places: int) -> st.SearchStrategy[Decimal]:
    """Return numbers of a fixed precision, as a display counts."""
    return st.integers(0, highest).map(lambda digits: Decimal(digits).scaleb(-places))


@given(
    st.none() | decimals(4500, 1) | decimals(45000, 2),
    st.none() | MOMENT,
    st.booleans(),
    st.none() | st.sampled_from(Place),
    st.booleans(),
)
def test_a_temperature_comes_back_as_it_was(
    temperature: Decimal | None,
    taken_at: datetime | None,
    in_fahrenheit: bool,
    place: Place | None,
    has_fever: bool,
) -> None:
    parts = decode_temperature_measurement(
        encode_temperature(
            TemperatureRecord(
                temperature=temperature,
                taken_at=taken_at,
                in_fahrenheit=in_fahrenheit,
                place=place,
                has_fever=has_fever,
            )
        )
    )
    assert str(parts.temperature) == str(
        SpecialValue.NOT_A_NUMBER if temperature is None else temperature
    )
    assert parts.unit is (Unit.FAHRENHEIT if in_fahrenheit else Unit.CELSIUS)
    assert (parts.has_time, parts.timestamp) == (taken_at is not None, taken_at)
    assert parts.temperature_type == place


@given(
    st.none() | decimals(1000, 1),
    st.none() | decimals(250, 0),
    st.none() | MOMENT,
    st.booleans(),
    st.none() | st.integers(0, 0xFFFF).map(lambda bits: OximeterStatus(bits & 0x8680)),
)
def test_a_spot_check_comes_back_as_it_was(
    saturation: Decimal | None,
    pulse: Decimal | None,
    taken_at: datetime | None,
    clock_is_set: bool,
    status: OximeterStatus | None,
) -> None:
    check = decode_spot_check(
        encode_spot_check(
            OximetryRecord(
                saturation=saturation,
                pulse=pulse,
                taken_at=taken_at,
                clock_is_set=clock_is_set,
                status=status,
            )
        )
    )
    nan = SpecialValue.NOT_A_NUMBER
    assert str(check.oxygen_saturation) == str(nan if saturation is None else saturation)
    assert str(check.pulse_rate) == str(nan if pulse is None else pulse)
    assert (check.timestamp, check.clock_is_set, check.status) == (taken_at, clock_is_set, status)


@given(decimals(1000, 1), decimals(250, 0))
def test_progress_of_an_oximeter_comes_back_as_it_was(saturation: Decimal, pulse: Decimal) -> None:
    shown = decode_continuous_measurement(encode_continuous(saturation, pulse)).normal
    assert (str(shown.oxygen_saturation), str(shown.pulse_rate)) == (str(saturation), str(pulse))


GLUCOSES = st.builds(
    GlucoseRecord,
    sequence=WORD,
    concentration=st.none() | decimals(1000, 5) | decimals(2000, 6),
    in_moles=st.booleans(),
    taken_at=MOMENT,
    offset_min=st.none() | st.integers(-600, 600),
    sample=st.sampled_from(Sample),
    status=st.none() | WORD,
    meal=st.none() | st.integers(0, 9),
)


@given(GLUCOSES)
def test_a_glucose_record_comes_back_as_it_was(record: GlucoseRecord) -> None:
    parts = decode_glucose_measurement(encode_glucose(record))
    nan = SpecialValue.NOT_A_NUMBER
    sent = nan if record.concentration is None else record.concentration
    assert parts.concentration == sent
    assert parts.unit is (Unit.MOLE_PER_LITRE if record.in_moles else Unit.KILOGRAM_PER_LITRE)
    assert parts.timestamp == record.taken_at + timedelta(minutes=record.offset_min or 0)
    assert (parts.sequence, parts.status) == (record.sequence, record.status)
    assert (parts.sample_type, parts.has_context) == (record.sample, record.meal is not None)
    if record.meal is not None:
        context = decode_glucose_context(encode_glucose_context(record))
        assert (context.sequence, context.meal) == (record.sequence, record.meal)


@given(st.lists(GLUCOSES, unique_by=lambda record: record.sequence, max_size=8), st.data())
def test_records_and_contexts_in_any_order_are_joined_by_their_number(
    records: list[GlucoseRecord], data: st.DataObject
) -> None:
    values = [(GLUCOSE_MEASUREMENT, encode_glucose(record)) for record in records]
    values += [
        (GLUCOSE_MEASUREMENT_CONTEXT, encode_glucose_context(record))
        for record in records
        if record.meal is not None
    ]
    joining = GlucoseRecords(measured_of)
    found = [
        taken
        for uuid, frame in data.draw(st.permutations(values))
        for taken in joining.add(uuid, frame, NOW)
    ]
    found += joining.close()
    assert sorted(record.sequence or 0 for record, _ in found) == sorted(
        record.sequence for record in records
    )
    for record, _ in found:
        (sent,) = (one for one in records if one.sequence == record.sequence)
        assert len(record.frames) == (1 if sent.meal is None else 2)


@given(
    MOMENT,
    st.integers(1, 0x1FFFF),
    st.tuples(*[st.integers(0, 127)] * 3).map(sorted),
    st.tuples(*[st.integers(0, 255)] * 3).map(sorted),
    st.tuples(st.integers(0, 9), st.booleans()),
)
def test_a_record_of_the_po60_comes_back_as_it_was(
    started_at: datetime,
    duration_s: int,
    saturation: list[int],
    pulse: list[int],
    head: tuple[int, bool],
) -> None:
    place, is_last = head
    lowest, mean, highest = saturation
    low, middle, high = pulse
    record = decode_record(
        encode_record(
            Po60Record(
                started_at=started_at,
                duration_s=duration_s,
                saturation=(highest, lowest, mean),
                pulse=(high, low, middle),
            ),
            place=place,
            is_last=is_last,
        )
    )
    assert (record.place, record.is_last) == (place, is_last)
    assert (record.started_at, record.duration_s) == (started_at, duration_s)
    assert record.ended_at == started_at + timedelta(seconds=duration_s - 1)
    assert record.saturation == Extremes(highest=highest, lowest=lowest, mean=mean)
    assert record.pulse == Extremes(highest=high, lowest=low, mean=middle)


@given(st.lists(st.binary(max_size=30)))
def test_any_notifications_become_messages_or_refusals(values: list[bytes]) -> None:
    messages = Messages()
    found = [item for value in values for item in messages.add(value)]
    for item in (*found, *messages.close()):
        if isinstance(item, DecodingError):
            continue
        assert item in b"".join(values)
        try:
            decode_answer(item)
        except DecodingError as refused:
            assert str(refused)  # noqa: PT017 - a refusal tells what happened
