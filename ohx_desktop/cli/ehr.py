"""`ehr check` and `patient find`: the EHR without the window."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from ohx_desktop.cli import ehr_check, ehr_key
from ohx_desktop.cli.input import STDIN, json_values, read_text
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError, RemoteError, UsageError
from ohx_desktop.domain.patient import Patient, PatientQuery, SearchNote

_FIELDS = frozenset({"identifier", "family", "given", "birthdate"})
_NOTES = {
    SearchNote.TOO_MANY: "more patients match than can be compared; add the birth date",
    SearchNote.NOT_UNIQUE: "several active records bear this number; the EHR must be corrected",
    SearchNote.INACTIVE: "only an inactive record matches; no reading can be filed for it",
    SearchNote.REPLACED: "the record that matches was replaced by another; that one is printed, "
    "if it is in use",
}


def add_commands(_add: Any, group: Any) -> None:
    """Add `ehr` and `patient`."""
    ehr = group("ehr", "the clinic's EHR")
    ehr_check.add_command(ehr)
    ehr_key.add_commands(ehr)
    patient = group("patient", "the patients of the EHR")
    patient(
        "find",
        _find,
        'search by the JSON on stdin: {"identifier"} or {"family", "given", "birthdate"}',
    )


@contextmanager
def _without_a_reading() -> Iterator[None]:
    """Let the errors of a question say that no reading is concerned."""
    try:
        yield
    except RemoteError as error:
        error.meaning = OhxError.meaning
        raise


async def _find(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_ehr

    query = read_query(read_text(STDIN))
    async with open_ehr(options.profile) as ehr:
        with _without_a_reading():
            found = await ehr.find_patients(query)
    for patient in found.patients:
        out.item(patient_to_json(patient), _describe(patient))
    if found.note:
        out.note(_NOTES[found.note])
    elif not found.patients:
        out.note("no active patient matches")
    return ExitCode.DONE


def read_query(text: str) -> PatientQuery:
    """Return the query of the JSON on stdin. Raises UsageError, which quotes nothing of it."""
    try:
        (form,) = json_values(text)
        if not (isinstance(form, dict) and form.keys() <= _FIELDS):
            raise _no_query("it is an object with other fields than these")
        if not all(value is None or isinstance(value, str) for value in form.values()):
            raise _no_query("each field is a text")
        told = {name: value.strip() or None for name, value in form.items() if value}
        born = told.pop("birthdate", None)
        return PatientQuery(**told, birth_date=date.fromisoformat(born) if born else None)
    except ValueError:
        raise _no_query("it is one object with at least identifier or family") from None


def _no_query(why: str) -> UsageError:
    return UsageError(
        f"stdin holds no patient query ({why})",
        hint='{"identifier": "…"} or {"family": "…", "given": "…", "birthdate": "YYYY-MM-DD"}',
    )


def patient_to_json(patient: Patient) -> dict[str, Any]:
    """Return the form in which a patient is printed."""
    identifier = patient.identifier
    return {
        "reference": patient.reference,
        "family": patient.family,
        "given": patient.given,
        "prefix": patient.prefix,
        "birthdate": patient.birth_date.isoformat() if patient.birth_date else None,
        "gender": patient.gender,
        "identifier": {"system": identifier.system, "value": identifier.value}
        if identifier
        else None,
        "deceased": patient.deceased,
    }


def _describe(patient: Patient) -> str:
    told = [
        patient.reference,
        f"{patient.family.upper()}, {patient.given}",
        f"born {patient.birth_date}" if patient.birth_date else "birth date unknown",
        patient.identifier.value if patient.identifier else None,
        "deceased" if patient.deceased else None,
    ]
    return "  ".join(part for part in told if part)
