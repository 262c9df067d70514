"""The tray as the place where readings of cloud services wait for a person."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol
from uuid import UUID, uuid4

from ohx_desktop.cloud.reviewing import Offer, Whereabouts
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.reading_json import reading_to_json
from ohx_desktop.outbox.tray_records import CapturedRecord, CaptureState

_NOBODY_KNOWS = DeviceIdentity()
_WHEREABOUTS = {
    CaptureState.CAPTURED: Whereabouts.WAITED,
    CaptureState.QUEUED: Whereabouts.FILED,
    CaptureState.DISCARDED: Whereabouts.GIVEN_UP,
    None: Whereabouts.GIVEN_UP,
}


class KeptRecords(Protocol):
    """The part of the tray's storage that a sync needs. Methods raise StoreError."""

    async def keep(
        self, records: Sequence[CapturedRecord], *, session: UUID, patient: str | None
    ) -> frozenset[UUID]:
        """Return once all are durable, with the ids of those met before this session."""

    async def take_back(self, record_id: UUID) -> CaptureState | None:
        """Erase what waits, and return in which state it was, None for none."""


class TrayReview:
    """Puts readings into the tray, each with whose account it came from as a hint."""

    def __init__(self, storage: KeptRecords) -> None:
        self._storage = storage

    async def offer(self, offers: Sequence[Offer]) -> frozenset[UUID]:
        """Return once all are durable, with the ids of those that were met before."""
        by_patient = defaultdict[str | None, list[CapturedRecord]](list)
        for offer in offers:
            by_patient[offer.patient].append(_captured(offer))
        known: frozenset[UUID] = frozenset()
        for patient, records in by_patient.items():
            known |= await self._storage.keep(records, session=uuid4(), patient=patient)
        return known

    async def take_back(self, reading_id: UUID) -> Whereabouts:
        """Have a reading wait no more, and tell what had become of it."""
        return _WHEREABOUTS[await self._storage.take_back(reading_id)]


def _captured(offer: Offer) -> CapturedRecord:
    reading = offer.reading
    return CapturedRecord(
        id=reading.id,
        device=_compact(asdict(reading.device or _NOBODY_KNOWS)),
        frames=(),
        reading=_compact(reading_to_json(reading)),
        twin=offer.twin,
    )


def _compact(form: object) -> bytes:
    return json.dumps(form, separators=(",", ":"), ensure_ascii=False).encode()
