"""The audit of a profile, for the command line: to look at it, and to add to it."""

import platform
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.keys import source_at_terminal, source_of
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.domain.errors import OhxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohx_desktop.audit.events import Event
    from ohx_desktop.outbox.audit_log import AuditLog, Place
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile


@contextmanager
def open_audit(directory: Path | None, *, asks_pin: bool = True) -> "Iterator[AuditLog]":
    """Open the audit in the queue's file. Blocking. Raises KeystoreError, StoreError.

    A key that is sealed with a PIN is asked for at the terminal, or else KeyPinNeeded.
    """
    from ohx_desktop.keystore import obtain_key
    from ohx_desktop.outbox.store import OutboxStore

    profile = opened_profile(directory)
    settings = settings_of(profile)
    source = (source_at_terminal if asks_pin else source_of)(profile, settings)
    key = obtain_key(source, profile.database)
    store = OutboxStore.open(profile.database, key, place=place_of(profile, settings))
    try:
        yield store.audit
    finally:
        store.close()


def note_change(directory: Path | None, event: "Event", *, subject: str) -> OhxError | None:
    """Note what a person changed here by a command; return why it had to be put off.

    Where there is no queue yet, or it cannot be opened, the note waits for it: the change itself
    may be what makes it open. Blocking.
    """
    from ohx_desktop.audit.record import fitting
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.outbox.audit_pending import put_off

    problem = None
    told = fitting(subject)
    try:
        profile = opened_profile(directory)
        if profile.database.exists():
            try:
                with open_audit(directory, asks_pin=False) as audit:
                    audit.note(event, subject=told)
                    return None
            except OhxError as error:
                problem = error
        put_off(profile.database, event, at=system_now(), by=operator(), subject=told)
    except OhxError as error:
        return error
    return problem


def operator() -> str:
    """Return the account of this computer under which the program runs."""
    from getpass import getuser

    from ohx_desktop.audit.record import LOCAL, account

    try:
        return account(getuser())
    except (OSError, KeyError, ImportError):  # an account without a name
        return f"{LOCAL}unknown"


def place_of(profile: "Profile", settings: "Settings") -> "Place":
    """Return where this program runs. Blocking. Raises StoreEnvironment."""
    from ohx_desktop.outbox.audit_log import Place
    from ohx_desktop.settings.installation import installation_id

    return Place(
        installation=installation_id(profile.installation_file),
        station=station_name(settings),
        account=operator(),
    )


def station_name(settings: "Settings") -> str:
    """Return what the clinic calls this station, or else the name of the computer."""
    return settings.station.name or platform.node() or "workstation"
