"""The sender: takes what is due from the outbox to the EHR, several patients at once.

One process per profile sends; the operating system frees its lock when it dies, and whoever gets
the lock next first queues again what the dead one left half-way, marked as doubtful: the EHR is
asked whether it has it before it is sent again (`delivery`). What a failure means is in `failures`,
what stops all sending in `pauses`, what follows an acknowledgement in `reading_back`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import filelock

from ohx_desktop.domain.errors import OhxError, StoreError, Transient
from ohx_desktop.outbox.backoff import PROBE_CAP_S, Rng, probe_delay_s
from ohx_desktop.outbox.delivery import Delivery
from ohx_desktop.outbox.ehr_port import Ehr
from ohx_desktop.outbox.lanes import Lanes
from ohx_desktop.outbox.pauses import Pause, Pauses
from ohx_desktop.outbox.reading_back import ReadingBack
from ohx_desktop.outbox.service import POLL_S, AsyncOutbox
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import translated

# How many patients are sent for at once, and for how long an acknowledged reading may stay here
# that the EHR does not give back: what settings are by default.
PARALLEL = 4
VERIFY_FOR = timedelta(hours=24)
# Claimed ahead of the lanes, so that one commit serves many; of one patient no more than that.
CLAIMED_AHEAD = 16
OF_ONE_PATIENT = 4
# The queue is looked at again at least this often, whatever the clock does meanwhile.
LOOK_AGAIN_S = 60.0


class OutboxWorker:
    """Sends while `run` runs. `sleep`, `monotonic` and `rng` let tests own time and chance."""

    def __init__(
        self,
        outbox: AsyncOutbox,
        ehr: Ehr,
        lock_path: Path,
        *,
        parallel: int = PARALLEL,
        verify_for: timedelta = VERIFY_FOR,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        rng: Rng = random.random,
    ) -> None:
        self._outbox = outbox
        self._ehr = ehr
        self._lock = filelock.FileLock(lock_path, mode=0o600)
        self._sleep = sleep
        self._parallel = parallel
        self._is_busy = False
        self._stopping = False
        self._turned = asyncio.Event()
        self._pauses = Pauses(rng=rng, tell=self._tell)
        self._reading_back = ReadingBack(
            outbox,
            ehr,
            self._pauses,
            give_up_after=verify_for,
            is_busy=lambda: self._is_busy,
            wait=self._sleep_or,
            monotonic=monotonic,
            rng=rng,
        )
        self._delivery = Delivery(
            outbox, ehr, self._pauses, self._reading_back, on_noted=self._turned.set, rng=rng
        )
        self._lanes = Lanes(
            self._delivery.deliver,
            width=lambda: self._pauses.width(parallel),
            is_open=self._may_send,
            on_end=self._turned.set,
        )

    def stop(self) -> None:
        """Have `run` return once the readings in hand are sent and read back."""
        self._stopping = True
        self._turned.set()
        self._outbox.urge()

    async def run(self) -> None:
        """Send until stopped or cancelled; while another process sends, only watch it.

        A cancel breaks requests off; their readings are queued again, as doubtful.
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
        await self._sleep_or(POLL_S, self._outbox.urged)
        with suppress(StoreError):
            await self._outbox.look_elsewhere()

    # ── the one sender ───────────────────────────────────────────────────────────────────────

    async def _is_ours(self) -> bool:
        # Lock and store share one thread, so nothing of ours can come after the release.
        try:
            return await self._outbox.read(self._take_over)
        except StoreError as error:
            self._tell(error)
            return False

    def _take_over(self, store: OutboxStore) -> bool:
        with translated():
            try:
                self._lock.acquire(blocking=False)
            except filelock.Timeout:
                return False
        try:
            store.recover()
        except StoreError:
            self._pauses.is_unclean = True
        return True

    def _stand_down(self, store: OutboxStore) -> None:
        try:
            with suppress(StoreError):
                store.recover()
        finally:
            self._lock.release()

    async def _send_all(self) -> None:
        reading_back = asyncio.create_task(self._reading_back.run(), name="reading-back")
        try:
            with self._outbox.sender_claims(self._ehr.prepare):
                await self._keep_sending()
            await self._all_ended()
            await self._give_back(everything=True)
            self._reading_back.finish()
            await reading_back
        finally:
            await self._lanes.break_off()
            await self._delivery.noted()
            reading_back.cancel()
            await asyncio.gather(reading_back, return_exceptions=True)

    async def _keep_sending(self) -> None:
        while not self._stopping:
            try:
                if self._pauses.current is not None:
                    await self._rest()
                if self._pauses.is_unclean:
                    # No lane is under way then; what is `sending` on the disk is none of theirs.
                    await self._outbox.change(OutboxStore.recover)
                    self._pauses.is_unclean = False
                await self._turn()
            except StoreError as error:
                self._pauses.store_failed(error)

    async def _turn(self) -> None:
        """Fill the lanes, then wait until there may be something to do."""
        self._outbox.woken.clear()
        self._turned.clear()
        if self._outbox.urged.is_set():
            self._outbox.urged.clear()
            self._reading_back.retry_now()
        while handed := self._outbox.next_handed():
            # A person waits for this one, so it goes before what is only sent later.
            self._lanes.add(handed, first=True)
        await self._give_back()
        self._lanes.start()
        if self._lanes.waiting < self._parallel and self._may_send():
            await self._claim()
        if self._lanes.is_idle and not self._lanes.waiting:
            await self._idle()
        elif not self._lanes.is_idle:
            self._is_busy = True
            await self._sleep_or(POLL_S, self._outbox.woken, self._turned)

    async def _all_ended(self) -> None:
        await self._lanes.ended()
        await self._delivery.noted()

    async def _claim(self) -> None:
        now, taken = self._outbox.now(), self._lanes.patients
        claimed = await self._outbox.read(
            lambda store: store.claims.claim(
                now, taken, limit=CLAIMED_AHEAD, of_one_patient=OF_ONE_PATIENT
            )
        )
        for each in claimed:
            self._lanes.add(each)
        self._lanes.start()
        if claimed:
            self._outbox.notify()

    async def _give_back(self, *, everything: bool = False) -> None:
        """Queue what was claimed and not begun; it is as if it had never been claimed."""
        if left := self._lanes.take_left(everything=everything):
            ids = [claimed.entry.id for claimed in left]
            await self._outbox.change(lambda store: store.claims.give_back(ids))

    def _may_send(self) -> bool:
        return self._pauses.current is None and not self._stopping

    # ── waiting ──────────────────────────────────────────────────────────────────────────────

    def _tell(self, problem: OhxError | None) -> None:
        self._outbox.problem = problem
        self._outbox.notify()
        self._turned.set()

    async def _rest(self) -> None:
        """Send nothing for a while; a person, or for a soft pause a new reading, ends it early."""
        self._is_busy = False
        with self._outbox.sender_pauses():
            # The requests under way end by themselves, and may make the pause a longer one.
            await self._all_ended()
            await self._give_back(everything=True)
            pause = self._pauses.current
            if pause is not None:
                await self._sit_out(pause)
                self._pauses.end()
                if self._outbox.urged.is_set() and not isinstance(pause.problem, Transient):
                    # Somebody has mended what was wrong.
                    await self._outbox.change(OutboxStore.make_due)

    async def _sit_out(self, pause: Pause) -> None:
        ended = self._outbox.urged if pause.is_firm else self._outbox.woken
        self._outbox.urged.clear()
        probe_s = probe_delay_s(self._pauses.rounds)
        passed, next_probe = 0.0, probe_s
        while passed < pause.seconds and not ended.is_set() and not self._stopping:
            step = min(pause.seconds - passed, POLL_S)
            await self._sleep_or(step, ended)
            passed += step
            with suppress(StoreError):
                await self._outbox.look_elsewhere()
            if pause.is_unreachable and passed >= next_probe:
                if await self._ehr.is_back():
                    await self._outbox.change(OutboxStore.make_due)
                    self._reading_back.retry_now()
                    return
                probe_s = min(2 * probe_s, PROBE_CAP_S)
                next_probe = passed + probe_s

    async def _idle(self) -> None:
        """Wait until there may be something to do: woken, changed elsewhere, or due."""
        self._is_busy = False
        self._reading_back.look_again()
        due = await self._outbox.read(OutboxStore.next_due_at)
        left = LOOK_AGAIN_S
        if due is not None:
            left = min(left, (due - self._outbox.now()).total_seconds())
        left = max(left, POLL_S / 10)
        woken, turned = self._outbox.woken, self._turned
        while left > 0 and not self._stopping:
            await self._sleep_or(min(left, POLL_S), woken, turned)
            if woken.is_set() or turned.is_set():
                return
            left -= POLL_S
            await self._outbox.look_elsewhere()
            await self._outbox.read(self._tidy)

    def _tidy(self, store: OutboxStore) -> None:
        """Erase what was kept long enough, and make what is erased vanish."""
        store.erase_due(self._outbox.now())
        store.forget_erased()

    async def _sleep_or(self, seconds: float, *events: asyncio.Event) -> None:
        if any(event.is_set() for event in events):
            return
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._sleep(seconds))]
        waits += [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nothing is left behind them that would have to be waited for.
            for wait in waits:
                wait.cancel()
