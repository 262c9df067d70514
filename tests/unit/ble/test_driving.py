"""Running a dialogue: each step has a deadline, and whoever leaves early still says goodbye."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from ble_fakes import ADDRESS, FakeDevice, FakeLink, advertisement
from ble_time import elapsed_s, run
from driver_fakes import conversation

from ohx_desktop.ble.dialogue import (
    Dialogue,
    Pair,
    Pause,
    Subscribe,
    Write,
    hear,
    host_time,
    read,
)
from ohx_desktop.ble.driving import LEAVE_S, PAIR_STEP_S, STEP_S, drive
from ohx_desktop.ble.events import LinkState, StateChanged
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    OhxError,
    PairingRefused,
)

HELLO, BYE, VALUE = "hello", "bye", "00002a24-0000-1000-8000-00805f9b34fb"


class Hanging(FakeLink):
    """Never answers what is in `hangs`."""

    hangs: frozenset[str] = frozenset()

    async def _exchange(self, what: str) -> None:
        if what.split(maxsplit=1)[0] in self.hangs:
            self.device.log.append(what)
            await asyncio.sleep(1e6)
        await super()._exchange(what)

    async def pair(self) -> None:
        if "pair" in self.hangs:
            await asyncio.sleep(1e6)
        await super().pair()


def link(*hangs: str, **device: Any) -> Hanging:
    made = Hanging(FakeDevice(**device), ADDRESS)
    made.hangs = frozenset(hangs)
    return made


def politely(body: Callable[[], Dialogue[Any]]) -> Dialogue[Any]:
    """Run a body, and say goodbye (a read of the model) when it fails while the link is up."""
    try:
        return (yield from body())
    except ConnectionLost:
        raise
    except OhxError:
        with suppress(DeviceError):
            yield Subscribe(BYE)
        raise


def driven(made: FakeLink, body: Callable[[], Dialogue[Any]], **options: Any) -> Any:
    async def drive_it() -> Any:
        try:
            return await drive(made, politely(body), conversation(advertisement()), **options)
        finally:
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return run(drive_it())


def said_goodbye(made: FakeLink) -> bool:
    return f"subscribe {BYE[4:8]}" in made.device.log


def silence() -> Dialogue[list[object]]:
    first = yield from hear(3.0)
    second = yield from hear(2.0)
    return [first, second]


def test_silence_is_no_error_of_the_runner() -> None:
    assert driven(link(), silence) == [None, None]


def test_values_wait_in_the_order_they_came_and_the_first_one_is_told() -> None:
    def body() -> Dialogue[list[bytes]]:
        yield Subscribe(HELLO)
        made.say(b"1", HELLO)
        made.say(b"2", HELLO)
        yield Pause(1.0)
        first = yield from hear(1.0)
        second = yield from hear(1.0)
        return [one.value for one in (first, second) if one is not None]

    made = link()
    assert driven(made, body) == [b"1", b"2"]


def test_the_first_value_tells_that_the_device_is_sending() -> None:
    def body() -> Dialogue[None]:
        yield Subscribe(HELLO)
        made.say(b"1", HELLO)
        yield from hear(1.0)

    made, talk = link(), conversation(advertisement())

    async def drive_it() -> StateChanged:
        await drive(made, body(), talk)
        event = talk.events.get_nowait()
        assert isinstance(event, StateChanged)
        return event

    assert run(drive_it()).state is LinkState.RECEIVING


@pytest.mark.parametrize("step", [Write(HELLO, b"1"), Subscribe(HELLO), Pair()])
def test_a_step_that_is_never_answered_ends_in_time_and_with_a_goodbye(step: Any) -> None:
    def body() -> Dialogue[None]:
        yield step

    made = link("write", "pair") if not isinstance(step, Subscribe) else link("subscribe")

    async def drive_it() -> float:
        with pytest.raises(DeviceSilent):
            await drive(made, politely(body), conversation(advertisement()))
        return elapsed_s()

    assert run(drive_it()) <= max(PAIR_STEP_S, 2 * STEP_S) + 1
    assert isinstance(step, Subscribe) or said_goodbye(made)


def test_a_session_that_takes_too_long_is_left_with_a_goodbye() -> None:
    def endless() -> Dialogue[None]:
        while True:
            yield from hear(1.0)

    made = link()
    with pytest.raises(DeviceSilent):
        driven(made, endless, session_s=30.0)
    assert said_goodbye(made)


def test_a_goodbye_that_hangs_is_given_up() -> None:
    async def stop() -> float:
        def endless() -> Dialogue[None]:
            while True:
                yield from hear(10.0)

        talk = conversation(advertisement())
        driving = asyncio.create_task(drive(link("subscribe"), politely(endless), talk))
        await asyncio.sleep(5)
        driving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await driving
        return elapsed_s()

    assert run(stop()) == pytest.approx(5 + LEAVE_S)


def test_a_link_that_is_gone_ends_a_wait_at_once_and_needs_no_goodbye() -> None:
    async def lose() -> float:
        made = link()
        driving = asyncio.create_task(drive(made, politely(silence), conversation(advertisement())))
        await asyncio.sleep(1)
        made.gone.set()
        with pytest.raises(ConnectionLost):
            await driving
        assert not said_goodbye(made)
        return elapsed_s()

    assert run(lose()) == pytest.approx(1)


def test_a_bond_that_is_wanted_is_made_once_and_its_refusal_is_told() -> None:
    def body() -> Dialogue[None]:
        yield Subscribe(HELLO)

    made = link(wants_bond=True)
    driven(made, body)
    assert made.device.log.count("pair") == 1
    with pytest.raises(PairingRefused):
        driven(link(wants_bond=True, refuses_pairing=True), body)


def test_what_a_device_keeps_to_itself_is_read_as_none() -> None:
    def body() -> Dialogue[list[bytes | None]]:
        yield from host_time()
        missing = yield from read(HELLO)
        given = yield from read(VALUE)
        return [missing, given]

    assert driven(link(values={VALUE: b"C-1"}), body) == [None, b"C-1"]
    assert driven(link(values={VALUE: b"C-1"}, silent_reads=True), body) == [None, None]
