"""A reading's id is what keeps one measurement one, and two measurements two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json

CET = timezone(timedelta(hours=1))
MEASURED = datetime(2026, 11, 23, 10, 15, tzinfo=CET)


def a_reading(**changes: Any) -> Reading:
    form: dict[str, Any] = {
        "source": Source.BLUETOOTH,
        "device": DeviceIdentity(
            manufacturer="OMRON", model="HEM-7322T", address="AA:BB:CC:DD:EE:FF"
        ),
        "measured_at": MEASURED,
        "received_at": MEASURED + timedelta(seconds=42, milliseconds=120),
        "clock": DeviceClock(
            device=datetime(2026, 11, 23, 10, 15), offset_s=-2.0, trust=ClockTrust.DEVICE
        ),
        "user_slot": 1,
        "sequence": 14,
        "quantities": (
            Quantity(
                kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(128), unit=Unit.MM_HG
            ),
            Quantity(
                kind=QuantityKind.DIASTOLIC_BLOOD_PRESSURE, value=Decimal(82), unit=Unit.MM_HG
            ),
            Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
        ),
        "flags": frozenset({Flag.IRREGULAR_PULSE}),
    }
    return Reading(**(form | changes))


def test_the_same_measurement_read_again_has_the_same_id() -> None:
    later = a_reading(received_at=MEASURED + timedelta(days=3), stored=True)
    assert later.id == a_reading().id


def test_reading_the_serial_number_or_not_does_not_change_the_id() -> None:
    device = a_reading().device
    assert device is not None
    assert a_reading(device=replace(device, serial="SN1", firmware="2")).id == a_reading().id


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 15},
        {"clock": DeviceClock(device=datetime(2026, 11, 23, 10, 16), trust=ClockTrust.DEVICE)},
        {"device": DeviceIdentity(address="AA:BB:CC:DD:EE:00")},
        {
            "quantities": (
                Quantity(
                    kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(129), unit=Unit.MM_HG
                ),
            )
        },
    ],
)
def test_another_measurement_has_another_id(changes: dict[str, Any]) -> None:
    assert a_reading(**changes).id != a_reading().id


def test_without_a_clock_two_equal_measurements_differ_by_their_reception() -> None:
    clock = DeviceClock(trust=ClockTrust.RECEIVED)
    first = a_reading(clock=clock, sequence=None)
    second = a_reading(clock=clock, sequence=None, received_at=MEASURED + timedelta(minutes=2))
    assert first.id != second.id


def test_the_id_is_fixed_for_ever() -> None:
    # Identifiers in EHRs are made of it: a change would file old readings a second time.
    assert str(a_reading().id) == "adf4aea8-c11e-5ba0-aa37-5154da5c44f8"


def test_a_reading_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="UTC offset"):
        a_reading(received_at=datetime(2026, 1, 1))


def test_a_reading_has_each_kind_once() -> None:
    twice = a_reading().quantities[:1] * 2
    with pytest.raises(ValueError, match="each kind once"):
        a_reading(quantities=twice)


def test_json_gives_the_reading_back_whole() -> None:
    form = reading_to_json(a_reading())
    assert reading_from_json(form) == a_reading()
    assert form["quantities"][0] == {
        "kind": "systolic_blood_pressure",
        "value": "128",
        "unit": "mm[Hg]",
    }
    assert form["received_at"] == "2026-11-23T10:15:42.120+01:00"
    assert form["clock"] == {"device": "2026-11-23T10:15:00", "offset_s": -2.0, "trust": "device"}


def test_a_value_changed_in_the_file_is_refused() -> None:
    form = reading_to_json(a_reading())
    form["quantities"][0]["value"] = "118"
    with pytest.raises(UsageError, match="does not match its own id"):
        reading_from_json(form)


@pytest.mark.parametrize("missing", ["device", "quantities", "clock", "received_at", "stored"])
def test_an_incomplete_file_is_refused_by_name_and_without_its_values(missing: str) -> None:
    form = reading_to_json(a_reading())
    del form[missing]
    with pytest.raises(UsageError) as caught:
        reading_from_json(form)
    assert "128" not in str(caught.value)


decimals = st.decimals(min_value=1, max_value=60, places=1)


@given(decimals, decimals)
def test_two_pressures_in_kilopascal_never_become_one(one: Decimal, other: Decimal) -> None:
    kind = QuantityKind.SYSTOLIC_BLOOD_PRESSURE
    first = pressure(kind, one, Unit.KILOPASCAL)
    second = pressure(kind, other, Unit.KILOPASCAL)
    assert (first.value == second.value) == (one == other)
    assert first.original is not None
    assert str(first.original.value) == str(one)


@given(
    st.decimals(min_value=-1000, max_value=1000, places=3),
    st.datetimes(timezones=st.just(UTC)),
)
def test_json_never_alters_a_value(value: Decimal, when: datetime) -> None:
    quantity = Quantity(kind=QuantityKind.PULSE_RATE, value=value, unit=Unit.PER_MINUTE)
    reading = a_reading(quantities=(quantity,), received_at=when, measured_at=None)
    back = reading_from_json(reading_to_json(reading))
    assert str(back.quantities[0].value) == format(value, "f")
    assert back.id == reading.id
