"""A scripted device behind a link, which breaks, falls silent or wants a bond where a test says."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ble_fakes import ADDRESS, FakeRadio
from ble_time import VirtualNow, elapsed_s, run

from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.dialogue import Heard, Read, Subscribe, Unsubscribe, Write
from ohx_desktop.ble.drivers import read_device
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.link import Advertisement, Link
from ohx_desktop.ble.registry import recognise
from ohx_desktop.ble.seen_frames import SeenFrames
from ohx_desktop.ble.session import Conversation, converse
from ohx_desktop.domain.errors import ConnectionLost, DeviceError, PairingRefused
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading

START = datetime(2026, 11, 24, 10, 5, 30)
NOW = VirtualNow(START.astimezone())
LISTENING = object()
Told = list[tuple[float, CaptureEvent]]


@dataclass
class Device:
    """`take` and `outbox` are a peer's: what a step does, and what it has to say.

    After exchange `lose_at` the link is gone, after exchange `mute_at` nothing is answered and
    nothing said; with `leaves` the silent device also goes away.
    """

    take: Callable[[Any], Any]
    outbox: deque[Heard]
    services: frozenset[str]
    characteristics: frozenset[str]
    values: dict[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    lose_at: int | None = None
    mute_at: int | None = None
    leaves: bool = False
    wants_bond: bool = False
    refuses_pairing: bool = False
    bonded: bool = False
    exchanges: int = 0
    log: list[str] = field(default_factory=list)


class PeerLink:
    def __init__(self, device: Device) -> None:
        self.address = ADDRESS
        self.device = device
        self.gone = asyncio.Event()
        self._subscribers: dict[str, Callable[[bytes], None]] = {}
        self._leaving: list[asyncio.Future[None]] = []

    @property
    def services(self) -> frozenset[str]:
        return self.device.services

    @property
    def characteristics(self) -> frozenset[str]:
        return self.device.characteristics | frozenset(self.device.values)

    async def pair(self) -> None:
        self.device.log.append("pair")
        if self.device.refuses_pairing:
            raise PairingRefused("the device refused")
        self.device.bonded = True

    async def read(self, characteristic: str) -> bytes:
        await self._exchange("read")
        if characteristic in self.device.values:
            value = self.device.values[characteristic]
            return value() if callable(value) else value
        answer = self.device.take(Read(characteristic))
        if not isinstance(answer, Heard):
            raise DeviceError("read not permitted")
        return answer.value

    async def write(self, characteristic: str, value: bytes, *, with_response: bool = True) -> None:
        await self._exchange("write")
        if not self._is_mute:
            self.device.take(Write(characteristic, value, with_response))
        self._deliver()

    async def subscribe(self, characteristic: str, on_value: Callable[[bytes], None]) -> None:
        await self._exchange("subscribe")
        self._subscribers[characteristic] = on_value
        self.device.take(Subscribe(characteristic))
        self._deliver()

    async def unsubscribe(self, characteristic: str) -> None:
        await self._exchange("unsubscribe")
        self._subscribers.pop(characteristic)
        self.device.take(Unsubscribe(characteristic))

    async def wait_disconnected(self) -> None:
        await self.gone.wait()

    async def close(self) -> None:
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        self.device.log.append("disconnect")

    @property
    def _is_mute(self) -> bool:
        return self.device.mute_at is not None and self.device.exchanges >= self.device.mute_at

    def _deliver(self) -> None:
        while self.device.outbox:
            heard = self.device.outbox.popleft()
            if heard.characteristic in self._subscribers and not self._is_mute:
                self._subscribers[heard.characteristic](heard.value)

    async def _exchange(self, what: str) -> None:
        device = self.device
        device.log.append(what)
        await asyncio.sleep(0.01)
        device.exchanges += 1
        if device.exchanges == device.lose_at:
            self.gone.set()
        if device.exchanges == device.mute_at and device.leaves:
            self._leaving.append(asyncio.ensure_future(self._leave()))
        if self.gone.is_set():
            raise ConnectionLost("gone")
        if device.wants_bond and not device.bonded:
            raise PairingRefused("wants a bond")

    async def _leave(self) -> None:
        await asyncio.sleep(0.7)
        self.gone.set()


class PeerRadio(FakeRadio):
    def __init__(self, device: Device) -> None:
        super().__init__()
        self.device = device

    def connect(self, address: str, *, deadline_s: float) -> AbstractAsyncContextManager[Link]:
        return self._connected()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Link]:
        link = PeerLink(self.device)
        self.device.log.append("connect")
        try:
            yield link
        finally:
            await link.close()


def conversation(advertisement: Advertisement, secret: str | None = None) -> Conversation:
    recognised = recognise(advertisement)
    assert recognised is not None
    seen = SeenFrames()
    secrets = VolatileSecrets()
    if secret is not None:
        secrets._secrets[ADDRESS] = secret
    return Conversation(
        address=ADDRESS,
        name=advertisement.name,
        recognised=recognised,
        session_began=NOW.start,
        now=NOW,
        first_met=lambda frame: seen.meet(LISTENING, ADDRESS, frame),
        listening=LISTENING,
        secrets=secrets,
    )


def told_by(
    device: Device,
    talk: Conversation,
    driver: Callable[[Link, Conversation], Awaitable[None]] = read_device,
) -> Told:
    """Return every event of one session, and check that it leaves nothing behind."""

    async def listen() -> Told:
        told: Told = []
        async with aclosing(converse(PeerRadio(device), driver, talk)) as events:
            async for event in events:
                told += [(elapsed_s(), event)]
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
        return told

    told = run(listen())
    last = told[-1][1]
    assert isinstance(last, StateChanged)
    assert last.state is LinkState.ENDED
    assert device.log[-1] == "disconnect"
    return told


def stopped_after(seconds: float, device: Device, talk: Conversation) -> None:
    """Cancel a session after so many seconds and wait until it is over."""

    async def stop() -> None:
        async def listen() -> None:
            async with aclosing(converse(PeerRadio(device), read_device, talk)) as events:
                async for _ in events:
                    pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"

    run(stop())
    assert device.log.count("connect") == device.log.count("disconnect")


def readings(told: Told) -> list[Reading]:
    return [event.reading for _, event in told if isinstance(event, ReadingReceived)]


def new(told: Told) -> list[tuple[str, ...]]:
    return [values(reading) for reading in readings(told) if not reading.stored]


def stored(told: Told) -> list[tuple[str, ...]]:
    return sorted(values(reading) for reading in readings(told) if reading.stored)


def refusals(told: Told) -> list[RecordRefused]:
    return [event for _, event in told if isinstance(event, RecordRefused)]


def failures(told: Told) -> list[type]:
    return [type(event.error) for _, event in told if isinstance(event, SessionFailed)]


def values(reading: Reading) -> tuple[str, ...]:
    kinds = (
        QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
        QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
        QuantityKind.PULSE_RATE,
        QuantityKind.BODY_WEIGHT,
        QuantityKind.BODY_TEMPERATURE,
        QuantityKind.OXYGEN_SATURATION,
        QuantityKind.BLOOD_GLUCOSE,
    )
    found = [reading.quantity(kind) for kind in kinds]
    return tuple(str(quantity.value) for quantity in found if quantity is not None)
