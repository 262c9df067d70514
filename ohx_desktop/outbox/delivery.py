"""One reading's way to the EHR: asked for first where it may be there, sent, noted.

Nothing is sent blindly after an attempt that ended without a sure answer: the EHR is asked whether
it has the reading. One that does not let itself be asked gets the same bytes again, whose condition
("unless you have it") is then the question.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from ohx_desktop.domain.errors import Misconfigured, Refused, RemoteError, StoreError, UsageError
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.outbox.backoff import Rng
from ohx_desktop.outbox.ehr_port import Ehr
from ohx_desktop.outbox.failures import Failure, Then, conflict, failure_of
from ohx_desktop.outbox.pauses import Pauses
from ohx_desktop.outbox.reading_back import ReadingBack, report
from ohx_desktop.outbox.records import Claimed
from ohx_desktop.outbox.service import POLL_S, AsyncOutbox
from ohx_desktop.outbox.states import EntryKind, EntryState
from ohx_desktop.outbox.store import OutboxStore

# The client's own timeouts are shorter; this one catches what has none.
SEND_DEADLINE_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """What the EHR says of a reading; `look_up` where it was asked what it holds."""

    reference: str | None
    is_new: bool = False
    look_up: LookUp | None = None


class Delivery:
    """Takes claimed readings to the EHR and notes what became of them.

    An arrival is noted while the lane goes on with its next reading, so that no lane waits for the
    disk; a program that dies in between asks the EHR for what it had not noted. `on_noted` is
    called when that is done.
    """

    def __init__(
        self,
        outbox: AsyncOutbox,
        ehr: Ehr,
        pauses: Pauses,
        reading_back: ReadingBack,
        *,
        on_noted: Callable[[], None],
        rng: Rng,
    ) -> None:
        self._outbox = outbox
        self._on_noted = on_noted
        self._noting: set[asyncio.Task[None]] = set()
        self._ehr = ehr
        self._pauses = pauses
        self._reading_back = reading_back
        self._rng = rng

    async def deliver(self, claimed: Claimed) -> bool:
        """Take one reading to the EHR; tell whether its patient's next one may follow."""
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                arrival = await self._sent(claimed)
        except Exception as error:  # noqa: BLE001 - a bug must not stop the queue; it is told
            failure = failure_of(error, claimed.entry.attempts, rng=self._rng)
            if failure.is_bug:
                report(error)
            self._pauses.failed(failure)
            return await self._note_failure(claimed, failure)
        self._pauses.succeeded()
        noting = asyncio.create_task(self._note_arrival(claimed, arrival), name="noting")
        self._noting.add(noting)
        noting.add_done_callback(self._noted)
        return True

    async def noted(self) -> None:
        """Return once every arrival is noted, or cannot be."""
        while self._noting:
            await asyncio.wait(self._noting)

    def _noted(self, noting: "asyncio.Task[None]") -> None:
        self._noting.discard(noting)
        if not noting.cancelled() and (error := noting.exception()) is not None:
            report(error)
        self._on_noted()

    async def _sent(self, claimed: Claimed) -> _Arrival:
        if claimed.entry.kind is EntryKind.RETRACTION:
            outcome = await self._ehr.retract(claimed.bundle)
            # It reads what it has changed, so there is nothing left to look up.
            same = LookUp(found=Found.SAME, reference=outcome.main_reference)
            return _Arrival(reference=outcome.main_reference, look_up=same)
        if claimed.entry.is_doubtful:
            with suppress(Misconfigured, Refused):
                (held,) = await self._ehr.look_up([claimed.bundle])
                if held.found is not Found.ABSENT:
                    return _Arrival(reference=held.reference, look_up=held)
        outcome = await self._ehr.transact(claimed.bundle)
        reference = outcome.main_reference
        if outcome.created:
            return _Arrival(reference=reference, is_new=True)
        # It was there before: from an attempt nobody remembers, or with another content.
        with suppress(RemoteError):
            (held,) = await self._ehr.look_up([claimed.bundle])
            if held.found is not Found.ABSENT:
                return _Arrival(reference=held.reference or reference, look_up=held)
        return _Arrival(reference=reference)

    async def _note_arrival(self, claimed: Claimed, arrival: _Arrival) -> None:
        try:
            await self._note_as_told(claimed, arrival)
        except StoreError as error:
            self._pauses.store_failed(error)

    async def _note_as_told(self, claimed: Claimed, arrival: _Arrival) -> None:
        entry, reference = claimed.entry, arrival.reference
        if arrival.look_up is None:
            await self._acknowledge(claimed, reference, is_new=arrival.is_new)
        elif arrival.look_up.found is Found.SAME:
            await self._outbox.change(
                lambda store: store.acknowledge(entry.id, reference, verified=True)
            )
        else:
            text = conflict(arrival.look_up)
            await self._outbox.change(
                lambda store: store.needs_attention(entry.id, text, doubtful=True)
            )

    async def _acknowledge(self, claimed: Claimed, reference: str | None, *, is_new: bool) -> None:
        """Tell that the EHR has the reading, note it, and have it read back.

        Told first, as it is true already: dying in between, the EHR is asked whether it has it.
        What was there before may be something else, and is told once it is noted.
        """
        entry = claimed.entry

        def note(store: OutboxStore) -> None:
            store.acknowledge(entry.id, reference)

        if is_new:
            told = replace(
                entry,
                state=EntryState.ACKNOWLEDGED,
                ehr_reference=reference,
                arrived_at=self._outbox.now(),
                is_doubtful=False,
                last_error=None,
            )
            with self._outbox.told_ahead(told):
                # The loop's turn in which those who wait for the news get it.
                await asyncio.sleep(0)
                await self._outbox.change(note)
        else:
            await self._outbox.change(note)
        self._reading_back.add(entry.id, self._outbox.now(), claimed.bundle)

    async def _note_failure(self, claimed: Claimed, failure: Failure) -> bool:
        try:
            return await self._note_as_failed(claimed, failure)
        except StoreError as error:
            self._pauses.store_failed(error)
            return False

    async def _note_as_failed(self, claimed: Claimed, failure: Failure) -> bool:
        entry = claimed.entry
        # Doubt once raised lasts until the EHR says what it has, whatever fails in between.
        doubtful = failure.is_doubtful or None
        # Somebody may have decided about the entry meanwhile: then there is nothing to note.
        with suppress(UsageError):
            if failure.then is Then.ATTENTION:
                await self._outbox.change(
                    lambda store: store.needs_attention(entry.id, failure.text, doubtful=doubtful)
                )
                return True
            due = self._outbox.now() + timedelta(seconds=self._wait_s(failure))
            await self._outbox.change(
                lambda store: store.release(entry.id, failure.text, due, doubtful=doubtful)
            )
        return False

    def _wait_s(self, failure: Failure) -> float:
        """Return when to try again; after a pause others go first: it may be this one's fault."""
        pause = self._pauses.current
        if failure.then is not Then.BLOCKED or pause is None:
            return failure.wait_s
        return max(failure.wait_s, pause.seconds) + POLL_S
