"""One conversation with a cuff, in virtual time: what is told, when it ends, what it leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from ble_encoding import blood_pressure, current_time
from ble_fakes import ADDRESS, FakeDevice, FakeLink, FakeRadio
from ble_time import VirtualNow, elapsed_s, run

from ohx_desktop.ble.assigned_numbers import (
    CURRENT_TIME,
    FIRMWARE_REVISION,
    INTERMEDIATE_CUFF_PRESSURE,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    SERIAL_NUMBER,
    uuid16,
)
from ohx_desktop.ble.drivers.blood_pressure import read_blood_pressure
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.seen_frames import SeenFrames
from ohx_desktop.ble.session import Conversation, converse
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceSilent,
    MeasurementFailed,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
    Truncated,
)
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading

START = datetime(2026, 11, 24, 10, 5, 30)
NOW = VirtualNow(START.astimezone())
LISTENING = object()


def in_s(seconds: float) -> datetime:
    """Return what a right clock shows so many seconds after the session began."""
    return (START + timedelta(seconds=seconds)).replace(microsecond=0)


def clock(offset_s: float = 0.0) -> Callable[[], bytes]:
    return lambda: current_time(START + timedelta(seconds=elapsed_s() + offset_s))


def conversation(**recognised: object) -> Conversation:
    seen = SeenFrames()
    return Conversation(
        address=ADDRESS,
        name="CUFF",
        recognised=Recognised(
            manufacturer="ACME",
            model="CUFF",
            driver="blood-pressure",
            **recognised,  # type: ignore[arg-type] # passed through
        ),
        session_began=NOW.start,
        now=NOW,
        first_met=lambda frame: seen.meet(LISTENING, ADDRESS, frame),
        listening=LISTENING,
    )


def events_of(
    device: FakeDevice, talk: Conversation | None = None
) -> list[tuple[float, CaptureEvent]]:
    """Return every event of one session with the second in which it was told."""

    async def listen() -> list[tuple[float, CaptureEvent]]:
        radio = FakeRadio(**{ADDRESS: device})
        told = []
        session = converse(radio, read_blood_pressure, talk or conversation())
        async with aclosing(session) as events:
            async for event in events:
                told += [(elapsed_s(), event)]
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
        return told

    told = run(listen())
    assert device.log[-1] == "disconnect" or device.refuses_connection
    return told


def readings(told: list[tuple[float, CaptureEvent]]) -> list[Reading]:
    return [event.reading for _, event in told if isinstance(event, ReadingReceived)]


def states(told: list[tuple[float, CaptureEvent]]) -> list[LinkState]:
    return [event.state for _, event in told if isinstance(event, StateChanged)]


def failures(told: list[tuple[float, CaptureEvent]]) -> list[type]:
    return [type(event.error) for _, event in told if isinstance(event, SessionFailed)]


def says(
    *frames: bytes, after_s: float = 1.0, gap_s: float = 0.1, leaves: bool = False
) -> Callable[[FakeLink], Awaitable[None]]:
    async def script(link: FakeLink) -> None:
        await asyncio.sleep(after_s)
        for frame in frames:
            link.say(frame)
            await asyncio.sleep(gap_s)
        if leaves:
            link.gone.set()

    return script


def test_a_reading_with_a_measured_clock_is_told_at_once() -> None:
    frame = blood_pressure(stamp=in_s(1), pulse=71, user=1, status=4)
    device = FakeDevice(
        script=says(frame),
        values={
            CURRENT_TIME: clock(),
            MANUFACTURER_NAME: b"ACME Medical\0",
            MODEL_NUMBER: b"C-1",
            SERIAL_NUMBER: b"A0042",
            FIRMWARE_REVISION: b"1.2",
        },
    )
    told = events_of(device)
    ((second, event),) = [item for item in told if isinstance(item[1], ReadingReceived)]
    assert isinstance(event, ReadingReceived)
    assert second < 1.5
    assert event.frames == (frame,)
    reading = event.reading
    assert not reading.stored
    assert not reading.needs_display_check
    assert reading.user_slot == 1
    assert reading.device is not None
    assert (reading.device.manufacturer, reading.device.model) == ("ACME Medical", "C-1")
    assert (reading.device.serial, reading.device.address) == ("A0042", ADDRESS)
    assert states(told) == [
        LinkState.CONNECTING,
        LinkState.IDENTIFYING,
        LinkState.RECEIVING,
        LinkState.ENDED,
    ]


def test_a_backlog_of_fourteen_is_stored_and_only_the_last_is_new() -> None:
    backlog = [blood_pressure(110 + n, 70, stamp=in_s(-86400 * (20 - n))) for n in range(14)]
    new = blood_pressure(150, 95, stamp=in_s(1))
    for values in ({}, {CURRENT_TIME: clock()}):
        told = events_of(FakeDevice(script=says(*backlog, new), values=dict(values)))
        assert [r.stored for r in readings(told)].count(False) == 1
        (fresh,) = [r for r in readings(told) if not r.stored]
        assert fresh.quantities[0].value == 150
        assert len(readings(told)) == 15


def test_the_newest_is_told_by_its_time_not_by_its_place() -> None:
    new = blood_pressure(150, 95, stamp=in_s(1))
    old = blood_pressure(120, 80, stamp=in_s(-86400))
    (fresh,) = [r for r in readings(events_of(FakeDevice(script=says(new, old)))) if not r.stored]
    assert fresh.quantities[0].value == 150


def test_a_record_sent_twice_is_one_reading() -> None:
    frame = blood_pressure(stamp=in_s(1))
    assert len(readings(events_of(FakeDevice(script=says(frame, frame, frame))))) == 1
    timeless = blood_pressure()
    (reading,) = readings(events_of(FakeDevice(script=says(timeless, timeless))))
    assert not reading.stored


def test_the_stream_ends_after_four_seconds_of_silence() -> None:
    told = events_of(FakeDevice(script=says(blood_pressure(stamp=in_s(1)), after_s=1.0)))
    assert told[-1][0] == pytest.approx(5.2, abs=0.3)
    assert failures(told) == []


def test_a_pause_shorter_than_that_is_not_the_end() -> None:
    frames = [blood_pressure(120 + n, stamp=in_s(n)) for n in range(3)]
    assert len(readings(events_of(FakeDevice(script=says(*frames, gap_s=3.9))))) == 3


def test_a_device_that_leaves_after_a_record_has_finished() -> None:
    frame = blood_pressure(stamp=in_s(1))
    told = events_of(FakeDevice(script=says(frame, gap_s=0.0, leaves=True)))
    assert failures(told) == []
    assert [r.stored for r in readings(told)] == [False]
    assert told[-1][0] < 2


def test_a_device_that_leaves_before_a_record_is_a_lost_connection() -> None:
    told = events_of(FakeDevice(script=says(leaves=True)))
    assert failures(told) == [ConnectionLost]
    assert states(told)[-1] is LinkState.ENDED


def test_a_link_lost_while_identifying_is_a_lost_connection() -> None:
    async def listen() -> list[CaptureEvent]:
        device = FakeDevice(values={MODEL_NUMBER: b"C-1"})
        radio = FakeRadio(**{ADDRESS: device})

        async def driver(link: object, talk: Conversation) -> None:
            assert isinstance(link, FakeLink)
            asyncio.get_running_loop().call_later(0.005, link.gone.set)
            await read_blood_pressure(link, talk)

        return [event async for event in converse(radio, driver, conversation())]

    told = run(listen())
    assert [type(e.error) for e in told if isinstance(e, SessionFailed)] == [ConnectionLost]


def test_a_silent_device_is_given_a_minute() -> None:
    told = events_of(FakeDevice())
    assert failures(told) == [DeviceSilent]
    assert told[-1][0] == pytest.approx(60, abs=1)


def test_a_cuff_connected_while_it_measures_is_waited_for_and_shows_progress() -> None:
    async def script(link: FakeLink) -> None:
        for _ in range(70):
            await asyncio.sleep(1)
            link.say(bytes.fromhex("009600ff07ff07"), INTERMEDIATE_CUFF_PRESSURE)
        link.say(blood_pressure(stamp=in_s(70)))

    device = FakeDevice(script=script, others=frozenset({INTERMEDIATE_CUFF_PRESSURE}))
    told = events_of(device)
    receiving = [second for second, event in told if getattr(event, "state", None) == "receiving"]
    assert receiving == [pytest.approx(1.3, abs=0.3)]
    (reading,) = readings(told)
    assert not reading.stored
    assert device.log.index("subscribe 2a36") < device.log.index("subscribe 2a35")


def test_a_device_that_never_stops_is_left_after_two_minutes() -> None:
    async def script(link: FakeLink) -> None:
        for n in range(1000):
            link.say(blood_pressure(100 + n % 100, 60, stamp=in_s(-n - 4000)))
            await asyncio.sleep(1)

    told = events_of(FakeDevice(script=script))
    assert told[-1][0] == pytest.approx(120, abs=1)
    assert failures(told) == []


def test_progress_alone_does_not_hold_the_radio_for_ever() -> None:
    async def script(link: FakeLink) -> None:
        while True:
            link.say(bytes.fromhex("009600ff07ff07"), INTERMEDIATE_CUFF_PRESSURE)
            await asyncio.sleep(0.5)

    told = events_of(FakeDevice(script=script, others=frozenset({INTERMEDIATE_CUFF_PRESSURE})))
    assert failures(told) == [DeviceSilent]
    assert told[-1][0] == pytest.approx(120, abs=1)


def test_empty_values_are_no_records() -> None:
    told = events_of(FakeDevice(script=says(b"", b"\x00", leaves=True)))
    assert failures(told) == [ConnectionLost]
    assert not [event for _, event in told if isinstance(event, RecordRefused)]


def test_a_refused_record_is_told_and_the_good_one_still_comes() -> None:
    good = blood_pressure(stamp=in_s(1))
    told = events_of(FakeDevice(script=says(good[:9], good)))
    (refused,) = [event for _, event in told if isinstance(event, RecordRefused)]
    assert isinstance(refused.error, Truncated)
    assert not refused.stored
    assert [reading.stored for reading in readings(told)] == [False]


def test_a_failed_measurement_is_told_and_is_no_lost_connection() -> None:
    failed = blood_pressure(b"\xff\x07", b"\xff\x07", stamp=in_s(1))
    told = events_of(FakeDevice(script=says(failed, leaves=True)))
    (refused,) = [event for _, event in told if isinstance(event, RecordRefused)]
    assert isinstance(refused.error, MeasurementFailed)
    assert failures(told) == []


def test_a_failed_measurement_of_last_week_is_marked_as_stored() -> None:
    failed = blood_pressure(b"\xff\x07", b"\xff\x07", stamp=in_s(-7 * 86400))
    told = events_of(FakeDevice(script=says(failed, blood_pressure(stamp=in_s(1)))))
    (refused,) = [event for _, event in told if isinstance(event, RecordRefused)]
    assert refused.stored


def test_a_device_that_wants_a_bond_is_paired_once_and_then_read() -> None:
    device = FakeDevice(wants_bond=True, script=says(blood_pressure(stamp=in_s(1))))
    told = events_of(device)
    assert len(readings(told)) == 1
    assert LinkState.PAIRING in states(told)
    assert device.log.count("pair") == 1


def test_refused_pairing_fails_the_session_and_is_not_tried_again() -> None:
    device = FakeDevice(wants_bond=True, refuses_pairing=True)
    told = events_of(device)
    assert failures(told) == [PairingRefused]
    assert device.log.count("pair") == 1


def test_a_bond_that_does_not_help_is_not_tried_for_ever() -> None:
    class Forgetful(FakeDevice):
        @property
        def bonded(self) -> bool:
            return False

        @bonded.setter
        def bonded(self, _: bool) -> None:
            """Forgets at once."""

    device = Forgetful(wants_bond=True)
    assert failures(events_of(device)) == [PairingRefused]
    assert device.log.count("pair") == 1


def test_a_passkey_device_is_paired_before_anything_is_asked() -> None:
    device = FakeDevice(script=says(blood_pressure(stamp=in_s(1))), values={MODEL_NUMBER: b"BM54"})
    events_of(device, conversation(pairs_first=True))
    assert device.log[:3] == ["connect", "pair", "read"]


def test_a_device_that_needs_rest_is_left_alone_before_subscribing() -> None:
    async def script(link: FakeLink) -> None:
        subscribed.append(elapsed_s())
        link.say(blood_pressure())

    subscribed: list[float] = []
    events_of(FakeDevice(script=script), conversation(settle_s=3.0))
    events_of(FakeDevice(script=script), conversation())
    assert subscribed == [pytest.approx(3, abs=0.1), pytest.approx(0.15, abs=0.1)]


def test_identity_and_clock_that_cannot_be_read_cost_no_reading() -> None:
    device = FakeDevice(
        silent_reads=True,
        values={MODEL_NUMBER: b"C-1", CURRENT_TIME: b""},
        script=says(blood_pressure(stamp=in_s(1))),
    )
    (reading,) = readings(events_of(device))
    assert reading.device is not None
    assert reading.device.model == "CUFF"
    assert reading.clock.offset_s is None


@pytest.mark.parametrize("broken", [b"", b"\x00" * 10, b"\xff" * 10, b"\x01" * 11])
def test_a_broken_clock_is_no_clock(broken: bytes) -> None:
    device = FakeDevice(values={CURRENT_TIME: broken}, script=says(blood_pressure(stamp=in_s(1))))
    (reading,) = readings(events_of(device))
    assert reading.clock.offset_s is None


def test_a_wrong_clock_is_measured_and_the_time_corrected() -> None:
    device = FakeDevice(
        values={CURRENT_TIME: clock(-3600)}, script=says(blood_pressure(stamp=in_s(1 - 3600)))
    )
    (reading,) = readings(events_of(device))
    assert reading.clock.trust == "corrected"
    assert reading.clock.offset_s == -3600.0
    assert reading.measured_at is not None
    assert abs(reading.measured_at - in_s(1).astimezone()) < timedelta(seconds=1)
    assert reading.clock.device == in_s(1 - 3600)


def test_a_device_without_the_measurement_is_refused() -> None:
    async def listen() -> list[CaptureEvent]:
        class Scale(FakeLink):
            @property
            def characteristics(self) -> frozenset[str]:
                return frozenset({uuid16(0x2A9D)})

        async def driver(_: object, talk: Conversation) -> None:
            await read_blood_pressure(Scale(FakeDevice()), talk)

        return [event async for event in converse(FakeRadio(), driver, conversation())]

    assert [type(e).__name__ for e in run(listen())][-2:] == ["SessionFailed", "StateChanged"]


def test_without_radio_the_session_raises() -> None:
    off = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    with pytest.raises(RadioUnavailable):
        events_of(FakeDevice(refuses_connection=off))


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.05, 0.5, 1.05, 3.0])
@pytest.mark.parametrize("how", ["close", "cancel"])
def test_a_session_stopped_anywhere_disconnects_and_leaves_no_task(
    after_s: float, how: str
) -> None:
    device = FakeDevice(
        values={MODEL_NUMBER: b"C-1", CURRENT_TIME: clock()},
        script=says(*(blood_pressure(120 + n, stamp=in_s(1)) for n in range(30))),
    )

    async def listen() -> None:
        radio = FakeRadio(**{ADDRESS: device})
        async with aclosing(converse(radio, read_blood_pressure, conversation())) as events:
            async for _ in events:
                if how == "close" and elapsed_s() >= after_s:
                    return

    async def stop() -> None:
        task = asyncio.create_task(listen())
        if how == "cancel":
            await asyncio.sleep(after_s)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(stop())
    assert device.log[-1:] in ([], ["disconnect"])
    assert device.log.count("connect") == device.log.count("disconnect")


def test_a_mean_pressure_of_zero_is_left_out() -> None:
    (reading,) = readings(events_of(FakeDevice(script=says(blood_pressure(mean=0, stamp=in_s(1))))))
    assert reading.quantity(QuantityKind.MEAN_ARTERIAL_PRESSURE) is None


def test_what_an_earlier_connection_of_this_listening_brought_shows_others_to_be_older() -> None:
    newest = blood_pressure(stamp=in_s(-120))
    older = blood_pressure(131, stamp=in_s(-300))
    talk = conversation()
    first = events_of(FakeDevice(script=says(newest)), talk)
    assert [reading.stored for reading in readings(first)] == [False]
    second = events_of(
        FakeDevice(script=says(newest, older)), replace(talk, events=asyncio.Queue())
    )
    assert [reading.stored for reading in readings(second)] == [True]
