"""The accounts of a workstation: names, references and roles. PINs are not among them.

Who works in a clinic is no health data, so the accounts are a plain file of the profile. Blocking.
"""

import json
from pathlib import Path

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, UsageError
from ohx_desktop.staff.people import Role, StaffMember
from ohx_desktop.storage.durable import write_durably

_SCHEMA = "ohx.staff/1"


class StaffAccounts:
    """Reads the file anew each time: an administrator may change it while the window is open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def people(self) -> tuple[StaffMember, ...]:
        """Return all members of staff by name. Raises StoreDamaged."""
        try:
            content = json.loads(self._path.read_bytes())
            if content["schema"] != _SCHEMA:
                raise ValueError("unknown schema")  # noqa: TRY301 - one way out for all damage
            people = [
                StaffMember(reference=row["reference"], name=row["name"], role=Role(row["role"]))
                for row in content["staff"]
            ]
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(
                "the list of staff on this computer cannot be read",
                meaning="no reading was affected, but nobody can sign in",
                hint=f"let an administrator remove {self._path.name} and add the staff again",
            ) from error
        return tuple(sorted(people, key=lambda person: person.name.casefold()))

    def require(self, reference: str) -> StaffMember:
        """Return the person with this reference. Raises UsageError."""
        for person in self.people():
            if person.reference == reference:
                return person
        raise UsageError(
            "there is no member of staff with this reference here",
            hint="list them with: ohx-desktop staff list",
        )

    def add(self, person: StaffMember) -> None:
        """Add a person, in place of an earlier one with their reference."""
        others = [one for one in self.people() if one.reference != person.reference]
        self._write([*others, person])

    def remove(self, reference: str) -> StaffMember:
        """Remove a person. Raises UsageError."""
        removed = self.require(reference)
        self._write([person for person in self.people() if person != removed])
        return removed

    def _write(self, people: list[StaffMember]) -> None:
        rows = [
            {"reference": person.reference, "name": person.name, "role": person.role.value}
            for person in people
        ]
        try:
            text = json.dumps({"schema": _SCHEMA, "staff": rows}, indent=1, ensure_ascii=False)
            write_durably(self._path, text.encode())
        except OSError as error:
            raise StoreEnvironment(
                f"the list of staff cannot be written ({error.strerror})",
                meaning="no reading was affected, but the list is as it was",
                hint="free disk space or mend the folder's permissions, then try again",
            ) from error
