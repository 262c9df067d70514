"""Listening for the devices of this workstation, finding those in range, and asking one who it is.

Sessions with several devices go on beside one scan; see `attending`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial

from ohx_desktop.ble.attending import Attending, Observer, Wanted
from ohx_desktop.ble.bond_trouble import explain_enrolment
from ohx_desktop.ble.device_secrets import DeviceSecrets, NoSecrets
from ohx_desktop.ble.drivers import Enrolment
from ohx_desktop.ble.events import CaptureEvent, SessionFailed
from ohx_desktop.ble.farewells import Farewells
from ohx_desktop.ble.heard import collect
from ohx_desktop.ble.keeping import Keeper, KeepingLine
from ohx_desktop.ble.link import Advertisement, Radio
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.registry import recognise
from ohx_desktop.ble.seen_frames import SeenFrames
from ohx_desktop.ble.session import Conversation, converse
from ohx_desktop.ble.wakefulness import Wakefulness
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import DeviceNotFound, RadioReason, RadioUnavailable

# A scale may take this long to be told goodbye; who closes the program waits no longer.
GOODBYES_S = 30.0


class Listener:
    """Hears devices and takes their readings. Remembers which records it has met, not their values.

    `secrets` keeps what opens devices that want a key or a code; without it they are not read.
    `policy` is what an administrator has switched on.
    Lives as long as the program: what one patient's session met is never new in the next one.
    `close` at the end breaks off what is left of earlier sessions.
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
        self._farewells = Farewells(now)

    async def listen(
        self,
        *,
        session_began: datetime,
        wanted: Wanted,
        waits_for_radio: bool = False,
        keeper: Keeper | None = None,
    ) -> AsyncGenerator[CaptureEvent]:
        """Yield what happens until closed. `session_began` (aware) is when the person was called.

        What `keeper` keeps is durable before it is yielded; without one nothing is kept.

        Stored readings are yielded and marked; the caller decides who sees them. A failed session
        and a lost radio are told and listening goes on. Raises RadioUnavailable where the radio
        cannot be used from the first, unless it `waits_for_radio`.
        """
        listening = object()
        attending = Attending(
            self._radio,
            partial(self._conversation, listening=listening, keeper=keeper),
            self._farewells,
            Wakefulness(self._now, asyncio.get_running_loop().time),
            recognise=partial(recognise, policy=self._policy),
            session_began=session_began,
            wanted=wanted,
            waits_for_radio=waits_for_radio,
            observer=self._observer,
        )
        running = asyncio.create_task(attending.run())
        running.add_done_callback(lambda _: attending.events.put_nowait(None))
        try:
            while (event := await attending.events.get()) is not None:
                yield event
            await running
        finally:
            running.cancel()
            await attending.part()
            await asyncio.gather(running, return_exceptions=True)

    async def close(self, within_s: float = GOODBYES_S) -> None:
        """Wait so long for the goodbyes that go on in the background, then break them off."""
        await self._farewells.close(within_s)

    async def hear(self) -> AsyncGenerator[Advertisement]:
        """Yield what is known of a device whenever it says something. Raises RadioUnavailable."""
        heard: dict[str, Advertisement] = {}
        async with self._radio.scan() as advertisements:
            async for advertisement in advertisements:
                yield collect(heard, advertisement)

    async def discover(
        self, seconds: float, *, include_unsupported: bool = False
    ) -> list[tuple[Advertisement, Recognised | None]]:
        """Scan for so long; return each device once, the nearest first. Raises RadioUnavailable."""
        heard: dict[str, Advertisement] = {}
        with suppress(TimeoutError):  # the time is over
            async with asyncio.timeout(seconds), aclosing(self.hear()) as advertisements:
                async for advertisement in advertisements:
                    heard[advertisement.address] = advertisement
        found = [
            (advertisement, recognise(advertisement, self._policy))
            for advertisement in heard.values()
        ]
        found.sort(key=lambda item: -strength(item[0]))
        return [item for item in found if item[1] is not None or include_unsupported]

    async def identify(
        self,
        address: str,
        *,
        deadline_s: float,
        on_found: Callable[[Recognised], None] = lambda _: None,
        on_event: Callable[[CaptureEvent], None] = lambda _: None,
    ) -> tuple[DeviceIdentity, str]:
        """Enrol a device a person has chosen; return who it is and the name of its driver.

        `on_found` hears what the device is before it is connected, `on_event` how the conversation
        goes on. Raises DeviceNotFound when the device is not heard in time, the DeviceError family,
        Unsupported, and the KeystoreError family where its key cannot be kept.
        """
        try:
            async with asyncio.timeout(deadline_s):
                await self._farewells.wait_for(address)
                advertisement, recognised = await self._find(address)
        except TimeoutError as error:
            raise DeviceNotFound("no supported device with this address was heard") from error
        conversation = self._conversation(advertisement, recognised, self._now(), listening=None)
        on_found(recognised)
        enrolment = Enrolment()
        async with aclosing(converse(self._radio, enrolment, conversation)) as events:
            async for event in events:
                if isinstance(event, SessionFailed):
                    raise explain_enrolment(event.error, advertisement, recognised)
                on_event(event)
        return enrolment.enrolled.who, enrolment.enrolled.recognised.driver

    def _conversation(
        self,
        advertisement: Advertisement,
        recognised: Recognised,
        session_began: datetime,
        *,
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

    async def _find(self, address: str) -> tuple[Advertisement, Recognised]:
        heard: dict[str, Advertisement] = {}
        async with self._radio.scan() as advertisements:
            async for advertisement in advertisements:
                if advertisement.address != address:
                    continue
                whole = collect(heard, advertisement)
                recognised = recognise(whole, self._policy)
                if recognised is not None:
                    return whole, recognised
        raise RadioUnavailable("the scan ended by itself", reason=RadioReason.UNKNOWN)


def strength(advertisement: Advertisement) -> int:
    """Return how near a device seems: its signal in dBm, far away where it is not known."""
    return -1000 if advertisement.rssi is None else advertisement.rssi
