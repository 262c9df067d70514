"""What the store tells of its changes, as events of the audit.

A device that sends, and an attempt that fails, are nobody's doing and leave no event: the audit
says that a reading was sent, and in the end what became of it. The error of a change may quote the
EHR, so that only reasons, which are codes, are kept.
"""

from typing import NamedTuple
from uuid import UUID

from ohx_desktop.audit.events import Event
from ohx_desktop.outbox.audit_log import AuditLog
from ohx_desktop.outbox.trail import Change


class _Told(NamedTuple):
    event: Event
    with_reason: bool = False
    detail: str | None = None


# The tray's own doing: of records that nobody could decode only so many are kept.
_TOO_MANY = (Change.CAPTURE_DISCARDED, "too-many")

_TOLD: dict[str, _Told] = {
    Change.CAPTURE_DISCARDED: _Told(Event.TRAY_DISCARDED, with_reason=True),
    Change.QUEUED: _Told(Event.CONFIRMED, with_reason=True),
    Change.RETRACTION_ORDERED: _Told(Event.RETRACTION_ORDERED, with_reason=True),
    Change.SENDING: _Told(Event.SENT),
    Change.ACKNOWLEDGED: _Told(Event.ACKNOWLEDGED),
    Change.VERIFIED: _Told(Event.VERIFIED),
    Change.NOT_VERIFIABLE: _Told(Event.ERASED, detail="not-verifiable"),
    Change.ERASED: _Told(Event.ERASED, with_reason=True),
    Change.NEEDS_ATTENTION: _Told(Event.NEEDS_ATTENTION),
    Change.RETRIED: _Told(Event.RETRIED),
    Change.DISCARDED: _Told(Event.DISCARDED, with_reason=True),
    Change.RECEIPTS_PRUNED: _Told(Event.RECEIPTS_PRUNED),
    Change.RECONCILED: _Told(Event.RECONCILED, with_reason=True),
}


class AuditTrail:
    """The store's `Trail`, which writes into the audit of the same file."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def add(
        self,
        event: str,
        *,
        entry: UUID | None = None,
        reading: UUID | None = None,
        by: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Write the event of a change, where it has one, inside its transaction."""
        told = _TOLD.get(event)
        if by is None and (event, detail) == _TOO_MANY:
            told = _Told(Event.ERASED, with_reason=True)
        if told is not None:
            reason = detail if told.with_reason else told.detail
            self._audit.add(told.event, entry=entry, reading=reading, by=by, detail=reason)
