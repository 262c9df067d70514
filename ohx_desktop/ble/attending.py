"""One listening: hears devices without a break and talks to several of them at once.

Each device has a session of its own as a task, so a silent one holds up nobody; what sessions tell
goes into one queue, in the order it happened. It may last for days: nothing grows with time.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ohx_desktop.ble.drivers import read_device
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    RadioLost,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.farewells import Farewells
from ohx_desktop.ble.heard import HeardLately
from ohx_desktop.ble.kept_scan import KeptScan
from ohx_desktop.ble.link import Advertisement, Radio
from ohx_desktop.ble.pauses import Pauses
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.session import Conversation, converse
from ohx_desktop.ble.wakefulness import Wakefulness
from ohx_desktop.domain.errors import DeviceError, RadioUnavailable

# Common adapters hold at least this many links beside a scan.
AT_ONCE = 3
# How soon a sleep is noticed, and a device that had to wait is looked at again.
LOOK_S = 5.0

_BUG = "this program failed on what the device sent"
_BUG_HINT = "write the reading down from the display, and report the device model to support"

Wanted = Callable[[Advertisement, Recognised], bool]
Recognise = Callable[[Advertisement], Recognised | None]
TalkTo = Callable[[Advertisement, Recognised, datetime], Conversation]
"""Makes the conversation with a device; what it measures from that (aware) moment on is new."""


class Observer(Protocol):
    """Who else learns how devices fare. Must neither block nor raise."""

    def heard(self, advertisement: Advertisement) -> None:
        """Take note of a supported device that was heard while listening."""
        ...

    def told(self, address: str, event: CaptureEvent) -> None:
        """Take note of what is told to a person of a conversation with a device."""
        ...


@dataclass(slots=True, kw_only=True)
class _Session:
    """The session with one device. What a void one still tells is of an earlier time."""

    conversation: Conversation
    task: "asyncio.Task[None] | None" = None
    is_void: bool = False


class Attending:
    """What goes on while a Listener listens; `events` holds what happens.

    `run` is to be a task, and `part` to be called once, when nobody listens any more.
    `session_began` (aware) is when the person was called.
    """

    def __init__(
        self,
        radio: Radio,
        talk_to: TalkTo,
        farewells: Farewells,
        wakefulness: Wakefulness,
        *,
        recognise: Recognise,
        session_began: datetime,
        wanted: Wanted,
        waits_for_radio: bool,
        observer: Observer | None = None,
    ) -> None:
        self.events: asyncio.Queue[CaptureEvent | None] = asyncio.Queue()
        self._radio = radio
        self._talk_to = talk_to
        self._farewells = farewells
        self._wakefulness = wakefulness
        self._recognise = recognise
        self._began = session_began
        self._wanted = wanted
        self._observer = observer
        self._heard = HeardLately()
        self._pauses = Pauses()
        self._sessions: dict[str, _Session] = {}
        self._scan = KeptScan(
            radio,
            on_heard=self._hear,
            on_begun=self._rest,
            on_lost=self._radio_lost,
            waits_for_radio=waits_for_radio,
        )
        self._is_lost = self._is_resting = self._is_over = False

    async def run(self) -> None:
        """Listen until cancelled. Raises RadioUnavailable."""
        looking = asyncio.create_task(self._look_around())
        try:
            await self._scan.run()
        finally:
            looking.cancel()
            await asyncio.wait({looking})

    async def part(self) -> None:
        """End all sessions. Goodbyes that take long go on in the background."""
        self._is_over = True
        tasks = [self._void(session) for session in self._sessions.values()]
        self._sessions.clear()
        await self._farewells.wait([task for task in tasks if task is not None])

    # ── what happens around ──────────────────────────────────────────────────────────────────

    def _rest(self) -> None:
        """Tell that devices are listened to: after a loss, and whenever nobody talks any more."""
        is_news = self._is_lost or not (self._sessions or self._is_resting)
        if self._scan.is_on and is_news:
            if self._is_lost:
                self._pauses.forgive()
            self._is_lost, self._is_resting = False, not self._sessions
            self.events.put_nowait(StateChanged(state=LinkState.LISTENING))

    def _radio_lost(self, error: RadioUnavailable) -> None:
        self._is_lost = True
        self.events.put_nowait(RadioLost(error=error))

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._look_at_the_clock()
            self._consider_all()

    def _look_at_the_clock(self) -> None:
        """After a sleep begin anew: what was measured before may be anybody's."""
        woke = self._wakefulness.look()
        if woke is None:
            return
        self._began = max(self._began, woke)
        for session in self._sessions.values():
            self.events.put_nowait(_ended(session.conversation))
            self._void(session)
        self._sessions.clear()
        self._scan.begin_anew()

    # ── sessions ─────────────────────────────────────────────────────────────────────────────

    def _hear(self, new: Advertisement) -> None:
        whole = self._heard.add(new, _loop_time_s())
        if self._observer is not None and self._recognise(whole) is not None:
            self._observer.heard(new)
        self._consider(whole)

    def _consider_all(self) -> None:
        for heard in self._heard.on_the_air(_loop_time_s()):
            self._consider(heard)

    def _consider(self, heard: Advertisement) -> None:
        """Begin a session with a device that was heard, if it is wanted and its turn has come."""
        recognised = self._recognise(heard)
        if recognised is None or not self._wanted(heard, recognised):
            return
        address = heard.address
        must_wait = (
            self._is_over
            or address in self._sessions
            or len(self._sessions) >= AT_ONCE
            or self._pauses.is_on(address, _loop_time_s())
            or self._farewells.is_leaving(address)
        )
        if must_wait:
            return
        self._look_at_the_clock()
        self._heard.forget(address)  # to be talked to again it must be heard again
        left_at = self._farewells.over_at(address)
        began = self._began if left_at is None else max(self._began, left_at)
        session = _Session(conversation=self._talk_to(heard, recognised, began))
        self._sessions[address] = session
        self._is_resting = False
        session.task = asyncio.create_task(self._hold(session))

    async def _hold(self, session: _Session) -> None:
        conversation = session.conversation
        try:
            async with aclosing(converse(self._radio, read_device, conversation)) as events:
                async for event in events:
                    self._tell(session, event)
        except RadioUnavailable as error:
            self._tell(session, SessionFailed(error=error))
            self._tell(session, _ended(conversation))
            self._scan.begin_anew()  # which finds out whether it is lost for all
        except Exception as bug:  # noqa: BLE001 - reported; the other devices are read on
            self._report(bug)
            self._tell(session, SessionFailed(error=DeviceError(_BUG, hint=_BUG_HINT)))
            self._tell(session, _ended(conversation))
        finally:
            self._over(session)

    @staticmethod
    def _report(bug: Exception) -> None:
        context = {"message": "a session with a device failed by a bug", "exception": bug}
        asyncio.get_running_loop().call_exception_handler(context)

    def _over(self, session: _Session) -> None:
        if session.is_void:
            return
        del self._sessions[session.conversation.address]
        self._rest()
        self._consider_all()

    def _void(self, session: _Session) -> "asyncio.Task[None] | None":
        session.is_void = True
        if session.task is not None:
            self._farewells.begin(session.conversation.address, session.task)
        return session.task

    def _tell(self, session: _Session, event: CaptureEvent) -> None:
        self._look_at_the_clock()
        talk = session.conversation
        if session.is_void:
            # Received before the sleep or measured in it: it is kept out, and not lost from sight.
            if isinstance(event, ReadingReceived):
                kept_out = replace(event, reading=replace(event.reading, stored=True))
                self.events.put_nowait(kept_out)
            return
        if not self._pauses.worth_telling(talk.address, event, _loop_time_s()):
            return
        if isinstance(event, RecordRefused | SessionFailed):
            event = replace(event, address=talk.address, name=talk.name)
        self.events.put_nowait(event)
        is_radios_fault = isinstance(event, SessionFailed) and isinstance(
            event.error, RadioUnavailable
        )
        if self._observer is not None and not is_radios_fault:
            self._observer.told(talk.address, event)


def _ended(talk: Conversation) -> StateChanged:
    return StateChanged(state=LinkState.ENDED, address=talk.address, name=talk.name)


def _loop_time_s() -> float:
    return asyncio.get_running_loop().time()
