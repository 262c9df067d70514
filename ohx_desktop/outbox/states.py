"""The states of a reading on its way to the EHR, as a table. Pure.

    queued ─► sending ─► acknowledged ─► verified
      ▲          │             └───────► needs-attention ─► discarded
      └──────────┴─────────────────────────┘ (retry)

`queued` and `sending` hold the reading itself; from `acknowledged` on only the receipt is left.
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


TRANSITIONS: dict[EntryState, frozenset[EntryState]] = {
    EntryState.QUEUED: frozenset({EntryState.SENDING, EntryState.DISCARDED}),
    EntryState.SENDING: frozenset(
        {EntryState.QUEUED, EntryState.ACKNOWLEDGED, EntryState.NEEDS_ATTENTION}
    ),
    EntryState.ACKNOWLEDGED: frozenset({EntryState.VERIFIED, EntryState.NEEDS_ATTENTION}),
    EntryState.VERIFIED: frozenset(),
    EntryState.NEEDS_ATTENTION: frozenset({EntryState.QUEUED, EntryState.DISCARDED}),
    EntryState.DISCARDED: frozenset(),
}

# States in which the store still holds health data.
HOLDS_READING = frozenset({EntryState.QUEUED, EntryState.SENDING, EntryState.NEEDS_ATTENTION})

# The EHR has it.
ARRIVED = frozenset({EntryState.ACKNOWLEDGED, EntryState.VERIFIED})

# States that no work of ours changes any more without a person.
SETTLED = frozenset({EntryState.VERIFIED, EntryState.NEEDS_ATTENTION, EntryState.DISCARDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """What may be told of an entry: ids, times, states. No values and no names.

    `last_error` is the sentence of an OhxError; `ehr_reference` the main Observation in the EHR.
    """

    id: UUID
    reading_id: UUID
    state: EntryState
    attempts: int
    created_at: datetime
    next_attempt: datetime | None = None
    last_error: str | None = None
    ehr_reference: str | None = None
