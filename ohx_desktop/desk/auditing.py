"""Notes for the audit of what happens at the desk outside the queue's own changes.

What changes a reading is noted by the queue, in the same transaction. A person who signs in or
opens a patient does not wait for a note, and a disk that takes none does not keep them from their
work: that is logged, and the readings, which cannot be saved then either, say the rest.
"""

import asyncio
from typing import Any, Protocol

from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.domain.errors import NobodySignedIn, OhxError
from ohx_desktop.ops.logging import log_problem


class Note(Protocol):
    """Notes an event. It never fails and never waits."""

    def __call__(
        self,
        event: Event,
        /,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        by: str | None = None,
        patient: str | None = None,
        subject: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Note it for whoever is signed in, unless `by` tells who did it."""
        ...


class AuditedOutbox(Protocol):
    """The queue, as the place of the audit."""

    async def note(self, event: Event, **told: Any) -> None:
        """Return once the note is durable. Raises StoreError."""
        ...


class SignedIn(Protocol):
    """Tells who works here now."""

    def __call__(self) -> str | None:
        """Return their reference, None where nobody signs in. May raise NobodySignedIn."""
        ...


def note_nothing(_event: Event, **_told: Any) -> None:
    """Note nothing: where there is no audit."""


class AuditNotes:
    """Writes notes one after the other. `close` must be awaited before the queue is closed.

    Attributes:
        signed_in: who is named where a note does not say who did it.
    """

    def __init__(self, outbox: AuditedOutbox) -> None:
        self.signed_in: SignedIn = lambda: None
        self._outbox = outbox
        self._writing: set[asyncio.Task[None]] = set()

    def note(
        self,
        event: Event,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        by: str | None = None,
        patient: str | None = None,
        subject: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Note an event; see `Note`."""
        who = by or self._present()
        writing = asyncio.create_task(
            self._write(
                event, outcome=outcome, by=who, patient=patient, subject=subject, detail=detail
            )
        )
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Return once everything is written."""
        if self._writing:
            await asyncio.wait(set(self._writing))

    def _present(self) -> str | None:
        try:
            return self.signed_in()
        except NobodySignedIn:
            return None

    async def _write(self, event: Event, **told: Any) -> None:
        try:
            await self._outbox.note(event, **told)
        except OhxError as error:
            log_problem(error)
