"""Listening: who is answered, how often, and what is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from ble_encoding import blood_pressure
from ble_fakes import ADDRESS, FakeDevice, FakeLink, FakeRadio, advertisement
from ble_time import VirtualNow, elapsed_s, run

from ohx_desktop.ble.assigned_numbers import BEURER, MODEL_NUMBER
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.listening import Listener
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
        for station in stations:
            station.cancel()
        await asyncio.gather(*stations, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}
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
    async def off() -> None:
        radio = FakeRadio()
        radio.air.put_nowait(RadioUnavailable("off", reason=RadioReason.POWERED_OFF))
        await listen_for(5, radio, advertising=())

    with pytest.raises(RadioUnavailable):
        run(off())


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


def test_a_scan_that_ends_by_itself_is_a_radio_that_cannot_be_used() -> None:
    class Ending(FakeRadio):
        async def _heard(self) -> AsyncGenerator[Advertisement]:
            return
            yield

    with pytest.raises(RadioUnavailable):
        run(listen_for(5, Ending(), advertising=()))
