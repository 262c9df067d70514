"""`staff`: who may sign in at the window by PIN. For whoever administers the workstation."""

import argparse
import sys
from getpass import getpass
from typing import TYPE_CHECKING, Any

from ohx_desktop.audit.events import Event
from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.input import STDIN, read_text
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ohx_desktop.staff.people import StaffMember

_REFERENCE = "Practitioner/ID"


def add_commands(_add: Any, group: Any) -> None:
    """Add `staff`."""
    staff = group("staff", 'who may sign in at the window by PIN (station.sign_in = "pin")')
    staff("list", _list, "list the staff of this workstation")
    add = staff("add", _add_person, "add a person, or change their name; the name comes by stdin")
    remove = staff("remove", _remove, "remove a person and their PIN")
    pin = staff(
        "pin", _pin, "set a person's PIN; it comes by stdin. Ends the wait after wrong ones"
    )
    for command in (add, remove, pin):
        command.add_argument("reference", metavar=_REFERENCE, help="who they are in the EHR")
    add.add_argument("--role", choices=("staff", "admin"), default="staff", help="default: staff")


def _list(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_staff

    accounts, pins = open_staff(options.profile)
    people = accounts.people()
    for person in people:
        has_pin = pins.is_set(person.reference)
        out.item(
            {**_form(person), "has_pin": has_pin},
            f"{person.reference}  {person.name}  {person.role}{'' if has_pin else '  NO PIN'}",
        )
    if not people:
        out.note("nobody can sign in here yet; add somebody: ohx-desktop staff add")
    return ExitCode.DONE


def _add_person(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_staff
    from ohx_desktop.staff.people import Role, StaffMember

    accounts, pins = open_staff(options.profile)
    name = _asked("name")
    try:
        person = StaffMember(
            reference=options.reference, name=name.strip(), role=Role(options.role)
        )
    except ValueError as error:
        raise UsageError(str(error), hint="ohx-desktop staff add Practitioner/ID < FILE") from error
    accounts.add(person)
    tell_audit(options.profile, Event.STAFF_ADDED, person.reference, out)
    if not pins.is_set(person.reference):
        out.note(f"they cannot sign in before they have a PIN: ohx-desktop staff pin {_REFERENCE}")
    out.item(_form(person), f"{person.reference} is staff of this workstation")
    return ExitCode.DONE


def _remove(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_staff

    accounts, pins = open_staff(options.profile)
    accounts.require(options.reference)
    # The PIN first: a person who is half removed cannot sign in.
    pins.remove(options.reference)
    person = accounts.remove(options.reference)
    tell_audit(options.profile, Event.STAFF_REMOVED, person.reference, out)
    out.item(_form(person), f"{person.reference} can no longer sign in here")
    return ExitCode.DONE


def _pin(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_staff
    from ohx_desktop.settings.layers import load_settings
    from ohx_desktop.settings.profile import Profile

    accounts, pins = open_staff(options.profile)
    person = accounts.require(options.reference)
    least = load_settings(Profile.at(options.profile)).settings.station.pin_digits
    pins.set(person.reference, _asked("PIN", hidden=True), least_digits=least)
    tell_audit(options.profile, Event.STAFF_PIN_SET, person.reference, out)
    out.item({"reference": person.reference, "has_pin": True}, f"{person.reference} has a new PIN")
    return ExitCode.DONE


def _asked(what: str, *, hidden: bool = False) -> str:
    """Return a line of stdin, or what a person types; hidden, it is not shown."""
    if sys.stdin.isatty():
        return getpass(f"{what}: ") if hidden else input(f"{what}: ")
    return read_text(STDIN).strip("\r\n")


def _form(person: "StaffMember") -> dict[str, Any]:
    return {"reference": person.reference, "name": person.name, "role": person.role.value}
