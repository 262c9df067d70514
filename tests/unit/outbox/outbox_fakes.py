"""What the tests of the outbox share: a clock they own, an EHR that does as told, readings."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import OutboxEntry
from ohx_desktop.outbox.worker import OutboxWorker

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


@dataclass
class FakeEhr:
    """Answers with the next thing of `answers` (an error, or a call), else stores."""

    clock: FakeClock
    answers: list[BaseException | Callable[[bytes], Awaitable[None]]] = field(default_factory=list)
    verdicts: list[bool | BaseException] = field(default_factory=list)
    refused: dict[bytes, BaseException] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    sent_at_s: list[float] = field(default_factory=list)
    verified: list[bytes] = field(default_factory=list)

    async def transact(self, bundle: bytes) -> FakeOutcome:
        self.sent.append(bundle)
        self.sent_at_s.append(self.clock.elapsed_s)
        await asyncio.sleep(0)
        if bundle in self.refused:
            raise self.refused[bundle]
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            await answer(bundle)
        return FakeOutcome(f"Observation/{len(self.sent)}")

    async def verify(self, bundle: bytes, outcome: FakeOutcome) -> bool:
        self.verified.append(bundle)
        verdict = self.verdicts.pop(0) if self.verdicts else True
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict


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
async def bench(folder: Path) -> AsyncIterator[Bench]:
    clock = FakeClock()
    outbox = await AsyncOutbox.open(folder / "outbox.db", lambda: KEY, now=clock.now)
    ehr = FakeEhr(clock)
    worker = OutboxWorker(
        outbox, ehr, folder / "sender.lock", sleep=clock.sleep, rng=lambda: 0.999999
    )
    at_work = Bench(outbox, ehr, clock, worker, asyncio.create_task(worker.run()))
    try:
        yield at_work
    finally:
        await at_work.stop()
        await outbox.close()
