"""What a command tells the audit of a change that is none of the queue's own."""

from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.cli.output import Output

if TYPE_CHECKING:
    from ohx_desktop.audit.events import Event


def tell_audit(profile: Path | None, event: "Event", subject: str, out: Output) -> None:
    """Note a change that was made, for the account of this computer; say where it must wait."""
    from ohx_desktop.app import note_change

    problem = note_change(profile, event, subject=subject)
    if problem is not None:
        out.note(f"done, but not in the audit yet: {problem.what}")
