"""The states of a reading on its way to the EHR, as a table. Pure.

    queued ─► sending ─► acknowledged ─► verified
      ▲          │             └───────► needs-attention ─► discarded
      └──────────┴─────────────────────────┘ (retry)

`queued` and `sending` hold the reading itself; `acknowledged` holds it until the EHR gave back what
was sent, or cannot be asked; `verified` erases it, at once or after the days the clinic keeps it;
`discarded` holds nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EntryState(StrEnum):
    """Names that a nurse can understand and an engineer can trust."""

    QUEUED = "queued"
    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    NEEDS_ATTENTION = "needs-attention"
    DISCARDED = "discarded"


class EntryKind(StrEnum):
    """What an entry asks of the EHR."""

    FILING = "filing"
    RETRACTION = "retraction"
    """What was filed is to be marked as entered in error."""


TRANSITIONS: dict[EntryState, frozenset[EntryState]] = {
    EntryState.QUEUED: frozenset({EntryState.SENDING, EntryState.DISCARDED}),
    EntryState.SENDING: frozenset(
        {
            EntryState.QUEUED,
            EntryState.ACKNOWLEDGED,
            EntryState.VERIFIED,
            EntryState.NEEDS_ATTENTION,
        }
    ),
    EntryState.ACKNOWLEDGED: frozenset({EntryState.VERIFIED, EntryState.NEEDS_ATTENTION}),
    EntryState.VERIFIED: frozenset(),
    EntryState.NEEDS_ATTENTION: frozenset({EntryState.QUEUED, EntryState.DISCARDED}),
    EntryState.DISCARDED: frozenset(),
}

# The EHR has it.
ARRIVED = frozenset({EntryState.ACKNOWLEDGED, EntryState.VERIFIED})

# States that no work of ours changes any more without a person.
SETTLED = frozenset({EntryState.VERIFIED, EntryState.NEEDS_ATTENTION, EntryState.DISCARDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """What may be told of an entry: ids, times, states. No values and no names.

    Attributes:
        is_doubtful: an attempt ended without a sure answer, so that the EHR may have it. Of a
            discarded entry it says that nobody knows whether the EHR has it.
        last_error: the sentence of an OhxError.
        ehr_reference: the main Observation in the EHR.
        corrects: the entry that this one corrects.
        arrived_at: when the EHR acknowledged it.
        ended_at: when the reading was erased here or is to be, or nothing more was to be done.
        reason: the code for which a person gave it up or ordered it.
        decided_by: who that was.
    """

    id: UUID
    reading_id: UUID
    state: EntryState
    attempts: int
    created_at: datetime
    kind: EntryKind = EntryKind.FILING
    is_doubtful: bool = False
    next_attempt: datetime | None = None
    last_error: str | None = None
    ehr_reference: str | None = None
    corrects: UUID | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    decided_by: str | None = None

    @property
    def may_be_in_ehr(self) -> bool:
        """Tell whether the EHR has what this entry stands for, or nobody knows."""
        return self.is_doubtful or self.state in ARRIVED or self.arrived_at is not None
