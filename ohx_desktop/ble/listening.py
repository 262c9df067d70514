"""Listening for the devices of this workstation: scan, talk to the one that calls, scan again.

One device at a time: adapters connect poorly while they scan, and two cuffs in one session would
only invite a mix-up.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from ohx_desktop.ble.device_secrets import DeviceSecrets, NoSecrets
from ohx_desktop.ble.drivers import enrol_device, read_device
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.keeping import Keeper, KeepingLine
from ohx_desktop.ble.link import Advertisement, Radio
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.registry import recognise
from ohx_desktop.ble.seen_frames import SeenFrames
from ohx_desktop.ble.session import CONNECT_S, Conversation, converse
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceNotFound,
    DeviceSilent,
    RadioReason,
    RadioUnavailable,
)

# A device whose link broke in the middle of its records calls again at once.
AFTER_NEWS_S = 2.0
# Devices go on advertising for a minute; one that had nothing new need not be asked at once, but
# a new measurement must not wait long either.
AFTER_NO_NEWS_S = 10.0
# A failed device may have left its advertising window, or need a moment to recover.
AFTER_FAILURE_S = 2.0
LONGEST_PAUSE_S = 30.0

Wanted = Callable[[Advertisement, Recognised], bool]


class Observer(Protocol):
    """Who else learns how devices fare. Must neither block nor raise."""

    def heard(self, advertisement: Advertisement) -> None:
        """Take note of a supported device that was heard while listening."""
        ...

    def told(self, address: str, event: CaptureEvent) -> None:
        """Take note of what is told to a person of a conversation with a device."""
        ...


class Listener:
    """Hears devices and takes their readings. Remembers which records it has met, not their values.

    `secrets` keeps what opens devices that want a key or a code; without it they are not read.
    `policy` is what an administrator has switched on.
    Lives as long as the program: what one patient's session met is never new in the next one.
    """

    def __init__(
        self,
        radio: Radio,
        now: Now = system_now,
        *,
        secrets: DeviceSecrets | None = None,
        policy: DevicePolicy = NOTHING_SWITCHED_ON,
        observer: Observer | None = None,
    ) -> None:
        self._radio = radio
        self._policy = policy
        self._observer = observer
        self._secrets = NoSecrets() if secrets is None else secrets
        self._now = now
        self._seen = SeenFrames()
        self._last_sequences: dict[str, int] = {}

    async def listen(
        self, *, session_began: datetime, wanted: Wanted, keeper: Keeper | None = None
    ) -> AsyncGenerator[CaptureEvent]:
        """Yield what happens until closed. `session_began` (aware) is when the person was called.

        What `keeper` keeps is durable before it is yielded; without one nothing is kept.

        Stored readings are yielded and marked; the caller decides who sees them. A failed session
        is told and listening goes on. Raises RadioUnavailable.
        """
        listening = object()
        pauses = _Pauses()
        while True:
            yield StateChanged(state=LinkState.LISTENING)
            advertisement, recognised = await self._next_wanted(wanted, pauses)
            conversation = self._conversation(
                advertisement,
                recognised,
                session_began=session_began,
                listening=listening,
                keeper=keeper,
            )
            async with aclosing(converse(self._radio, read_device, conversation)) as events:
                async for event in events:
                    if pauses.worth_telling(advertisement.address, event):
                        if self._observer is not None:
                            self._observer.told(advertisement.address, event)
                        yield event

    async def discover(
        self, seconds: float, *, include_unsupported: bool = False
    ) -> list[tuple[Advertisement, Recognised | None]]:
        """Scan for so long; return each device once, the nearest first. Raises RadioUnavailable."""
        heard: dict[str, Advertisement] = {}
        try:
            async with asyncio.timeout(seconds), self._radio.scan() as advertisements:
                async for advertisement in advertisements:
                    _merge(heard, advertisement)
        except TimeoutError:
            pass  # the time is over
        found = [
            (advertisement, recognise(advertisement, self._policy))
            for advertisement in heard.values()
        ]
        found.sort(key=lambda item: -_strength(item[0]))
        return [item for item in found if item[1] is not None or include_unsupported]

    async def identify(self, address: str, *, deadline_s: float) -> tuple[DeviceIdentity, str]:
        """Enrol a device a person has chosen; return who it is and the name of its driver.

        Raises DeviceNotFound when it is not heard in time, the DeviceError family, Unsupported,
        and the KeystoreError family where its key cannot be kept.
        """
        try:
            async with asyncio.timeout(deadline_s):
                advertisement, recognised = await self._next_wanted(
                    lambda heard, _: heard.address == address, _Pauses()
                )
        except TimeoutError as error:
            raise DeviceNotFound("no supported device with this address was heard") from error
        conversation = self._conversation(
            advertisement, recognised, session_began=self._now(), listening=None
        )
        async with self._radio.connect(address, deadline_s=CONNECT_S) as link:
            enrolled = await enrol_device(link, conversation)
        return enrolled.who, enrolled.recognised.driver

    def _conversation(
        self,
        advertisement: Advertisement,
        recognised: Recognised,
        *,
        session_began: datetime,
        listening: object,
        keeper: Keeper | None = None,
    ) -> Conversation:
        events: asyncio.Queue[CaptureEvent | None] = asyncio.Queue()
        return Conversation(
            address=advertisement.address,
            name=recognised.model or advertisement.name,
            recognised=recognised,
            session_began=session_began,
            now=self._now,
            first_met=partial(self._seen.meet, listening, advertisement.address),
            listening=listening,
            secrets=self._secrets,
            policy=self._policy,
            last_sequences=self._last_sequences,
            events=events,
            keeping=None if keeper is None else KeepingLine(keeper, events.put_nowait),
        )

    async def _next_wanted(
        self, wanted: Wanted, pauses: "_Pauses"
    ) -> tuple[Advertisement, Recognised]:
        heard: dict[str, Advertisement] = {}
        async with self._radio.scan() as advertisements:
            async for advertisement in advertisements:
                whole = _merge(heard, advertisement)
                recognised = recognise(whole, self._policy)
                if recognised is not None and self._observer is not None:
                    self._observer.heard(advertisement)
                if recognised is None or pauses.is_on(whole.address):
                    continue
                if wanted(whole, recognised):
                    return whole, recognised
        raise RadioUnavailable("the scan ended by itself", reason=RadioReason.UNKNOWN)


class _Pauses:
    """How long to leave each device alone, and whether its silence is news."""

    def __init__(self) -> None:
        self._until_s: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._delivered: set[str] = set()
        self._pause_s = AFTER_NO_NEWS_S

    def is_on(self, address: str) -> bool:
        """Tell whether the device is to be left alone now."""
        return _loop_time_s() < self._until_s.get(address, 0.0)

    def worth_telling(self, address: str, event: CaptureEvent) -> bool:
        """Learn from an event of the running session; tell whether a person should see it.

        A device that has delivered and then has nothing more to say did not fail.
        """
        match event:
            case StateChanged(state=LinkState.CONNECTING):
                self._pause_s = AFTER_NO_NEWS_S
            case ReadingReceived() | RecordRefused():
                self._delivered.add(address)
                self._failures.pop(address, None)
                self._pause_s = AFTER_NEWS_S
            case SessionFailed(error=ConnectionLost() | DeviceSilent()) if (
                address in self._delivered
            ):
                return False
            case SessionFailed():
                failures = self._failures[address] = self._failures.get(address, 0) + 1
                self._pause_s = min(AFTER_FAILURE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
            case StateChanged(state=LinkState.ENDED):
                self._until_s[address] = _loop_time_s() + self._pause_s
        return True


def _merge(heard: dict[str, Advertisement], new: Advertisement) -> Advertisement:
    """Join what a device said in several packets; keep its best signal."""
    old = heard.get(new.address, new)
    merged = replace(
        new,
        name=new.name or old.name,
        rssi=max((r for r in (old.rssi, new.rssi) if r is not None), default=None),
        service_uuids=old.service_uuids | new.service_uuids,
        manufacturer_data={**old.manufacturer_data, **new.manufacturer_data},
    )
    heard[new.address] = merged
    return merged


def _strength(advertisement: Advertisement) -> int:
    return -1000 if advertisement.rssi is None else advertisement.rssi


def _loop_time_s() -> float:
    return asyncio.get_running_loop().time()
