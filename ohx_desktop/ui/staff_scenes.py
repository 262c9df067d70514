"""Every state of signing in with invented people: for the gallery and the tests."""

from dataclasses import replace

from ohx_desktop.desk.staff_states import AskingEhr, AskingPin, ChoosingPerson, StaffState
from ohx_desktop.domain.errors import KeyringLocked, NotAuthorised
from ohx_desktop.staff.people import Role, StaffMember
from ohx_desktop.staff.pin_answer import PinProblem

GRACE = StaffMember(reference="Practitioner/12", name="Grace Adeyemi")
PEOPLE = (
    StaffMember(reference="Practitioner/14", name="Ana Lucía Ferreira da Conceição"),
    GRACE,
    StaffMember(
        reference="PractitionerRole/15",
        name="Prof. Dr. med. Jürgen Weiß-Großmüller von und zu Hohenschönhausen",
    ),
    StaffMember(reference="Practitioner/13", name="Omar Haddad", role=Role.ADMIN),
    StaffMember(reference="Practitioner/16", name="فاطمة الزهراء"),
)
_ASKING = AskingPin(person=GRACE)

STAFF_SCENES: dict[str, StaffState] = {
    "80-who": ChoosingPerson(people=PEOPLE),
    "81-nobody-yet": ChoosingPerson(people=()),
    "82-who-locked": ChoosingPerson(people=PEOPLE, locked=GRACE),
    "83-pin": _ASKING,
    "84-pin-checking": replace(_ASKING, checking=True),
    "85-pin-wrong": replace(_ASKING, problem=PinProblem.WRONG),
    "86-pin-too-soon": replace(_ASKING, problem=PinProblem.TOO_SOON, wait_s=240.0),
    "87-pin-locked": replace(_ASKING, locked=GRACE),
    "88-keyring-locked": replace(_ASKING, error=KeyringLocked("the secret store is locked")),
    "90-ehr": AskingEhr(),
    "91-ehr-opened": AskingEhr(opened=True),
    "92-ehr-declined": AskingEhr(
        error=NotAuthorised("the sign-in was declined", hint="sign in again")
    ),
    "93-ehr-locked": AskingEhr(locked=GRACE),
}
