"""From a cuff on the air to Readings: the program's own Listener and radio on virtual devices.

Every test runs on the emulated BlueZ and on the in-process backend, but for those that need what
only a bus has.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from meeting import PASSKEY, Meeting, Person

from ohx_desktop.ble.drivers import blood_pressure
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceSilent,
    MeasurementFailed,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
    TrailingBytes,
    Truncated,
)
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import (
    BEURER_BM54,
    BRISK,
    GENERIC_CUFF,
    OMRON_HEM_7155T,
    OMRON_HEM_7322T,
    CuffProfile,
)
from ohx_desktop.virtual.room import Adapter

NEW = (128, 82, 71)
YESTERDAY = (141, 93, 80)
THIS_MORNING = (133, 86, 74)

CALLED_AGO = timedelta(seconds=30)
"""The person was called this long before the cuff was done: a measurement takes about that."""


def radio_of(meeting: Meeting, typed: int | None = None) -> BleakRadio:
    """Return the program's radio for a meeting; a person types `typed` when asked."""

    async def ask(_: str) -> int | None:
        return typed

    return BleakRadio(
        meeting.scanner_options.get("backend"),
        meeting.client_options.get("backend"),
        ask_passkey=ask,
    )


async def cuff_with_backlog(
    meeting: Meeting, profile: CuffProfile = OMRON_HEM_7155T, **options: Any
) -> Cuff:
    """Put a bonded cuff with two old records and a new one on the air."""
    cuff = meeting.cuff(profile, **{"is_bonded": True, **options})
    cuff.remember(*YESTERDAY, ago=timedelta(days=1))
    cuff.remember(*THIS_MORNING, ago=timedelta(hours=4))
    await cuff.measure(*NEW)
    return cuff


def listen(radio: BleakRadio, listener: Listener | None = None) -> AsyncGenerator[CaptureEvent]:
    """Listen for anybody, for a person called a moment ago."""
    return (listener or Listener(radio)).listen(
        session_began=system_now() - CALLED_AGO, wanted=lambda _, __: True
    )


async def events_until(
    events: AsyncGenerator[CaptureEvent],
    is_last: Callable[[CaptureEvent], bool],
    *,
    deadline_s: float = 8.0,
) -> list[CaptureEvent]:
    """Return the events up to the one that `is_last`."""
    taken: list[CaptureEvent] = []
    async with asyncio.timeout(deadline_s), aclosing(events):
        async for event in events:
            taken.append(event)
            if is_last(event):
                break
    return taken


def is_end(event: CaptureEvent) -> bool:
    return isinstance(event, StateChanged) and event.state is LinkState.ENDED


async def one_session(radio: BleakRadio, **options: Any) -> list[CaptureEvent]:
    return await events_until(listen(radio), is_end, **options)


def readings(events: list[CaptureEvent]) -> list[Reading]:
    return [event.reading for event in events if isinstance(event, ReadingReceived)]


def errors(events: list[CaptureEvent]) -> list[type[Exception]]:
    return [type(e.error) for e in events if isinstance(e, SessionFailed | RecordRefused)]


def values(reading: Reading) -> tuple[int, ...]:
    kinds = (
        QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
        QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
        QuantityKind.PULSE_RATE,
    )
    found = [reading.quantity(kind) for kind in kinds]
    return tuple(int(quantity.value) for quantity in found if quantity is not None)


# ── what must arrive ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("profile", [OMRON_HEM_7155T, OMRON_HEM_7322T, GENERIC_CUFF])
async def test_exactly_the_new_reading_is_new(meeting: Meeting, profile: CuffProfile) -> None:
    await cuff_with_backlog(meeting, profile)
    taken = readings(await one_session(radio_of(meeting)))
    assert [values(r) for r in taken if not r.stored] == [NEW]
    assert sorted(values(r) for r in taken if r.stored) == [THIS_MORNING, YESTERDAY]
    (new,) = (reading for reading in taken if not reading.stored)
    assert new.clock.trust is ClockTrust.DEVICE
    assert new.device is not None
    assert new.device.model == profile.model
    assert new.device.serial == "20261123-0001"


async def test_a_passkey_cuff_is_paired_and_its_new_reading_told_apart(meeting: Meeting) -> None:
    # The program leaves a BM54 alone for three seconds after connecting.
    patient = replace(BRISK, link_timeout_s=10.0)
    cuff = await cuff_with_backlog(meeting, BEURER_BM54, is_bonded=False, pace=patient)
    if meeting.bluez is None:  # there the operating system asks the person, not the program
        await meeting.seat(Person())
    events = await one_session(radio_of(meeting, typed=PASSKEY))
    assert [values(r) for r in readings(events) if not r.stored] == [NEW]
    assert len(readings(events)) == 3
    new = next(reading for reading in readings(events) if not reading.stored)
    assert new.quantity(QuantityKind.MEAN_ARTERIAL_PRESSURE) is None
    assert cuff.peripheral.has_bond


