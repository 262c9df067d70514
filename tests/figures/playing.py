"""One family and one case in virtual time: what the program tells, and what is left behind."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalogue import kept_secret
from faults_to_try import Case, Course, Scene
from virtual_time import VirtualTimeLoop, run_in_virtual_time

from ohx_desktop.ble.device_secrets import VolatileSecrets
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
from ohx_desktop.domain.errors import OhxError, RadioUnavailable
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.bluez import EmulatedBlueZ
from ohx_desktop.virtual.cast import PASSKEY, Actor, Circumstances
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.room import VirtualRoom
from ohx_desktop.virtual.scenarios import ADDRESS, Scenario

READING = "Reading"
ONLY_STORED = "only stored"
NOTHING = "nothing"
NOT_HEARD = "not heard"

# The longest that one session may take: connecting, a passkey, the session, the leave-taking.
SESSION_DEADLINE_S = 20.0 + 70.0 + 120.0 + 10.0
# For so long the program goes on listening afterwards, its longest pause after a failure included.
_AFTERWARDS_S = 45.0
# With no device on the air, nothing but listening happens.
_NOTHING_HEARD_S = 60.0
_CALLED_AGO = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True)
class Play:
    """What happened. Times in seconds of virtual time since the program began to listen.

    `told` is the first outcome that has a name, `readings` all that came, `problems` what must not
    happen, such as something left behind.
    """

    actor: Actor
    set_up_at: datetime
    measured_at: datetime | None = None
    told: str = NOTHING
    told_s: float = 0.0
    session_s: float = 0.0
    sessions: int = 0
    readings: list[Reading] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    course: Course | None = None

    @property
    def can_tell_new(self) -> bool:
        """Whether the device's clock could be measured, and the reading came in the first visit.

        Otherwise the device itself calls it stored, or nobody can tell.
        """
        return self.sessions == 1 and all(r.clock.offset_s is not None for r in self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How the program meets the room. `left_behind` tells afterwards what should not be there.

    After `most_sessions` the program stops listening; it listens to an empty air for
    `nothing_heard_s`, after a session for `afterwards_s`.
    """

    room: VirtualRoom
    radio: BleakRadio
    bluez: EmulatedBlueZ | None = None
    left_behind: Callable[[], Iterator[str]]
    nothing_heard_s: float = _NOTHING_HEARD_S
    afterwards_s: float = _AFTERWARDS_S
    most_sessions: int = 1000


def play(scenario: Scenario, case: Case) -> Play:
    """Play a case in virtual time. Never raises: what must not happen is told as a problem."""

    async def playing(loop: VirtualTimeLoop) -> Play:
        room = VirtualRoom(agent=_Typist())
        backend = virtual_backend(room)

        def left_behind() -> Iterator[str]:
            if timers := loop.timers():
                yield f"{timers} timers are left behind"
            if room._listeners:
                yield "a scan is left behind"
            yield from loop.problems

        radio = BleakRadio(backend.scanner, backend.client)
        stage = Stage(room=room, radio=radio, left_behind=left_behind)
        played = await Playing(stage, scenario, case).run()
        played.problems += await tasks_left_behind()
        return played

    return run_in_virtual_time(playing)


class _Typist:
    """A person who types the digits the device shows."""

    async def enter_passkey(self) -> int:
        return PASSKEY

    async def confirm(self, passkey: int) -> bool:
        return passkey == PASSKEY


