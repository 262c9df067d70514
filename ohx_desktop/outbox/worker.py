"""The sender: takes what is due from the outbox to the EHR, one at a time.

One process per profile sends; the operating system frees its lock when it dies, and whoever gets
the lock next first queues again what the dead one left half-way. Sending the identical bundle
again is safe, because the EHR creates conditionally; so a reading whose fate is unknown is sent
again until it is known.

Failures are of four kinds (FHIR R5 http.html, "Managing Return Content"; our table of outcomes):
not reachable now: try again by itself; this reading refused: a person must look, others go on;
nobody would be accepted: pause and tell; a bug of ours: pause, tell, lose nothing.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import filelock

from ohx_desktop.domain.errors import OhxError, Refused, StoreError, Transient
from ohx_desktop.outbox.backoff import Rng, blocked_delay_s, retry_delay_s
from ohx_desktop.outbox.records import Claimed
from ohx_desktop.outbox.service import POLL_S, AsyncOutbox
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import translated

# The client's own timeouts are shorter; this one catches what has none.
SEND_DEADLINE_S = 90.0
# After so many failures in a row it is the EHR, not the reading: the rest need not be tried.
PAUSE_AFTER = 3
# Conflicts and inner errors of the EHR are retried some minutes, then a person is asked.
CONFLICT_STATUSES = frozenset({409, 412, 500})
CONFLICT_ATTEMPTS = 10
# Read-backs waiting in memory for the EHR to return; beyond that entries stay acknowledged.
UNVERIFIED_KEPT = 64
VERIFY_ATTEMPTS = 6
# The queue is looked at again at least this often, whatever the clock does meanwhile.
LOOK_AGAIN_S = 60.0

OTHER_VALUES = (
    "the EHR returned other values than were sent; "
    "the reading is in the EHR, but not as it was confirmed; compare it there and correct it"
)
_NO_ANSWER = "the EHR did not answer in time"
_BUG = (
    "an unexpected error of this program stopped the sending ({kind}); "
    "the reading stays safe on this computer and is sent again by itself; report it to support"
)


class Outcome(Protocol):
    """What the EHR answered to a transaction."""

    @property
    def main_reference(self) -> str | None:
        """Reference of the Observation that stands for the reading; None if it was not told."""
        ...


OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Ehr(Protocol[OutcomeT]):
    """What the sender needs of the EHR. Methods raise the RemoteError family."""

    async def transact(self, bundle: bytes) -> OutcomeT:
        """Store the bundle once, however often it is sent."""
        ...

    async def verify(self, bundle: bytes, outcome: OutcomeT) -> bool:
        """Read back what was stored; False when it is not what was sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    """A stop of all sending. A firm one is ended by a person only, not by a new reading."""

    seconds: float
    problem: OhxError
    firm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unverified:
    """An acknowledged reading that is still to be read back; in memory only."""

    entry_id: UUID
    bundle: bytes
    outcome: Any
    due: datetime
    attempts: int = 0


