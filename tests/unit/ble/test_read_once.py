"""Reading a device once: when it is over, and what a person must know of it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    RadioLost,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.read_once import read_once
from ohx_desktop.domain.device import ClockTrust, DeviceClock
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceNotFound,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
    Truncated,
)
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENDED = StateChanged(state=LinkState.ENDED)


def received(*, stored: bool) -> ReadingReceived:
    quantity = Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE)
    reading = Reading(
        source=Source.BLUETOOTH,
        device=None,
        measured_at=NOON,
        received_at=NOON,
        clock=DeviceClock(trust=ClockTrust.DEVICE),
        quantities=(quantity,),
        stored=stored,
    )
    return ReadingReceived(reading=reading, frames=(b"",))


NEW, OLD = received(stored=False), received(stored=True)


async def read(
    *events: CaptureEvent, include_stored: bool = False, deadline_s: float = 0.05
) -> list[CaptureEvent]:
    closed = False

    async def heard() -> AsyncGenerator[CaptureEvent]:
        nonlocal closed
        try:
            for event in events:
                yield event
            await asyncio.Event().wait()
        finally:
            closed = True

    told: list[CaptureEvent] = []
    try:
        await read_once(
            heard(), include_stored=include_stored, deadline_s=deadline_s, on_event=told.append
        )
    finally:
        assert closed, "the radio listens on"
    return told


async def test_a_new_reading_ends_with_its_session() -> None:
    assert await read(OLD, NEW, ENDED) == [NEW, ENDED]


async def test_stored_ones_are_told_when_asked_for() -> None:
    assert await read(OLD, ENDED, include_stored=True) == [OLD, ENDED]


async def test_only_stored_ones_are_no_reading() -> None:
    with pytest.raises(DeviceNotFound, match="2 older records"):
        await read(OLD, OLD, ENDED)


async def test_silence_is_told() -> None:
    with pytest.raises(DeviceNotFound, match="no new measurement"):
        await read()


async def test_a_failed_session_is_forgiven_by_the_next_one() -> None:
    failed = SessionFailed(error=ConnectionLost("lost"))
    assert NEW in await read(failed, ENDED, NEW, ENDED)
    with pytest.raises(ConnectionLost):
        await read(failed, ENDED)


async def test_a_refused_pairing_is_told_at_once() -> None:
    with pytest.raises(PairingRefused):
        await read(SessionFailed(error=PairingRefused("refused")), NEW, ENDED)


async def test_a_refused_record_is_told_even_beside_a_good_one() -> None:
    with pytest.raises(Truncated):
        await read(NEW, RecordRefused(error=Truncated("short")), ENDED)


async def test_a_refused_old_record_is_nobodys_concern() -> None:
    old = RecordRefused(error=Truncated("short"), stored=True)
    assert await read(old, NEW, ENDED) == [NEW, ENDED]


def of(address: str, state: LinkState) -> StateChanged:
    return StateChanged(state=state, address=address)


async def test_what_another_device_still_sends_is_waited_for() -> None:
    beginning = of("A", LinkState.CONNECTING), of("B", LinkState.CONNECTING)
    ending = of("A", LinkState.ENDED), OLD, NEW, of("B", LinkState.ENDED)
    told = await read(*beginning, NEW, *ending, of("A", LinkState.CONNECTING))
    assert told == [*beginning, NEW, ending[0], NEW, ending[3]]


async def test_a_silent_device_beside_it_does_not_keep_a_reading_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ohx_desktop.ble.read_once.OTHERS_S", 0.01)
    events = [of("A", LinkState.CONNECTING), of("B", LinkState.IDENTIFYING), NEW]
    assert await read(*events, of("A", LinkState.ENDED), deadline_s=60.0) == [
        *events,
        of("A", LinkState.ENDED),
    ]


async def test_a_device_that_refuses_to_pair_does_not_cut_another_one_off() -> None:
    refused = SessionFailed(error=PairingRefused("refused"), address="B")
    beginning = of("A", LinkState.CONNECTING), of("B", LinkState.CONNECTING)
    told = await read(*beginning, refused, of("B", LinkState.ENDED), NEW, of("A", LinkState.ENDED))
    assert NEW in told


async def test_a_radio_that_stays_lost_is_the_reason_in_the_end() -> None:
    off = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    with pytest.raises(RadioUnavailable):
        await read(StateChanged(state=LinkState.LISTENING), RadioLost(error=off))
