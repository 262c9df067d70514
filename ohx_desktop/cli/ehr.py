"""`ehr check` and `patient find`: the EHR without the window."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from ohx_desktop.cli import ehr_key
from ohx_desktop.cli.input import STDIN, json_values, read_text
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError, Refused, RemoteError, UsageError
from ohx_desktop.domain.patient import Patient, PatientQuery

if TYPE_CHECKING:
    from ohx_desktop.fhir.capability import Capabilities

_FIELDS = frozenset({"identifier", "family", "given", "birthdate"})
_OFFERED = {True: "offers", False: "does not offer", None: "does not state whether it offers"}
# A search that finds nobody shows that we are signed in, and brings no name here.
_NOBODY = PatientQuery(identifier="ohx-desktop-ehr-check")


def add_commands(_add: Any, group: Any) -> None:
    """Add `ehr` and `patient`."""
    ehr = group("ehr", "the clinic's EHR")
    ehr(
        "check",
        _check,
        "can this EHR take our readings: reachability, sign-in, version and what it offers",
    )
    ehr_key.add_commands(ehr)
    patient = group("patient", "the patients of the EHR")
    patient(
        "find",
        _find,
        'search by the JSON on stdin: {"identifier"} or {"family", "given", "birthdate"}',
    )


async def _check(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_ehr

    checks = _Checks(out)
    async with open_ehr(options.profile) as ehr:
        with _without_a_reading():
            try:
                capabilities = await ehr.capabilities()
            except RemoteError as error:
                checks.tell("reachable", passed=False, detail=error.what)
                raise
            checks.tell("reachable", passed=True, detail=f"{ehr.base_url} answers")
            for name, passed, detail in _stated(ehr.base_url, capabilities):
                checks.tell(name, passed=passed, detail=detail)
            try:
                await ehr.find_patients(_NOBODY)
            except RemoteError as error:
                checks.tell("patient-search", passed=False, detail=error.what)
                raise
        checks.tell("patient-search", passed=True, detail="signed in and may search for patients")
    checks.raise_failure()
    return ExitCode.DONE


def _stated(base_url: str, told: "Capabilities") -> Iterator[tuple[str, bool | None, str]]:
    """Yield what the address and the statement say: name, passed (None: not known), detail."""
    if base_url.startswith("https:"):
        yield "tls", True, "encrypted, with a certificate that this computer trusts"
    else:
        yield "tls", None, "not encrypted; only right for an EHR on this very computer"
    sent = f"{told.version} is sent" if told.version else "this program speaks R5 and R4"
    yield "fhir-version", told.version is not None, f"FHIR {told.fhir_version}; {sent}"
    for name, offered, what in (
        ("transaction", told.transaction, "storing a reading all or nothing"),
        ("conditional-create", told.conditional_create, "uploading again without a second copy"),
        ("update-create", told.update_create, "storing Provenance under our id"),
        ("validate", told.validation, "checking a resource without storing it ($validate)"),
    ):
        # There is another way for each, so what is missing is worth knowing and no failure.
        yield name, offered or None, f"{_OFFERED[offered]} {what}"


class _Checks:
    """Tells each check as it is done and remembers what failed."""

    _MARKS: ClassVar = {True: "ok  ", False: "FAIL", None: "?   "}

    def __init__(self, out: Output) -> None:
        self._out = out
        self._failed: list[str] = []

    def tell(self, name: str, *, passed: bool | None, detail: str) -> None:
        """Print one check; `passed` None is a warning: it is not known and no failure."""
        if passed is False:
            self._failed.append(name)
        self._out.item(
            {"check": name, "ok": passed, "detail": detail},
            f"{self._MARKS[passed]}  {name}: {detail}",
        )

    def raise_failure(self) -> None:
        """Raise Refused, naming the checks that failed."""
        if self._failed:
            raise Refused(
                f"this EHR cannot take our readings ({', '.join(self._failed)})",
                meaning="nothing was sent",
                hint="give this list to the administrator of the EHR",
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
            patients = await ehr.find_patients(query)
    for patient in patients:
        out.item(patient_to_json(patient), _describe(patient))
    if not patients:
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