class OutboxWorker:
    """Sends while `run` runs. `sleep` and `rng` come in so that tests own time and chance."""

    def __init__(
        self,
        outbox: AsyncOutbox,
        ehr: Ehr[Any],
        lock_path: Path,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Rng = random.random,
    ) -> None:
        self._outbox = outbox
        self._ehr = ehr
        self._lock = filelock.FileLock(lock_path, mode=0o600)
        self._sleep = sleep
        self._rng = rng
        self._failures = 0
        self._unclean = False
        self._stopping = False
        self._unverified: deque[_Unverified] = deque(maxlen=UNVERIFIED_KEPT)

    def stop(self) -> None:
        """Have `run` return once the reading in hand is sent and read back."""
        self._stopping = True
        self._outbox.urge()

    async def run(self) -> None:
        """Send until stopped or cancelled; while another process sends, only watch it.

        A cancel breaks a request off; its reading is queued again.
        """
        while not self._stopping:
            if await self._is_ours():
                try:
                    self._outbox.notify()
                    await self._send_all()
                finally:
                    await asyncio.shield(self._outbox.read(self._stand_down))
            elif not self._stopping:
                await self._watch()

    async def _watch(self) -> None:
        """Pass a moment in which another process sends."""
        self._outbox.urged.clear()
        await self._sleep_or(self._outbox.urged, POLL_S)
        with suppress(StoreError):
            await self._outbox.look_elsewhere()

    # ── the one sender ───────────────────────────────────────────────────────────────────────

    async def _is_ours(self) -> bool:
        # Lock and store share one thread, so nothing of ours can come after the release.
        try:
            return await self._outbox.read(self._take_over)
        except StoreError as error:
            self._outbox.problem = error
            self._outbox.notify()
            return False

    def _take_over(self, store: OutboxStore) -> bool:
        with translated():
            try:
                self._lock.acquire(blocking=False)
            except filelock.Timeout:
                return False
        with suppress(StoreError):
            store.recover()
            return True
        self._unclean = True
        return True

    def _stand_down(self, store: OutboxStore) -> None:
        try:
            with suppress(StoreError):
                store.recover()
        finally:
            self._lock.release()

    async def _send_all(self) -> None:
        while not self._stopping:
            self._outbox.woken.clear()
            try:
                pause = await self._step()
            except StoreError as error:
                self._unclean = True
                pause = self._paused(blocked_delay_s(self._failed(), rng=self._rng), error)
            if pause is not None:
                await self._rest(pause)

    async def _step(self) -> _Pause | None:
        """Do the next thing there is to do, or wait for it."""
        if self._unclean:
            await self._outbox.change(OutboxStore.recover)
            self._unclean = False
        if handed := self._outbox.next_handed():
            return await self._send(handed)
        if self._unverified and self._unverified[0].due <= self._outbox.now():
            await self._verify(self._unverified.popleft())
            return None
        claimed = await self._outbox.read(lambda store: store.next_due(self._outbox.now()))
        if claimed is None:
            await self._idle()
            return None
        self._outbox.notify()
        return await self._send(claimed)

    # ── one reading ──────────────────────────────────────────────────────────────────────────

    async def _send(self, claimed: Claimed) -> _Pause | None:
        entry = claimed.entry
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                outcome = await self._ehr.transact(claimed.bundle)
        except Refused as error:
            text = str(error)
            await self._outbox.change(lambda store: store.needs_attention(entry.id, text))
            return None
        except TimeoutError:
            return await self._failed_for_now(claimed, Transient(_NO_ANSWER))
        except Transient as error:
            return await self._failed_for_now(claimed, error)
        except OhxError as error:
            text = str(error)
            await self._outbox.change(lambda store: store.release(entry.id, text, None))
            return self._paused(blocked_delay_s(self._failed(), rng=self._rng), error, firm=True)
        except Exception as error:  # noqa: BLE001 - a bug must not stop the queue; it is reported
            return await self._failed_by_bug(claimed, error)
        self._failures = 0
        self._outbox.problem = None
        await self._acknowledge(entry, outcome.main_reference)
        due = self._outbox.now()
        await self._verify(
            _Unverified(entry_id=entry.id, bundle=claimed.bundle, outcome=outcome, due=due)
        )
        return None

    async def _acknowledge(self, entry: OutboxEntry, reference: str | None) -> None:
        """Tell that the EHR has the reading, and at once erase it here.

        Told first, as it is true already: dying in between, the same bundle is sent again, and the
        EHR knows it.
        """
        told = replace(
            entry, state=EntryState.ACKNOWLEDGED, ehr_reference=reference, last_error=None
        )
        with self._outbox.told_ahead(told):
            # The loop's turn in which those who wait for the news get it.
            await asyncio.sleep(0)
            await self._outbox.change(lambda store: store.acknowledge(entry.id, reference))

    async def _failed_for_now(self, claimed: Claimed, error: Transient) -> _Pause | None:
        entry = claimed.entry
        text = str(error)
        if error.status in CONFLICT_STATUSES and entry.attempts >= CONFLICT_ATTEMPTS:
            await self._outbox.change(lambda store: store.needs_attention(entry.id, text))
            return None
        wait = retry_delay_s(entry.attempts, rng=self._rng, retry_after_s=error.retry_after_s)
        await self._release(entry.id, text, wait)
        failures = self._failed()
        if error.retry_after_s is not None:
            return self._paused(wait, error, firm=True)
        if failures >= PAUSE_AFTER:
            wait = retry_delay_s(failures - PAUSE_AFTER + 1, rng=self._rng)
            return self._paused(wait, error)
        return None

    async def _failed_by_bug(self, claimed: Claimed, error: Exception) -> _Pause | None:
        entry = claimed.entry
        self._report(error)
        text = _BUG.format(kind=type(error).__name__)
        wait = retry_delay_s(entry.attempts, rng=self._rng)
        await self._release(entry.id, text, wait)
        if self._failed() >= PAUSE_AFTER:
            return self._paused(wait, OhxError(text))
        return None

    async def _release(self, entry_id: UUID, error: str, wait_s: float) -> None:
        due = self._outbox.now() + timedelta(seconds=wait_s)
        await self._outbox.change(lambda store: store.release(entry_id, error, due))

    async def _verify(self, item: _Unverified) -> None:
        """Read one acknowledged reading back; put it off while the EHR cannot be asked."""
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                same = await self._ehr.verify(item.bundle, item.outcome)
        except (OhxError, TimeoutError):
            attempts = item.attempts + 1
            if attempts < VERIFY_ATTEMPTS:
                wait = timedelta(seconds=retry_delay_s(attempts, rng=self._rng))
                due = self._outbox.now() + wait
                self._unverified.append(replace(item, attempts=attempts, due=due))
        except Exception as error:  # noqa: BLE001 - as above; the reading is in the EHR already
            self._report(error)
        else:
            if same:
                await self._outbox.change(lambda store: store.verified(item.entry_id))
            else:
                await self._outbox.change(
                    lambda store: store.needs_attention(item.entry_id, OTHER_VALUES)
                )

    def _report(self, error: Exception) -> None:
        # The loop's handler is the application's one place for bugs.
        asyncio.get_running_loop().call_exception_handler(
            {"message": "the sender met an unexpected error", "exception": error}
        )

    # ── waiting ──────────────────────────────────────────────────────────────────────────────

    def _failed(self) -> int:
        self._failures += 1
        return self._failures

    def _paused(self, seconds: float, problem: OhxError, *, firm: bool = False) -> _Pause:
        self._outbox.problem = problem
        self._outbox.notify()
        return _Pause(seconds=seconds, problem=problem, firm=firm)

    async def _rest(self, pause: _Pause) -> None:
        """Send nothing for a while; a person, or for a soft pause a new reading, ends it early."""
        ended = self._outbox.urged if pause.firm else self._outbox.woken
        self._outbox.urged.clear()
        left = pause.seconds
        while left > 0 and not ended.is_set() and not self._stopping:
            await self._sleep_or(ended, min(left, POLL_S))
            left -= POLL_S
            with suppress(StoreError):
                await self._outbox.look_elsewhere()

    async def _idle(self) -> None:
        """Wait until there may be something to do: woken, changed elsewhere, or due."""
        due = await self._outbox.read(OutboxStore.next_due_at)
        dues = [item.due for item in self._unverified] + ([due] if due else [])
        left = LOOK_AGAIN_S
        if dues:
            left = min(left, (min(dues) - self._outbox.now()).total_seconds())
        left = max(left, POLL_S / 10)
        while left > 0 and not self._outbox.woken.is_set() and not self._stopping:
            with self._outbox.sender_waits():
                await self._sleep_or(self._outbox.woken, min(left, POLL_S))
            if self._outbox.woken.is_set():
                return
            left -= POLL_S
            await self._outbox.look_elsewhere()
            await self._outbox.read(OutboxStore.forget_erased)

    async def _sleep_or(self, event: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nothing is left behind them that would have to be waited for.
            for wait in waits:
                wait.cancel()
