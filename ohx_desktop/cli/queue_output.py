"""How entries of the queue are listed."""

from typing import TYPE_CHECKING, Any

from ohx_desktop.cli.output import Output

if TYPE_CHECKING:
    from ohx_desktop.outbox.states import OutboxEntry

_KINDS = {"retraction": "(takes a filed reading back)"}


def entry_to_json(entry: "OutboxEntry") -> dict[str, Any]:
    """Return the form in which an entry is listed."""
    return {
        "id": str(entry.id),
        "reading_id": str(entry.reading_id),
        "state": entry.state.value,
        "attempts": entry.attempts,
        "next_attempt": entry.next_attempt.isoformat() if entry.next_attempt else None,
        "last_error": entry.last_error,
        "ehr_reference": entry.ehr_reference,
        "kind": entry.kind.value,
        "is_doubtful": entry.is_doubtful,
        "corrects": str(entry.corrects) if entry.corrects else None,
        "arrived_at": entry.arrived_at.isoformat() if entry.arrived_at else None,
        "reason": entry.reason,
    }


def print_entry(entry: "OutboxEntry", out: Output, *, check: str | None = None) -> None:
    """Print an entry in both forms; `check` is what came of looking it up in the EHR."""
    told = [
        str(entry.id),
        entry.state.value,
        _KINDS.get(entry.kind.value),
        entry.ehr_reference,
        f"after {entry.attempts} attempts" if entry.attempts > 1 else None,
        entry.last_error,
        check,
    ]
    form = entry_to_json(entry) | ({"check": check} if check else {})
    out.item(form, "  ".join(part for part in told if part))