async def test_an_unpaired_cuff_is_paired_without_a_question(meeting: Meeting) -> None:
    cuff = await cuff_with_backlog(meeting, is_bonded=False)
    events = await one_session(radio_of(meeting))
    assert [values(r) for r in readings(events) if not r.stored] == [NEW]
    assert cuff.peripheral.has_bond


async def test_a_wrong_clock_is_corrected_by_what_the_cuff_shows(meeting: Meeting) -> None:
    clock = CuffClock(offset=timedelta(hours=-1))
    await cuff_with_backlog(meeting, clock=clock)
    taken = readings(await one_session(radio_of(meeting)))
    (new,) = (reading for reading in taken if not reading.stored)
    assert values(new) == NEW
    assert new.clock.trust is ClockTrust.CORRECTED
    assert new.clock.offset_s == pytest.approx(-3600, abs=2)
    assert new.measured_at is not None
    assert abs(new.measured_at - system_now()) < timedelta(seconds=15)


async def test_a_clock_never_set_leaves_the_reading_to_a_look_at_the_display(
    meeting: Meeting,
) -> None:
    clock = CuffClock(started_at=datetime.fromisoformat("2015-01-01T00:02:00"))
    cuff = meeting.cuff(OMRON_HEM_7322T, is_bonded=True, clock=clock)
    await cuff.measure(*NEW)
    (reading,) = readings(await one_session(radio_of(meeting)))
    assert values(reading) == NEW
    assert reading.needs_display_check


async def test_the_second_patient_gets_only_the_second_reading(meeting: Meeting) -> None:
    cuff = meeting.cuff(GENERIC_CUFF, is_bonded=True)
    radio = radio_of(meeting)
    listener = Listener(radio)
    await cuff.measure(*YESTERDAY)
    first = readings(await events_until(listen(radio, listener), is_end))
    await cuff.measure(*NEW)
    second = readings(await events_until(listen(radio, listener), is_end))
    assert [values(r) for r in first if not r.stored] == [YESTERDAY]
    assert [values(r) for r in second if not r.stored] == [NEW]


# ── what may go wrong ────────────────────────────────────────────────────────────────────────


async def test_a_link_lost_mid_transfer_keeps_what_came_and_the_next_gets_the_rest(
    meeting: Meeting,
) -> None:
    await cuff_with_backlog(meeting, faults=Faults(lose_link_mid_transfer=True, connections=1))
    radio = radio_of(meeting)

    def is_new(event: CaptureEvent) -> bool:
        return isinstance(event, ReadingReceived) and not event.reading.stored

    # A device that delivered is left alone for 20 s; here the second session is the next patient's.
    first = await events_until(listen(radio), is_end)
    second = await events_until(listen(radio), is_new)
    assert {values(r) for r in readings(first) + readings(second)} >= {YESTERDAY, NEW}
    assert [values(r) for r in readings(second) if not r.stored] == [NEW]


async def test_a_link_lost_before_any_record_is_told_and_tried_again(meeting: Meeting) -> None:
    await cuff_with_backlog(meeting, faults=Faults(lose_link_after_indications=0, connections=1))
    endings = 0

    def is_second_end(event: CaptureEvent) -> bool:
        nonlocal endings
        endings += is_end(event)
        return endings == 2

    events = await events_until(listen(radio_of(meeting)), is_second_end)
    assert errors(events) == [ConnectionLost]
    assert [values(r) for r in readings(events) if not r.stored] == [NEW]


async def test_a_link_lost_while_identifying_gives_no_reading(meeting: Meeting) -> None:
    cuff = await cuff_with_backlog(meeting, faults=Faults(lose_link_after_operations=2))
    events = await one_session(radio_of(meeting))
    assert errors(events) == [ConnectionLost]
    assert readings(events) == []
    assert len(cuff.memory.to_send()) == 3


async def test_refused_pairing_is_told(meeting: Meeting) -> None:
    await cuff_with_backlog(meeting, is_bonded=False, faults=Faults(refuse_pairing=True))
    events = await one_session(radio_of(meeting))
    assert errors(events) == [PairingRefused]
    assert readings(events) == []


async def test_a_person_who_gives_up_the_passkey_gets_no_reading(meeting: Meeting) -> None:
    await cuff_with_backlog(meeting, BEURER_BM54, is_bonded=False)
    events = await one_session(radio_of(meeting, typed=None))
    (error,) = errors(events)
    assert issubclass(error, PairingRefused)
    assert readings(events) == []


