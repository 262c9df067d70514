"""File a confirmed reading: submission, bundle, queue. The one path for window and command line."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ohx_desktop.ble.events import ReadingReceived
from ohx_desktop.domain.care_context import NO_CONTEXT, CareContext
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.encoding import Json, encode
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules, transaction_bundle
from ohx_desktop.ops.logging import Field, log_event
from ohx_desktop.outbox.states import OutboxEntry
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.review.submission_json import encode_submission


class Outbox(Protocol):
    """The durable queue, from the side that fills it."""

    async def enqueue(
        self,
        *,
        reading_id: UUID,
        patient: str,
        submission: bytes,
        bundle: bytes,
        frames: Sequence[bytes],
        by: str | None = None,
    ) -> OutboxEntry:
        """Return once the reading is durable; `by` confirmed it. Raises StoreError."""
        ...

    async def known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was filed before."""
        ...

    def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        """Yield the entry now and on each change until its way has ended."""
        ...


SignedIn = Callable[[], str | None]
"""Tells who works here at this moment, None where nobody signs in. May raise NobodySignedIn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decided what is done with a filed reading, when, and where."""

    by: str | None
    at: datetime
    gateway: Gateway
    send_provenance: bool


class SubmissionMaker:
    """Adds to a reading what its confirmation means: for whom, by whom, where, when.

    `signed_in` is asked at each confirmation. `rules` are what the clinic has changed of the
    mapping.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        signed_in: SignedIn = lambda: None,
        rules: MappingRules = BUILT_IN,
        now: Now = system_now,
    ) -> None:
        self._gateway = gateway
        self._signed_in = signed_in
        self._rules = rules
        self._now = now

    def submission(
        self,
        reading: Reading,
        *,
        patient: str,
        performer: str | None = None,
        verifier: str | None = None,
        context: CareContext = NO_CONTEXT,
    ) -> Submission:
        """Return the confirmed reading.

        Who is signed in confirms it, unless a `verifier` is named; who confirms has measured,
        unless a `performer` is named. Raises UsageError for a wrong reference, Implausible,
        NobodySignedIn.
        """
        require_plausible(reading.quantities)
        verifier = verifier or self._signed_in()
        try:
            return Submission(
                reading=reading,
                patient=patient,
                performer=performer or verifier,
                verifier=verifier,
                encounter=context.encounter,
                based_on=context.based_on,
                confirmed_at=self._now(),
                gateway=self._gateway,
            )
        except ValueError as error:
            raise UsageError(str(error)) from error

    def for_another(self, submission: Submission, *, patient: str, by: str | None) -> Submission:
        """Return the same reading for another patient, confirmed now by `by`.

        Visit and order, and a patient who measured, belong to the first patient and stay behind.
        Raises UsageError for a wrong reference.
        """
        performer = submission.performer
        measured_by_patient = performer is not None and performer.startswith("Patient/")
        try:
            return replace(
                submission,
                patient=patient,
                performer=None if measured_by_patient else performer,
                verifier=by,
                encounter=None,
                based_on=None,
                confirmed_at=self._now(),
                gateway=self._gateway,
            )
        except ValueError as error:
            raise UsageError(str(error)) from error

    def decision(self, by: str | None) -> Decided:
        """Return who decides something now; raises NobodySignedIn where somebody must."""
        return Decided(
            by=by or self._signed_in(),
            at=self._now(),
            gateway=self._gateway,
            send_provenance=self._rules.send_provenance,
        )

    def follow(self, rules: MappingRules) -> None:
        """Map by other rules from now on."""
        self._rules = rules

    def bundle(self, submission: Submission) -> Json:
        """Return the R5 transaction. Raises ConfigurationError where nothing may be sent."""
        return transaction_bundle(submission, self._rules)


class FilingService:
    """Makes confirmed readings durable; the outbox sends them."""

    def __init__(self, *, outbox: Outbox, maker: SubmissionMaker) -> None:
        self._outbox = outbox
        self._maker = maker

    async def file(
        self, received: ReadingReceived, patient: Patient, context: CareContext
    ) -> OutboxEntry:
        """File what a device sent, with its raw frames, for the patient in view."""
        return await self.submit(
            received.reading, patient=patient.reference, context=context, frames=received.frames
        )

    async def submit(
        self,
        reading: Reading,
        *,
        patient: str,
        performer: str | None = None,
        verifier: str | None = None,
        context: CareContext = NO_CONTEXT,
        frames: Sequence[bytes] = (),
    ) -> OutboxEntry:
        """File a confirmed reading; the same one again gives the entry it already has.

        For who confirms and who measured, see `SubmissionMaker.submission`.
        """
        submission = self._maker.submission(
            reading, patient=patient, performer=performer, verifier=verifier, context=context
        )
        entry = await self._outbox.enqueue(
            reading_id=reading.id,
            patient=patient,
            submission=encode_submission(submission),
            bundle=encode(self._maker.bundle(submission)),
            frames=frames,
            by=submission.verifier,
        )
        log_event("reading.filed", {Field.ENTRY: entry.id, Field.STATE: entry.state})
        return entry

    def follow(self, rules: MappingRules) -> None:
        """Map what is confirmed from now on by other rules; what is queued stays as it is."""
        self._maker.follow(rules)

    async def is_known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was filed before."""
        return await self._outbox.known(reading_id)

    def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        """Yield the entry now and on each change until its way has ended."""
        return self._outbox.progress(entry_id)
