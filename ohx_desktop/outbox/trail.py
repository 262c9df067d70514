"""What the store tells of each change, in the transaction of the change itself."""

from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Change(StrEnum):
    """What happened to a reading."""

    CAPTURED = "captured"
    CAPTURE_DISCARDED = "capture-discarded"
    QUEUED = "queued"
    RETRACTION_ORDERED = "retraction-ordered"
    SENDING = "sending"
    RELEASED = "released"
    RECOVERED = "recovered"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    NOT_VERIFIABLE = "not-verifiable"
    ERASED = "erased"
    NEEDS_ATTENTION = "needs-attention"
    RETRIED = "retried"
    DISCARDED = "discarded"
    RECEIPTS_PRUNED = "receipts-pruned"
    RECONCILED = "reconciled"


class Trail(Protocol):
    """Takes note of changes, inside their transaction: both are committed, or neither."""

    def add(
        self,
        event: str,
        *,
        entry: UUID | None = None,
        reading: UUID | None = None,
        by: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Note one `Change`; `by` is the reference of who acted, `detail` a code or an error."""
        ...
