"""The list of readings for a person to review, as a sync fills it; its home is the tray."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from ohx_desktop.domain.reading import Reading


class Whereabouts(StrEnum):
    """What had become of a reading."""

    WAITED = "waited"
    """It waited for a person, and waits no more."""
    FILED = "filed"
    """A person had confirmed it: it is in the queue or in the EHR."""
    GIVEN_UP = "given-up"
    """A person had discarded it, or it was never here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A reading for review. `patient` is a hint, None where whose it is is in doubt.

    `twin` is the reading of another provider that may be the same measurement.
    """

    reading: Reading
    patient: str | None
    twin: UUID | None = None


class ReviewList(Protocol):
    """Holds readings until a person has looked at them. Methods raise StoreError."""

    async def offer(self, offers: Sequence[Offer]) -> frozenset[UUID]:
        """Return once all are durable, with the ids of those that were met before."""

    async def take_back(self, reading_id: UUID) -> Whereabouts:
        """Have a reading wait no more, and tell what had become of it. It may be offered again."""
