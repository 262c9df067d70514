"""The tray: readings that came but were not confirmed, until a person says whose they are.

A device that sends each record once has forgotten it; so whatever a patient's screen did not lead
to an end (left, measured again, a crash) waits here. Who was in view when it came is a hint. To
assign a reading is to confirm it: a person chose the patient anew and looked at the values.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4, uuid5

from ohx_desktop.ble.keeping import HeardRecord, Keeper
from ohx_desktop.desk.filing import FilingService, SignedIn
from ohx_desktop.desk.tray_items import TrayItem, TraySummary
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.reading import READING_NAMESPACE, Reading
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json
from ohx_desktop.ops.logging import Field, log_event
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.tray_records import CapturedRecord, HeldCapture, TrayEntry


class TrayStorage(Protocol):
    """The durable tray. Methods raise StoreError."""

    async def keep(
        self, records: Sequence[CapturedRecord], *, session: UUID, patient: str | None
    ) -> frozenset[UUID]:
        """Return once all are durable, with the ids of those met before this session."""
        ...

    async def discard(self, record_id: UUID, *, reason: str, by: str | None) -> TrayEntry:
        """Erase a record. Raises UsageError where it is not in the tray."""
        ...

    async def entries(self) -> list[TrayEntry]:
        """Return what waits for a person."""
        ...

    async def all_held(self) -> list[HeldCapture]:
        """Return all that waits for a person whole."""
        ...

    async def held(self, record_id: UUID) -> HeldCapture:
        """Return a record whole. Raises UsageError where it is not in the tray."""
        ...


class TrayService:
    """Keeps what devices send, and has a person see to what was not confirmed.

    `kept_for` is how long a record may wait before it needs attention; none is ever dropped.
    `signed_in` tells who works here at this moment.
    """

    def __init__(
        self,
        *,
        storage: TrayStorage,
        filing: FilingService,
        kept_for: timedelta,
        signed_in: SignedIn = lambda: None,
        now: Now = system_now,
    ) -> None:
        self._storage = storage
        self._filing = filing
        self._kept_for = kept_for
        self._signed_in = signed_in
        self._now = now

    def keeper(self, *, patient: str | None) -> Keeper:
        """Return the keeper of one listening, with this patient in view."""
        return _ListeningKeeper(self._storage, session=uuid4(), patient=patient)

    async def items(self) -> tuple[TrayItem, ...]:
        """Return what waits for a person, in the order in which it came: health data."""
        return tuple(self._item(one) for one in await self._storage.all_held())

    async def summary(self, *, in_hand: Collection[UUID] = ()) -> TraySummary:
        """Return the counts for the footer; what is `in_hand` on the screen does not wait."""
        entries = [entry for entry in await self._storage.entries() if entry.id not in in_hand]
        return TraySummary(
            waiting=sum(not entry.is_stored and entry.refusal is None for entry in entries),
            overdue=sum(self._is_overdue(entry) for entry in entries),
        )

    async def assign(
        self,
        record_id: UUID,
        *,
        patient: str,
        performer: str | None = None,
        verifier: str | None = None,
    ) -> OutboxEntry:
        """File a reading of the tray for a patient a person chose: into the queue, out of here.

        Raises UsageError for one that is not in the tray or was not decoded, Implausible,
        FiledForAnother, NobodySignedIn, StoreError; then it stays where it was.
        """
        held = await self._storage.held(record_id)
        reading = _reading_of(held)
        if reading is None:
            raise UsageError(
                "this record could not be decoded, so it is nobody's reading",
                meaning="it stays in the tray",
                hint="report the device model to support, or discard it",
            )
        entry = await self._filing.submit(
            reading,
            patient=patient,
            performer=performer,
            verifier=verifier,
            frames=held.frames,
        )
        if entry.state is EntryState.DISCARDED:
            raise UsageError(
                "this reading was discarded before",
                meaning="it was not queued again",
                hint="measure again",
            )
        return entry

    async def discard(self, record_id: UUID, *, reason: str) -> TrayEntry:
        """Give a record up for a reason, a code; only the receipt stays. Raises NobodySignedIn."""
        entry = await self._storage.discard(record_id, reason=reason, by=self._signed_in())
        log_event("reading.discarded", {Field.ENTRY: entry.id, Field.STATE: entry.state})
        return entry

    def _item(self, held: HeldCapture) -> TrayItem:
        entry = held.entry
        return TrayItem(
            id=entry.id,
            device=DeviceIdentity(**json.loads(held.device)),
            reading=_reading_of(held),
            refusal=entry.refusal,
            captured_at=entry.captured_at,
            is_stored=entry.is_stored,
            patient_in_view=entry.patient,
            twin=entry.twin,
            is_overdue=self._is_overdue(entry),
        )

    def _is_overdue(self, entry: TrayEntry) -> bool:
        return entry.is_overdue(self._now(), self._kept_for)


class _ListeningKeeper:
    """Keeps the records of one listening."""

    def __init__(self, storage: TrayStorage, *, session: UUID, patient: str | None) -> None:
        self._storage = storage
        self._session = session
        self._patient = patient

    async def keep(self, records: Sequence[HeardRecord]) -> frozenset[UUID]:
        """Return once all are durable, with the ids of readings met before."""
        return await self._storage.keep(
            [_captured(record) for record in records],
            session=self._session,
            patient=self._patient,
        )


def _captured(record: HeardRecord) -> CapturedRecord:
    reading = record.reading
    return CapturedRecord(
        id=_id_of_bytes(record) if reading is None else reading.id,
        device=_compact(asdict(record.device)),
        frames=record.frames,
        reading=None if reading is None else _compact(reading_to_json(reading)),
        refusal=None if record.refusal is None else record.refusal.code,
        is_stored=record.is_stored,
    )


def _id_of_bytes(record: HeardRecord) -> UUID:
    """Return an id that the same bytes of the same device have at every time."""
    frames = ",".join(frame.hex() for frame in record.frames)
    return uuid5(READING_NAMESPACE, f"refused|{record.device.key}|{frames}")


def _reading_of(held: HeldCapture) -> Reading | None:
    return None if held.reading is None else reading_from_json(json.loads(held.reading))


def _compact(form: object) -> bytes:
    return json.dumps(form, separators=(",", ":"), ensure_ascii=False).encode()
