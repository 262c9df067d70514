"""`ehr check` and `patient find`: the EHR without the window."""

import argparse
import json
import sys
from datetime import date
from typing import Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, UsageError
from ohx_desktop.domain.patient import Patient, PatientQuery


def add_commands(_add: Any, group: Any) -> None:
    """Add `ehr` and `patient`."""
    ehr = group("ehr", "the clinic's EHR")
    ehr("check", _check, "can this EHR take our readings: reachability and version")
    patient = group("patient", "the patients of the EHR")
    patient(
        "find",
        _find,
        'search by the JSON on stdin: {"identifier"} or {"family", "given", "birthdate"}',
    )


async def _check(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_ehr

    async with open_ehr(options.profile) as ehr:
        capabilities = await ehr.capabilities()
    checks: list[tuple[str, bool, str]] = [
        ("reachable", True, f"{ehr.base_url} answers"),
        (
            "fhir-version",
            capabilities.is_supported_version,
            f"FHIR {capabilities.fhir_version}",
        ),
        ("transaction", capabilities.transaction, "takes a reading all or nothing"),
        (
            "conditional-create",
            capabilities.conditional_create,
            "a repeated upload changes nothing",
        ),
        ("update-create", capabilities.update_create, "takes Provenance under our id"),
    ]
    for name, passed, detail in checks:
        out.item(
            {"check": name, "ok": passed, "detail": detail},
            f"{'ok  ' if passed else 'FAIL'}  {name}: {detail}",
        )
    return ExitCode.DONE if all(ok for _, ok, _ in checks) else ExitCode.REFUSED


async def _find(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_ehr

    query = read_query(sys.stdin.read())
    async with open_ehr(options.profile) as ehr:
        patients = await ehr.find_patients(query)
    for patient in patients:
        out.item(patient_to_json(patient), _describe(patient))
    if not patients:
        out.note("no active patient matches")
    return ExitCode.DONE


def read_query(text: str) -> PatientQuery:
    """Return the query of the JSON on stdin. Raises UsageError."""
    hint = 'such as {"identifier": "943 476 5919"}'
    try:
        form = json.loads(text)
        unknown = set(form) - {"identifier", "family", "given", "birthdate"}
        if unknown:
            raise UsageError(
                f"the query has unknown fields: {', '.join(sorted(unknown))}", hint=hint
            )
        born = form.get("birthdate")
        return PatientQuery(
            identifier=form.get("identifier"),
            family=form.get("family"),
            given=form.get("given"),
            birth_date=date.fromisoformat(born) if born else None,
        )
    except (ValueError, TypeError, AttributeError):
        raise UsageError("stdin holds no patient query", hint=hint) from None


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
