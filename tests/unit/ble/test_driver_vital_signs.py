"""Thermometers and oximeters of the standard: what is a body's, what is a result, what is new."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from ble_fakes import ADDRESS
from driver_fakes import (
    NOW,
    START,
    Device,
    Told,
    conversation,
    failures,
    new,
    readings,
    refusals,
    stopped_after,
    stored,
    told_by,
)

from ohx_desktop.ble.assigned_numbers import (
    BEURER,
    CURRENT_TIME,
    HEALTH_THERMOMETER_SERVICE,
    INTERMEDIATE_TEMPERATURE,
    PLX_CONTINUOUS_MEASUREMENT,
    PLX_SPOT_CHECK_MEASUREMENT,
    PULSE_OXIMETER_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
    TEMPERATURE_MEASUREMENT,
    TEMPERATURE_TYPE,
)
from ohx_desktop.ble.dialogue import Heard, Subscribe, Write
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    MeasurementFailed,
    Truncated,
    Unsupported,
)
from ohx_desktop.domain.flags import Flag

YESTERDAY, NOW_MEASURED = START - timedelta(days=1), START + timedelta(seconds=1)
BODY, EAR, OBJECT = 2, 3, 0xFF
FROM_STORAGE = 1 << 9


def moment(when: datetime) -> bytes:
    parts = (when.month, when.day, when.hour, when.minute, when.second)
    return when.year.to_bytes(2, "little") + bytes(parts)


def shown() -> bytes:
    return moment(NOW().replace(tzinfo=None)) + b"\x02\x00\x00"


@dataclass
class Sender:
    """Says its values once the last of its characteristics is subscribed, or asked for them."""

    unasked: dict[str, list[bytes]]
    on: str
    asked: list[bytes] = field(default_factory=list)
    code: int = 1
    requests: list[bytes] = field(default_factory=list)
    outbox: deque[Heard] = field(default_factory=deque)

    def take(self, step: Any) -> None:
        if isinstance(step, Subscribe) and step.characteristic == self.on:
            for uuid, frames in self.unasked.items():
                self.outbox += [Heard(uuid, frame) for frame in frames]
        elif isinstance(step, Write):
            self.requests.append(step.value)
            self.outbox += [Heard(PLX_SPOT_CHECK_MEASUREMENT, frame) for frame in self.asked]
            answer = bytes([6, 0, step.value[0], self.code])
            self.outbox.append(Heard(RECORD_ACCESS_CONTROL_POINT, answer))


# ── thermometers ─────────────────────────────────────────────────────────────────────────────


def temperature(
    tenths: int, when: datetime | None = NOW_MEASURED, place: int | None = BODY
) -> bytes:
    time = b"" if when is None else moment(when)
    kind = b"" if place is None else bytes([place])
    flags = (2 if time else 0) | (4 if kind else 0)
    return bytes([flags]) + tenths.to_bytes(3, "little") + b"\xff" + time + kind


def thermometer(
    *frames: bytes,
    progress: tuple[bytes, ...] = (),
    values: dict[str, Any] | None = None,
    **options: Any,
) -> Device:
    unasked = {INTERMEDIATE_TEMPERATURE: list(progress), TEMPERATURE_MEASUREMENT: list(frames)}
    sender = Sender(unasked, on=TEMPERATURE_MEASUREMENT)
    return Device(
        take=sender.take,
        outbox=sender.outbox,
        services=frozenset({HEALTH_THERMOMETER_SERVICE}),
        characteristics=frozenset({TEMPERATURE_MEASUREMENT, INTERMEDIATE_TEMPERATURE}),
        values=values or {},
        **options,
    )


def heard(service: str, name: str = "Some Device", *, data: bytes | None = None) -> Conversation:
    return conversation(
        Advertisement(
            address=ADDRESS,
            name=name,
            service_uuids=frozenset({service}),
            manufacturer_data={} if data is None else {BEURER: data},
        )
    )


def told_by_thermometer(device: Device, name: str = "Some Thermometer") -> Told:
    return told_by(device, heard(HEALTH_THERMOMETER_SERVICE, name))


@pytest.mark.parametrize("values", [{}, {CURRENT_TIME: shown}])
def test_exactly_the_new_temperature_is_new(values: dict[str, Any]) -> None:
    device = thermometer(temperature(384, YESTERDAY), temperature(369), values=values)
    told = told_by_thermometer(device)
    assert failures(told) == []
    assert new(told) == [("36.9",)]
    assert stored(told) == [("38.4",)]


def test_the_place_that_is_always_the_same_is_told_apart_from_the_value() -> None:
    device = thermometer(temperature(369, place=None), values={TEMPERATURE_TYPE: bytes([EAR])})
    (reading,) = readings(told_by_thermometer(device))
    assert reading.flags == {Flag.AT_EAR}


def test_a_temperature_on_the_way_is_no_result() -> None:
    told = told_by_thermometer(thermometer(progress=(temperature(361), temperature(365))))
    assert failures(told) == [DeviceSilent]
    assert readings(told) == []


@pytest.mark.parametrize(
    ("frame", "values"),
    [
        (temperature(369, place=OBJECT), {}),
        (temperature(369, place=None), {}),
        (temperature(369, place=None), {TEMPERATURE_TYPE: bytes([OBJECT])}),
    ],
    ids=["object", "nothing tells", "objects only"],
)
def test_the_warmth_of_an_object_is_never_that_of_a_patient(
    frame: bytes, values: dict[str, bytes]
) -> None:
    told = told_by_thermometer(thermometer(frame, values=values), "FT95")
    assert [type(refused.error) for refused in refusals(told)] == [Unsupported]
    assert not refusals(told)[0].stored
    assert readings(told) == []


def test_an_object_measured_yesterday_is_no_news() -> None:
    device = thermometer(temperature(215, YESTERDAY, OBJECT), temperature(369))
    told = told_by_thermometer(device, "FT95")
    assert [refused.stored for refused in refusals(told)] == [True]
    assert new(told) == [("36.9",)]


def test_an_object_measured_last_lets_no_older_temperature_take_its_place() -> None:
    recent = START - timedelta(minutes=2)
    last = START - timedelta(minutes=1)
    device = thermometer(temperature(384, recent), temperature(215, last, OBJECT))
    assert new(told_by_thermometer(device, "FT95")) == []


def test_a_type_that_is_none_is_not_guessed() -> None:
    device = thermometer(temperature(369, place=None), values={TEMPERATURE_TYPE: b""})
    assert failures(told_by_thermometer(device)) == [Truncated]


@pytest.mark.parametrize("lose_at", range(1, 3))
def test_a_thermometer_that_leaves_before_a_value_is_told(lose_at: int) -> None:
    device = thermometer(temperature(369), lose_at=lose_at)
    assert failures(told_by_thermometer(device)) == [ConnectionLost]


def test_an_unbonded_thermometer_is_paired_first() -> None:
    device = thermometer(temperature(369), wants_bond=True)
    told = told_by(device, heard(HEALTH_THERMOMETER_SERVICE, "FT95", data=b"\x01"))
    assert new(told) == [("36.9",)]
    assert device.log.index("pair") < device.log.index("subscribe")


# ── oximeters ────────────────────────────────────────────────────────────────────────────────


def spot_check(
    saturation: int,
    when: datetime | None = NOW_MEASURED,
    *,
    status: int | None = None,
    clock_is_set: bool = True,
) -> bytes:
    time = b"" if when is None else moment(when)
    flags = (1 if time else 0) | (0 if status is None else 2) | (0 if clock_is_set else 16)
    tail = b"" if status is None else status.to_bytes(2, "little")
    return bytes([flags, saturation, 0, 72, 0]) + time + tail


def oximeter(
    *unasked: bytes,
    asked: tuple[bytes, ...] = (),
    progress: tuple[bytes, ...] = (),
    code: int = 1,
    values: dict[str, Any] | None = None,
    has_store: bool = True,
    **options: Any,
) -> tuple[Device, Sender]:
    sender = Sender(
        {PLX_CONTINUOUS_MEASUREMENT: list(progress), PLX_SPOT_CHECK_MEASUREMENT: list(unasked)},
        on=PLX_CONTINUOUS_MEASUREMENT,
        asked=list(asked),
        code=code,
    )
    point = {RECORD_ACCESS_CONTROL_POINT} if has_store else set()
    device = Device(
        take=sender.take,
        outbox=sender.outbox,
        services=frozenset({PULSE_OXIMETER_SERVICE}),
        characteristics=frozenset({PLX_SPOT_CHECK_MEASUREMENT, PLX_CONTINUOUS_MEASUREMENT, *point}),
        values=values or {},
        **options,
    )
    return device, sender


def told_by_oximeter(device: Device) -> Told:
    return told_by(device, heard(PULSE_OXIMETER_SERVICE))


@pytest.mark.parametrize("values", [{}, {CURRENT_TIME: shown}])
def test_stored_spot_checks_are_asked_for_and_the_new_one_comes_by_itself(
    values: dict[str, Any],
) -> None:
    old = spot_check(94, YESTERDAY, status=FROM_STORAGE)
    device, sender = oximeter(spot_check(97), asked=(old,), values=values)
    told = told_by_oximeter(device)
    assert sender.requests == [bytes.fromhex("0101")]
    assert failures(told) == []
    assert new(told) == [("72", "97")]
    assert stored(told) == [("72", "94")]


def test_a_live_check_and_its_stored_copy_are_one_reading() -> None:
    live, copy = spot_check(97, status=1 << 7), spot_check(97, status=1 << 7 | FROM_STORAGE)
    device, _ = oximeter(live, asked=(copy,), values={CURRENT_TIME: shown})
    assert new(told_by_oximeter(device)) == [("72", "97")]


def test_a_stored_check_is_new_where_the_clock_proves_it() -> None:
    asked = spot_check(97, status=FROM_STORAGE)
    device, _ = oximeter(asked=(asked,), values={CURRENT_TIME: shown})
    assert new(told_by_oximeter(device)) == [("72", "97")]


@pytest.mark.parametrize(
    "asked",
    [
        spot_check(97, None, status=FROM_STORAGE),
        spot_check(97, status=FROM_STORAGE, clock_is_set=False),
    ],
)
def test_a_stored_check_without_a_time_is_stored(asked: bytes) -> None:
    device, _ = oximeter(asked=(asked,))
    told = told_by_oximeter(device)
    assert new(told) == []
    assert stored(told) == [("72", "97")]


def test_what_the_oximeter_shows_now_is_no_result() -> None:
    device, _ = oximeter(progress=(b"\x00\x61\x00\x48\x00",) * 3, has_store=False)
    told = told_by_oximeter(device)
    assert failures(told) == [DeviceSilent]
    assert readings(told) == []


@pytest.mark.parametrize("status", [1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 15])
def test_a_demonstration_and_what_is_no_value_are_refused(status: int) -> None:
    device, _ = oximeter(spot_check(97, status=status))
    told = told_by_oximeter(device)
    assert [type(refused.error) for refused in refusals(told)] == [MeasurementFailed]
    assert readings(told) == []


@pytest.mark.parametrize("code", range(2, 10))
def test_an_oximeter_that_gives_no_stored_records_may_measure_all_the_same(code: int) -> None:
    device, _ = oximeter(spot_check(97), code=code)
    assert new(told_by_oximeter(device)) == [("72", "97")]


def test_who_leaves_in_a_transfer_of_spot_checks_aborts_it() -> None:
    device, sender = oximeter(asked=(spot_check(97),), mute_at=3)
    sender.code = 1
    stopped_after(2.0, device, heard(PULSE_OXIMETER_SERVICE))
    assert device.log.count("write") == 2


def test_an_oximeter_without_spot_checks_is_named() -> None:
    device, _ = oximeter()
    device.characteristics = frozenset({PLX_CONTINUOUS_MEASUREMENT})
    assert failures(told_by_oximeter(device)) == [DeviceError]
