"""Who works at the station, and how they sign in."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.profile import opened_profile
from ohx_desktop.domain.errors import ConfigurationError, NobodySignedIn

if TYPE_CHECKING:
    from ohx_desktop.desk.auditing import Note
    from ohx_desktop.desk.staff import StaffDesk, Way
    from ohx_desktop.fhir.auth.credentials import Credentials
    from ohx_desktop.fhir.staff import Reader
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile
    from ohx_desktop.staff.accounts import StaffAccounts
    from ohx_desktop.staff.pins import Pins


def open_staff(directory: Path | None) -> "tuple[StaffAccounts, Pins]":
    """Return who may sign in by PIN in a profile, and their PINs. Both block."""
    return staff_accounts_of(opened_profile(directory))


def who_is_named(settings: "Settings") -> str | None:
    """Return who confirms on the command line, where a command names nobody.

    Raises NobodySignedIn where people sign in at the window.
    """
    if settings.sign_in != "none":
        raise NobodySignedIn(
            "people sign in at this station, and nobody can on the command line",
            hint="name who measured and confirms with --performer",
        )
    return settings.station.practitioner


def staff_desk_of(
    profile: "Profile",
    settings: "Settings",
    outbox: "AsyncOutbox",
    ehr: "Reader | None",
    proof: "Credentials | None",
    *,
    note: "Note",
) -> "StaffDesk":
    """Return what the window's people sign in with. Imports, hence blocking.

    Raises ConfigurationError where people sign in with the EHR and there is none.
    """
    from ohx_desktop.desk.staff import StaffDesk

    minutes = settings.station.lock_after_minutes
    return StaffDesk(
        _way(profile, settings, outbox, ehr, proof),
        idle_s=minutes * 60.0 if minutes else None,
        note=note,
    )


def staff_accounts_of(profile: "Profile") -> "tuple[StaffAccounts, Pins]":
    """Return the people of a profile and their PINs. Both block."""
    from ohx_desktop.keystore import delete_secret, get_secret, set_secret
    from ohx_desktop.staff.accounts import StaffAccounts
    from ohx_desktop.staff.pins import Pins

    pins = Pins(
        load=partial(get_secret, profile.data),
        save=partial(set_secret, profile.data),
        erase=partial(delete_secret, profile.data),
    )
    return StaffAccounts(profile.staff_file), pins


def _way(
    profile: "Profile",
    settings: "Settings",
    outbox: "AsyncOutbox",
    ehr: "Reader | None",
    proof: "Credentials | None",
) -> "Way":
    from ohx_desktop.desk.staff import ByEhr, ByNobody, ByPin
    from ohx_desktop.staff.people import StaffMember

    if settings.sign_in == "pin":
        accounts, pins = staff_accounts_of(profile)
        return ByPin(people=accounts.people, check=pins.check)
    if settings.sign_in == "none":
        station = settings.station
        reference = station.practitioner
        name = (station.practitioner_name or "").strip() or reference or ""
        return ByNobody(person=StaffMember(reference=reference, name=name) if reference else None)
    if ehr is None or proof is None or proof.launch is None or proof.tokens is None:
        raise ConfigurationError(
            "people sign in with the EHR, and none is set up on this workstation",
            hint="set ehr.base_url in config.toml to the FHIR address of the EHR",
        )
    from ohx_desktop.desk.staff_ehr import SignInAtEhr
    from ohx_desktop.fhir.staff import staff_name

    name_of = partial(staff_name, ehr)
    return ByEhr(sign_in=SignInAtEhr(proof.launch, proof.tokens, name_of, outbox.urge))