class Playing:
    """One case on a stage."""

    def __init__(self, stage: Stage, scenario: Scenario, case: Case) -> None:
        self._loop = asyncio.get_running_loop()
        self._stage, self._scenario, self._case = stage, scenario, case
        self._room = stage.room
        self._room.adapter = case.adapter
        actor = scenario.role(
            Circumstances(
                address=ADDRESS,
                has_backlog=True,
                clock_offset=case.clock_offset,
                clock_is_set=case.clock_is_set,
                link_timeout_s=case.link_timeout_s or scenario.link_timeout_s,
                faults=case.faults,
                is_memory_full=case.is_memory_full,
            )
        )
        self._play = Play(actor=actor, set_up_at=system_now())
        self._links: list[Connection] = []
        self._is_in_session = False
        self._began_s = self._session_began_s = self._loop.time()
        radio = actor.device.peripheral
        on_connected = radio.on_connected

        def note(link: Connection) -> None:
            self._links.append(link)
            on_connected(link)

        radio.on_connected = note

    async def run(self) -> Play:
        """Play the case to its end, clear up, and return what happened."""
        play = self._play
        self._room.add(play.actor.device)
        if self._scenario.is_bonded if self._case.is_bonded is None else self._case.is_bonded:
            self._room.bond(play.actor.device)
        helpers = [asyncio.ensure_future(self._measure())]
        if self._case.event is not None:
            scene = Scene(room=self._room, actor=play.actor, bluez=self._stage.bluez)
            helpers.append(asyncio.ensure_future(self._case.event(scene)))
        try:
            await self._listen()
        except TimeoutError:
            play.problems.append("hangs")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            play.problems.append(f"raises {type(error).__name__}")
        if play.actor.device.peripheral.connection is not None:
            play.problems.append("a connection is left behind")
        await self._clear_up(helpers)
        play.course = Course(
            operations=max((link.operations for link in self._links), default=0),
            indications=max((link.indications for link in self._links), default=0),
            characteristics=tuple(
                dict.fromkeys(c.uuid for c in play.actor.device.peripheral.table.characteristics)
            ),
        )
        return play

    async def _measure(self) -> None:
        await asyncio.sleep(self._scenario.measure_after_s)
        self._play.measured_at = system_now()
        await self._play.actor.measure()

    async def _listen(self) -> None:
        play, secrets = self._play, VolatileSecrets()
        await secrets.set(ADDRESS, kept_secret(self._play.actor))
        listener = Listener(self._stage.radio, secrets=secrets)
        listening = listener.listen(
            session_began=system_now() - _CALLED_AGO, wanted=lambda _, __: True
        )
        try:
            async with (
                asyncio.timeout(self._stage.nothing_heard_s) as patience,
                aclosing(listening) as events,
            ):
                async for event in events:
                    self._take(event, patience)
                    if play.sessions >= self._stage.most_sessions:
                        break
        except RadioUnavailable as error:
            self._tell(f"{error.code} ({error.reason.value})")
        except TimeoutError:
            if self._is_in_session:
                raise
            if not play.sessions:
                self._tell(NOT_HEARD)

    def _take(self, event: CaptureEvent, patience: asyncio.Timeout) -> None:
        play, now_s = self._play, self._loop.time()
        match event:
            case StateChanged(state=LinkState.CONNECTING):
                self._is_in_session = True
                self._session_began_s = now_s
                patience.reschedule(now_s + SESSION_DEADLINE_S)
            case StateChanged(state=LinkState.ENDED):
                self._is_in_session = False
                play.sessions += 1
                play.session_s = max(play.session_s, now_s - self._session_began_s)
                patience.reschedule(now_s + self._stage.afterwards_s)
                if play.sessions == 1:
                    self._tell(ONLY_STORED if play.readings else NOTHING)
            case ReadingReceived(reading=reading):
                play.readings.append(reading)
                if not reading.stored:
                    self._tell(READING)
            case RecordRefused(error=error, stored=stored):
                self._require_named(error)
                if not stored:
                    self._tell(error.code)
            case SessionFailed(error=error):
                self._require_named(error)
                self._tell(error.code)

    def _tell(self, outcome: str) -> None:
        """Keep the first outcome that has a name."""
        if self._play.told == NOTHING:
            self._play.told = outcome
            self._play.told_s = self._loop.time() - self._began_s

    def _require_named(self, error: Exception) -> None:
        if not isinstance(error, OhxError) or error.code == OhxError.code:
            self._play.problems.append(f"tells an error without a name: {type(error).__name__}")

    async def _clear_up(self, helpers: Sequence[asyncio.Future[None]]) -> None:
        play = self._play
        for helper in helpers:
            helper.cancel()
        for result in await asyncio.gather(*helpers, return_exceptions=True):
            if isinstance(result, Exception):
                play.problems.append(f"the device raises {type(result).__name__}")
        await self._room.close()
        await play.actor.device.close()
        play.problems += self._stage.left_behind()


async def tasks_left_behind() -> list[str]:
    """Tell of tasks that go on when everything has been closed."""
    for _ in range(5):
        await asyncio.sleep(0)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    names = {getattr(task.get_coro(), "__qualname__", "?") for task in tasks}
    return [f"tasks are left behind: {', '.join(sorted(names))}"] if names else []