async def test_a_cuff_that_hangs_up_silently_is_told(meeting: Meeting) -> None:
    await cuff_with_backlog(
        meeting, faults=Faults(silent=True), pace=replace(BRISK, link_timeout_s=0.5)
    )
    events = await one_session(radio_of(meeting))
    assert errors(events) == [ConnectionLost]


async def test_a_cuff_that_stays_silent_is_told(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blood_pressure, "FIRST_RECORD_S", 0.3)
    await cuff_with_backlog(
        meeting, faults=Faults(silent=True), pace=replace(BRISK, link_timeout_s=30.0)
    )
    events = await one_session(radio_of(meeting))
    assert errors(events) == [DeviceSilent]


async def test_a_forgotten_bond_is_told_and_no_reading_lost(meeting: Meeting) -> None:
    cuff = await cuff_with_backlog(meeting, faults=Faults(bond_forgotten=True))
    events = await events_until(
        listen(radio_of(meeting)), lambda event: isinstance(event, SessionFailed)
    )
    assert readings(events) == []
    assert len(cuff.memory.to_send()) == 3


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(truncated_indication=0), Truncated),
        (Faults(malformed_indication=0), TrailingBytes),
        (Faults(failed_measurement=True), MeasurementFailed),
    ],
    ids=["truncated", "trailing", "not measured"],
)
async def test_a_record_that_cannot_be_trusted_is_refused(
    meeting: Meeting, faults: Faults, error: type[Exception]
) -> None:
    cuff = meeting.cuff(OMRON_HEM_7155T, is_bonded=True, faults=faults)
    await cuff.measure(*NEW)
    events = await one_session(radio_of(meeting))
    assert errors(events) == [error]
    assert readings(events) == []


async def test_an_indication_sent_twice_is_one_reading(meeting: Meeting) -> None:
    cuff = meeting.cuff(OMRON_HEM_7155T, is_bonded=True, faults=Faults(duplicated_indication=0))
    await cuff.measure(*NEW)
    taken = readings(await one_session(radio_of(meeting)))
    assert [values(r) for r in taken] == [NEW]


async def test_a_device_information_that_cannot_be_read_costs_no_reading(
    meeting: Meeting,
) -> None:
    serial = "00002a25-0000-1000-8000-00805f9b34fb"
    await cuff_with_backlog(meeting, faults=Faults(att_errors={serial: 0x0E}))
    taken = readings(await one_session(radio_of(meeting)))
    (new,) = (reading for reading in taken if not reading.stored)
    assert values(new) == NEW
    assert new.device is not None
    assert new.device.serial is None


@pytest.mark.parametrize(
    ("adapter", "reason"),
    [(Adapter.MISSING, RadioReason.NO_ADAPTER), (Adapter.OFF, RadioReason.POWERED_OFF)],
)
async def test_a_computer_without_working_bluetooth_says_why(
    meeting: Meeting, adapter: Adapter, reason: RadioReason
) -> None:
    meeting.room.adapter = adapter
    with pytest.raises(RadioUnavailable) as caught:
        await one_session(radio_of(meeting))
    assert caught.value.reason is reason


# ── what only a bus has ──────────────────────────────────────────────────────────────────────


async def test_no_bus_says_that_the_service_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(RadioUnavailable) as caught:
        await one_session(BleakRadio())
    assert caught.value.reason is RadioReason.NO_SERVICE


async def test_no_bluez_says_that_the_service_is_missing(bluez_bench: Meeting) -> None:
    assert bluez_bench.bluez is not None
    await bluez_bench.bluez.stop()
    with pytest.raises(RadioUnavailable) as caught:
        await one_session(BleakRadio())
    assert caught.value.reason is RadioReason.NO_SERVICE


async def test_a_connection_that_is_refused_twice_is_had_at_the_third(
    bluez_bench: Meeting,
) -> None:
    await cuff_with_backlog(bluez_bench, faults=Faults(refuse_connections=2))
    events = await one_session(BleakRadio())
    assert errors(events) == []
    assert [values(r) for r in readings(events) if not r.stored] == [NEW]


async def test_values_keep_the_precision_of_the_wire(meeting: Meeting) -> None:
    cuff = meeting.cuff(OMRON_HEM_7155T, is_bonded=True)
    await cuff.measure(*NEW)
    (reading,) = readings(await one_session(radio_of(meeting)))
    systolic = reading.quantity(QuantityKind.SYSTOLIC_BLOOD_PRESSURE)
    assert systolic is not None
    assert systolic.value.as_tuple() == Decimal(128).as_tuple()
