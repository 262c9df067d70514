"""Saving what is whole of a damaged queue, while nothing else works with the profile."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.keys import source_at_terminal, source_of
from ohx_desktop.app.profile import opened_profile, settings_of

if TYPE_CHECKING:
    from ohx_desktop.outbox.salvage_report import SalvageReport
    from ohx_desktop.settings.profile import Profile

_STAMP = "%Y%m%dT%H%M%SZ"


def salvage_queue(directory: Path | None, *, has_terminal: bool = True) -> "SalvageReport | None":
    """Replace the profile's damaged queue by all of it that is whole; None where none is damaged.

    The damaged file stays beside the new one. A key that is sealed with a PIN is asked for at the
    terminal, or else KeyPinNeeded. Blocking. Raises AlreadyOpen, ConfigurationError,
    KeystoreError, StoreError.
    """
    from ohx_desktop.app.audit import note_change
    from ohx_desktop.audit.events import Event
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.keystore import obtain_key
    from ohx_desktop.outbox.salvage import salvage
    from ohx_desktop.storage.database import opening_lock, translated
    from ohx_desktop.storage.replacing import finish_replacing, nobody_else_has

    profile = opened_profile(directory)
    with _alone(profile):
        with opening_lock(profile.database), translated():
            finish_replacing(profile.database)
            if not profile.database.exists():
                return None
        source = (source_at_terminal if has_terminal else source_of)(profile, settings_of(profile))
        key = obtain_key(source, profile.database)
        stamp = f"{system_now():{_STAMP}}"
        with opening_lock(profile.database), translated(), nobody_else_has(profile.database):
            report = salvage(profile.database, key, stamp=stamp)
        if report is not None:
            note_change(directory, Event.QUEUE_SALVAGED, subject=stamp)
        return report


@contextmanager
def _alone(profile: "Profile") -> Iterator[None]:
    """Hold the locks of the window and of the sender. Raises AlreadyOpen."""
    import filelock

    from ohx_desktop.domain.errors import AlreadyOpen

    with ExitStack() as stack:
        for path in (profile.window_lock, profile.sender_lock):
            try:
                stack.enter_context(filelock.FileLock(path, mode=0o600, blocking=False))
            except filelock.Timeout:
                raise AlreadyOpen(
                    "the queue is in use by the window or by another command",
                    meaning="nothing was changed",
                    hint="close the window, let other commands end, and try again",
                ) from None
        yield
