"""Listening: who is answered, how often, and what is told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from ble_encoding import blood_pressure
from ble_fakes import ADDRESS, FakeDevice, FakeLink, FakeRadio, advertisement
from ble_time import VirtualNow, elapsed_s, run

from ohx_desktop.ble.assigned_numbers import BEURER, MODEL_NUMBER
from ohx_desktop.ble.attending import AT_ONCE
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    RadioLost,
    ReadingReceived,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.farewells import PART_S
from ohx_desktop.ble.kept_scan import SETTLE_S
from ohx_desktop.ble.link import Advertisement, Link
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.session import FIRST_RECORD_S
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceNotFound,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
)
from ohx_desktop.domain.reading import Reading

START = datetime(2026, 11, 24, 10, 5, 30)
OTHER = "C8:0F:10:00:00:02"
LISTENING = StateChanged(state=LinkState.LISTENING)


def in_s(seconds: float) -> datetime:
    return (START + timedelta(seconds=seconds)).replace(microsecond=0)


async def on_the_air(radio: FakeRadio, every_s: float = 1.0, address: str = ADDRESS) -> None:
    while True:
        radio.air.put_nowait(advertisement(address))
        await asyncio.sleep(every_s)


async def listen_for(
    seconds: float,
    radio: FakeRadio,
    *,
    listener: Listener | None = None,
    advertising: tuple[str, ...] = (ADDRESS,),
    wanted: tuple[str, ...] = (ADDRESS, OTHER),
    session_began: datetime | None = None,
    beside: Sequence[asyncio.Task[None]] = (),
    is_left_clean: bool = True,
) -> list[CaptureEvent]:
    now = VirtualNow(START.astimezone())
    listener = listener or Listener(radio, now)
    told: list[CaptureEvent] = []
    stations = [asyncio.create_task(on_the_air(radio, address=a)) for a in advertising]
    try:
        async with asyncio.timeout(seconds):
            events = listener.listen(
                session_began=session_began or now(),
                wanted=lambda heard, _: heard.address in wanted,
            )
            async with aclosing(events):
                async for event in events:
                    told += [event]
    except TimeoutError:
        pass
    finally:
        stations += beside
        for station in stations:
            station.cancel()
        await asyncio.gather(*stations, return_exceptions=True)
    assert not is_left_clean or asyncio.all_tasks() == {asyncio.current_task()}
    assert not radio.scanning
    return told


def readings(told: list[CaptureEvent]) -> list[Reading]:
    return [event.reading for event in told if isinstance(event, ReadingReceived)]


def measuring(every_s: float = 60.0) -> FakeDevice:
    """Return a cuff that keeps every record and sends all of them at each connection."""

    async def script(link: FakeLink) -> None:
        for n in range(int(elapsed_s() // every_s) + 1):
            link.say(blood_pressure(120 + n, stamp=in_s(n * every_s)))
            await asyncio.sleep(0.1)

    return FakeDevice(script=script)


def test_a_device_that_goes_on_advertising_is_not_read_in_a_tight_loop() -> None:
    radio = FakeRadio(**{ADDRESS: measuring()})
    told = run(listen_for(58, radio))
    assert radio.connections <= 5
    assert len(readings(told)) == 1
    assert not [event for event in told if isinstance(event, SessionFailed)]


def test_a_new_measurement_a_minute_later_is_caught_and_old_ones_not_told_twice() -> None:
    told = run(listen_for(200, FakeRadio(**{ADDRESS: measuring()})))
    values = [reading.quantities[0].value for reading in readings(told)]
    assert values == [120, 121, 122, 123]
    assert not any(reading.stored for reading in readings(told))


def test_a_device_that_ran_dry_is_not_told_as_a_failure() -> None:
    async def script(link: FakeLink) -> None:
        if link.device.log.count("connect") == 1:
            link.say(blood_pressure(stamp=in_s(0)))
        else:
            link.gone.set()

    radio = FakeRadio(**{ADDRESS: FakeDevice(script=script)})
    told = run(listen_for(100, radio))
    assert not [event for event in told if isinstance(event, SessionFailed)]
    assert 5 <= radio.connections <= 11


class Noted:
    """An observer that writes down what it learns."""

    def __init__(self) -> None:
        self.heard_of: set[str] = set()
        self.told_of: list[tuple[str, CaptureEvent]] = []

    def heard(self, advertisement: Advertisement) -> None:
        self.heard_of.add(advertisement.address)

    def told(self, address: str, event: CaptureEvent) -> None:
        self.told_of.append((address, event))


def test_an_observer_learns_who_is_heard_and_what_a_person_is_told() -> None:
    async def script(link: FakeLink) -> None:
        if link.device.log.count("connect") == 1:
            link.say(blood_pressure(stamp=in_s(0)))
        else:
            link.gone.set()  # a device that ran dry did not fail

    noted = Noted()
    radio = FakeRadio(**{ADDRESS: FakeDevice(script=script)})
    listener = Listener(radio, VirtualNow(START.astimezone()), observer=noted)
    air = (ADDRESS, OTHER)
    told = run(listen_for(60, radio, listener=listener, advertising=air, wanted=(ADDRESS,)))
    assert noted.heard_of == {ADDRESS, OTHER}
    listening = StateChanged(state=LinkState.LISTENING)
    assert noted.told_of == [(ADDRESS, event) for event in told if event != listening]
    assert readings(told)


def test_a_failed_session_is_told_and_tried_again_ever_more_slowly() -> None:
    device = FakeDevice(refuses_connection=ConnectionLost("gone"))
    radio = FakeRadio(**{ADDRESS: device})
    told = run(listen_for(120, radio))
    assert [type(e.error) for e in told if isinstance(e, SessionFailed)][:2] == [
        ConnectionLost,
        ConnectionLost,
    ]
    assert 5 <= radio.connections <= 9


def test_a_device_that_recovers_is_read() -> None:
    async def recover() -> list[CaptureEvent]:
        device = measuring()
        device.refuses_connection = ConnectionLost("gone")

        def heal() -> None:
            device.refuses_connection = None

        asyncio.get_running_loop().call_later(5, heal)
        return await listen_for(30, FakeRadio(**{ADDRESS: device}))

    assert len(readings(run(recover()))) == 1


def test_only_wanted_devices_are_connected() -> None:
    strangers = FakeDevice()
    radio = FakeRadio(**{ADDRESS: measuring(), OTHER: strangers})
    told = run(listen_for(20, radio, advertising=(OTHER, ADDRESS), wanted=(ADDRESS,)))
    assert strangers.log == []
    assert len(readings(told)) == 1


def test_a_failing_device_does_not_keep_another_one_out() -> None:
    failing = FakeDevice(refuses_connection=ConnectionLost("gone"))
    radio = FakeRadio(**{OTHER: failing, ADDRESS: measuring()})
    told = run(listen_for(20, radio, advertising=(OTHER, ADDRESS)))
    assert len(readings(told)) == 1


def test_without_radio_listening_ends_with_the_reason() -> None:
    radio = FakeRadio()
    radio.unavailable = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    with pytest.raises(RadioUnavailable):
        run(listen_for(5, radio, advertising=()))


def test_listening_says_so_before_anything_is_heard() -> None:
    told = run(listen_for(5, FakeRadio(), advertising=()))
    assert told == [StateChanged(state=LinkState.LISTENING)]


def test_what_one_patients_session_met_is_stored_in_the_next_one() -> None:
    async def script(link: FakeLink) -> None:
        link.say(blood_pressure())  # a cuff without a clock that sends its last value each time

    async def two_patients() -> tuple[list[Reading], list[Reading]]:
        radio = FakeRadio(**{ADDRESS: FakeDevice(script=script)})
        now = VirtualNow(START.astimezone())
        listener = Listener(radio, now)
        first = await listen_for(10, radio, listener=listener)
        second = await listen_for(10, radio, listener=listener, session_began=now())
        return readings(first), readings(second)

    first, second = run(two_patients())
    assert [reading.stored for reading in first] == [False]
    assert [reading.stored for reading in second] == [True]


def test_a_fast_clock_is_found_out_by_the_record_an_earlier_session_met() -> None:
    ahead = blood_pressure(stamp=in_s(20))  # stamped in a future that the next session reaches

    async def script(link: FakeLink) -> None:
        link.say(ahead)

    async def two_patients() -> list[Reading]:
        radio = FakeRadio(**{ADDRESS: FakeDevice(script=script)})
        now = VirtualNow(START.astimezone())
        listener = Listener(radio, now)
        await listen_for(10, radio, listener=listener)
        began = now()
        await asyncio.sleep(20)
        return readings(await listen_for(10, radio, listener=listener, session_began=began))

    assert [reading.stored for reading in run(two_patients())] == [True]


def test_discover_gives_each_supported_device_once_the_nearest_first() -> None:
    async def discover() -> list[tuple[Advertisement, str | None]]:
        radio = FakeRadio()
        for heard in (
            Advertisement(address=OTHER, name="HEADPHONES", rssi=-20),
            advertisement(),
            Advertisement(
                address=ADDRESS, name="BM54", rssi=-40, manufacturer_data={BEURER: b"\1"}
            ),
            advertisement("C8:0F:10:00:00:03", name="HEM-7155T"),
        ):
            radio.air.put_nowait(heard)
        found = await Listener(radio).discover(3)
        everything = await Listener(FakeRadio()).discover(1, include_unsupported=True)
        assert everything == []
        assert elapsed_s() == pytest.approx(4, abs=0.1)
        return [(heard, recognised.model if recognised else None) for heard, recognised in found]

    found = run(discover())
    assert [(heard.address, heard.rssi, model) for heard, model in found] == [
        (ADDRESS, -40, "BM54"),
        ("C8:0F:10:00:00:03", -60, "HEM-7155T"),
    ]


def test_a_chosen_device_is_paired_and_asked_who_it_is() -> None:
    async def identify() -> None:
        device = FakeDevice(values={MODEL_NUMBER: b"C-1"})
        radio = FakeRadio(**{ADDRESS: device})
        radio.air.put_nowait(advertisement(OTHER))
        radio.air.put_nowait(advertisement())
        identity, driver = await Listener(radio).identify(ADDRESS, deadline_s=30)
        assert (identity.model, identity.address, driver) == ("C-1", ADDRESS, "blood-pressure")
        assert device.log == ["connect", "pair", "read", "disconnect"]

    run(identify())


def test_a_chosen_device_that_is_absent_or_refuses_is_named() -> None:
    async def absent() -> None:
        await Listener(FakeRadio()).identify(ADDRESS, deadline_s=30)

    async def refusing() -> None:
        radio = FakeRadio(**{ADDRESS: FakeDevice(refuses_pairing=True)})
        radio.air.put_nowait(advertisement())
        await Listener(radio).identify(ADDRESS, deadline_s=30)

    with pytest.raises(DeviceNotFound):
        run(absent())
    with pytest.raises(PairingRefused):
        run(refusing())


# ── a radio that comes and goes ──────────────────────────────────────────────────────────────


def lost(told: list[CaptureEvent]) -> list[RadioReason]:
    return [event.error.reason for event in told if isinstance(event, RadioLost)]


def gone(reason: RadioReason = RadioReason.POWERED_OFF) -> RadioUnavailable:
    return RadioUnavailable("gone", reason=reason)


async def lose(radio: FakeRadio, at_s: float, error: RadioUnavailable) -> None:
    await asyncio.sleep(at_s)
    radio.unavailable = error
    radio.air.put_nowait(error)


async def regain(radio: FakeRadio, at_s: float) -> None:
    await asyncio.sleep(at_s)
    radio.unavailable = None


async def listen_while(
    seconds: float, radio: FakeRadio, *happenings: Coroutine[None, None, None], **options: Any
) -> list[CaptureEvent]:
    beside = [asyncio.create_task(happening) for happening in happenings]
    return await listen_for(seconds, radio, beside=beside, **options)


def test_a_lost_radio_is_told_once_looked_for_ever_more_rarely_and_used_again() -> None:
    radio = FakeRadio(**{ADDRESS: measuring(every_s=1000.0)})
    happenings = lose(radio, 5, gone()), regain(radio, 600)
    told = run(listen_while(700, radio, *happenings, advertising=()))
    assert [type(event) for event in told] == [StateChanged, RadioLost, StateChanged]
    assert told[0] == told[2] == LISTENING
    assert 55 < radio.scans < 75


def test_another_reason_is_told_anew() -> None:
    radio = FakeRadio()
    happenings = lose(radio, 5, gone()), lose(radio, 60, gone(RadioReason.NO_ADAPTER))
    told = run(listen_while(100, radio, *happenings, advertising=()))
    assert lost(told) == [RadioReason.POWERED_OFF, RadioReason.NO_ADAPTER]


def test_one_unexplained_failure_is_nobodys_concern_and_two_are_told() -> None:
    async def hiccup(radio: FakeRadio) -> None:
        await asyncio.sleep(5)
        radio.air.put_nowait(gone(RadioReason.UNKNOWN))

    once, lasting = FakeRadio(), FakeRadio()
    assert lost(run(listen_while(60, once, hiccup(once), advertising=()))) == []
    happenings = (lose(lasting, 5, gone(RadioReason.UNKNOWN)),)
    told = run(listen_while(60, lasting, *happenings, advertising=()))
    assert lost(told) == [RadioReason.UNKNOWN]


def test_a_change_that_the_system_tells_is_acted_on_at_once() -> None:
    async def come_back(radio: FakeRadio) -> None:
        await asyncio.sleep(301)
        radio.unavailable = None
        radio.changed.set()

    async def when_listening() -> float:
        radio = FakeRadio()
        told_s: list[float] = []

        async def watch() -> None:
            while radio.unavailable is None:
                await asyncio.sleep(1)
            while not radio.scanning:
                await asyncio.sleep(0.05)
            told_s.append(elapsed_s())

        await listen_while(
            400, radio, lose(radio, 5, gone()), come_back(radio), watch(), advertising=()
        )
        return told_s[0]

    assert run(when_listening()) == pytest.approx(301 + SETTLE_S, abs=0.2)


def test_a_scan_is_begun_anew_after_a_change_and_every_hour_without_a_word() -> None:
    async def change(radio: FakeRadio) -> None:
        await asyncio.sleep(100)
        radio.changed.set()

    radio = FakeRadio()
    told = run(listen_while(3 * 3600, radio, change(radio), advertising=()))
    assert told == [LISTENING]
    assert radio.scans == 4


def test_a_scan_that_ends_by_itself_is_begun_anew() -> None:
    class Ending(FakeRadio):
        async def _heard(self) -> AsyncGenerator[Advertisement]:
            if self.scans > 2:
                yield advertisement()
                await asyncio.sleep(1e6)

    radio = Ending(**{ADDRESS: measuring()})
    assert len(readings(run(listen_for(30, radio, advertising=())))) == 1


def test_a_session_that_lost_the_radio_has_it_looked_at() -> None:
    radio = FakeRadio(**{ADDRESS: FakeDevice(refuses_connection=gone(RadioReason.NO_SERVICE))})
    told = run(listen_for(1.9, radio))
    assert [event.address for event in told if isinstance(event, SessionFailed)] == [ADDRESS]
    assert told[-1] == LISTENING
    assert radio.scans == 2


# ── several devices ──────────────────────────────────────────────────────────────────────────


def silent() -> FakeDevice:
    async def script(_: FakeLink) -> None:
        await asyncio.sleep(1e6)

    return FakeDevice(script=script)


def test_a_silent_device_holds_up_nobody() -> None:
    radio = FakeRadio(**{OTHER: silent(), ADDRESS: measuring()})
    told = run(listen_for(20, radio, advertising=(OTHER, ADDRESS)))
    assert len(readings(told)) == 1
    assert StateChanged(state=LinkState.ENDED, address=OTHER, name="CUFF") not in told


def test_no_more_than_three_devices_are_talked_to_at_once() -> None:
    addresses = tuple(f"C8:0F:10:00:00:1{n}" for n in range(6))
    radio = FakeRadio(**{address: silent() for address in addresses})
    told = run(listen_for(50, radio, advertising=addresses, wanted=addresses))
    assert radio.connections == AT_ONCE
    assert LISTENING not in told[1:]


def test_a_device_that_had_to_wait_is_read_when_a_turn_is_free_though_heard_once() -> None:
    async def heard_once(radio: FakeRadio) -> None:
        await asyncio.sleep(FIRST_RECORD_S - 5.0)
        radio.air.put_nowait(advertisement(ADDRESS))

    others = tuple(f"C8:0F:10:00:00:1{n}" for n in range(AT_ONCE))
    radio = FakeRadio(**{ADDRESS: measuring(1e6), **{address: silent() for address in others}})
    happenings = (heard_once(radio),)
    options = {"advertising": others, "wanted": (ADDRESS, *others)}
    told = run(listen_while(FIRST_RECORD_S + 10, radio, *happenings, **options))
    assert len(readings(told)) == 1


def test_a_fault_of_this_program_is_reported_and_costs_no_other_device_its_reading() -> None:
    def fails() -> bytes:
        raise ZeroDivisionError

    broken = FakeDevice(values={MODEL_NUMBER: fails})
    reported: list[object] = []

    async def listen() -> list[CaptureEvent]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        radio = FakeRadio(**{OTHER: broken, ADDRESS: measuring()})
        return await listen_for(8, radio, advertising=(OTHER, ADDRESS))

    told = run(listen())
    assert len(readings(told)) == 1
    assert {type(bug) for bug in reported} == {ZeroDivisionError}
    assert {event.address for event in told if isinstance(event, SessionFailed)} == {OTHER}


def test_a_device_that_is_told_goodbye_is_left_alone_until_that_is_over() -> None:
    class Slow(FakeRadio):
        """Takes ten seconds to disconnect, and hears the device meanwhile."""

        @asynccontextmanager
        async def _connect(self, address: str) -> AsyncIterator[Link]:
            async with super()._connect(address) as link:
                try:
                    yield link
                finally:
                    await asyncio.sleep(10.0)

    async def two_patients() -> None:
        radio = Slow(**{ADDRESS: silent()})
        listener = Listener(radio, VirtualNow(START.astimezone()))
        await listen_for(5, radio, listener=listener, is_left_clean=False)
        assert elapsed_s() == pytest.approx(5 + PART_S)
        assert radio.connections == 1
        await listen_for(6, radio, listener=listener, is_left_clean=False)
        assert radio.connections == 1
        await listen_for(6, radio, listener=listener, is_left_clean=False)
        assert radio.connections == 2
        await listener.close(1.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(two_patients())
