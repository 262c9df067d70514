"""What the tests of the outbox share: a clock they own, an EHR that does as told, readings."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ohx_desktop.domain.errors import Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import OutboxEntry
from ohx_desktop.outbox.worker import VERIFY_FOR, OutboxWorker

KEY = bytes(range(32))
NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")


def reading_id(number: int) -> UUID:
    """Return the id of the test reading of this number."""
    return uuid5(NAMESPACE, str(number))


def content(number: int, patient: str = "Patient/1") -> dict[str, Any]:
    """Return what `enqueue` takes for the test reading of this number."""
    return {
        "reading_id": reading_id(number),
        "patient": patient,
        "submission": b"submission %d" % number,
        "bundle": b"bundle %d" % number,
        "frames": (b"frame a", b"frame b"),
    }


class FakeClock:
    """Time that stands still until a test lets it pass."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._elapsed = 0.0
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return the wall clock."""
        return self._now

    @property
    def elapsed_s(self) -> float:
        """Seconds that have passed, whatever the wall clock was set to."""
        return self._elapsed

    def set_wall_clock(self, by: timedelta) -> None:
        """Set the wall clock forward or back."""
        self._now += by

    async def sleep(self, seconds: float) -> None:
        """Sleep in this time."""
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._numbers), future))
        await future

    def pass_to_next(self) -> None:
        """Let time pass until the next sleeper wakes; nothing when nobody sleeps."""
        while self._sleepers:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now += timedelta(seconds=due - self._elapsed)
            self._elapsed = due
            future.set_result(None)
            return


@dataclass(frozen=True)
class FakeOutcome:
    main_reference: str | None
    created: bool


@dataclass
class FakeEhr:
    """Answers with the next thing of `answers` (an error, or a call), else stores.

    Looked up it says the next of `verdicts`, else whether it has the bundle. `refused` holds what
    is said of certain bundles whenever they come. `is_there` is whether it can be reached at all.
    """

    clock: FakeClock
    answers: list[BaseException | Callable[[bytes], Awaitable[None]]] = field(default_factory=list)
    verdicts: list[Found | BaseException] = field(default_factory=list)
    refused: dict[bytes, BaseException] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    sent_at_s: list[float] = field(default_factory=list)
    looked_up: list[list[bytes]] = field(default_factory=list)
    retracted: list[bytes] = field(default_factory=list)
    probed_at_s: list[float] = field(default_factory=list)
    prepared: list[bytes] = field(default_factory=list)
    holds: dict[bytes, str] = field(default_factory=dict)
    is_there: bool = True
    at_once: int = 0
    most_at_once: int = 0

    async def transact(self, bundle: bytes) -> FakeOutcome:
        self.sent.append(bundle)
        self.sent_at_s.append(self.clock.elapsed_s)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._answer(bundle)
        finally:
            self.at_once -= 1

    async def _answer(self, bundle: bytes) -> FakeOutcome:
        await asyncio.sleep(0)
        if not self.is_there:
            raise Transient("the EHR cannot be reached")
        if bundle in self.refused:
            raise self.refused[bundle]
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            await answer(bundle)
        return self.store(bundle)

    def store(self, bundle: bytes) -> FakeOutcome:
        """Store a bundle as a conditional create does."""
        is_new = bundle not in self.holds
        reference = self.holds.setdefault(bundle, f"Observation/{len(self.sent)}")
        return FakeOutcome(reference, is_new)

    async def look_up(self, bundles: Sequence[bytes]) -> list[LookUp]:
        self.looked_up.append(list(bundles))
        await asyncio.sleep(0)
        if not self.is_there:
            raise Transient("the EHR cannot be reached")
        return [self._found(bundle) for bundle in bundles]

    def _found(self, bundle: bytes) -> LookUp:
        there = Found.SAME if bundle in self.holds else Found.ABSENT
        verdict = self.verdicts.pop(0) if self.verdicts else there
        if isinstance(verdict, BaseException):
            raise verdict
        paths = ("Observation.value",) if verdict is Found.DIFFERENT else ()
        return LookUp(found=verdict, reference=self.holds.get(bundle), paths=paths)

    async def retract(self, order: bytes) -> FakeOutcome:
        self.retracted.append(order)
        return await self._answer(order)

    async def is_back(self) -> bool:
        self.probed_at_s.append(self.clock.elapsed_s)
        return self.is_there

    def prepare(self, bundle: bytes) -> None:
        self.prepared.append(bundle)

    @property
    def verified(self) -> list[bytes]:
        """What was looked up, in order."""
        return [bundle for batch in self.looked_up for bundle in batch]


@dataclass
class Bench:
    """An outbox with its sender at work, in a time of its own."""

    outbox: AsyncOutbox
    ehr: FakeEhr
    clock: FakeClock
    worker: OutboxWorker
    task: "asyncio.Task[None]"

    async def confirm(self, number: int, patient: str = "Patient/1") -> OutboxEntry:
        return await self.outbox.enqueue(**content(number, patient))

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Let time pass until the condition holds; fails after ten real seconds."""
        async with asyncio.timeout(10):
            while not await condition():
                assert not self.task.done(), self.task
                self.clock.pass_to_next()
                # Gives the store's thread its turn; no sleeping, as time here is virtual.
                await asyncio.sleep(0.0005)

    async def until_state(self, entry: OutboxEntry, *states: str) -> OutboxEntry:
        async def arrived() -> bool:
            return (await self.outbox.entry(entry.id)).state in states

        await self.until(arrived)
        return await self.outbox.entry(entry.id)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def bench(
    folder: Path,
    *,
    keep_verified: timedelta = timedelta(0),
    verify_for: timedelta = VERIFY_FOR,
) -> AsyncIterator[Bench]:
    clock = FakeClock()
    outbox = await AsyncOutbox.open(
        folder / "outbox.db", lambda: KEY, now=clock.now, keep_verified=keep_verified
    )
    ehr = FakeEhr(clock)
    worker = OutboxWorker(
        outbox,
        ehr,
        folder / "sender.lock",
        verify_for=verify_for,
        sleep=clock.sleep,
        monotonic=lambda: clock.elapsed_s,
        rng=lambda: 0.999999,
    )
    at_work = Bench(outbox, ehr, clock, worker, asyncio.create_task(worker.run()))
    try:
        yield at_work
    finally:
        await at_work.stop()
        await outbox.close()
