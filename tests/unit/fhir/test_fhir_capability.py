"""What a CapabilityStatement says, denies or leaves open; what a receipt still finds in the EHR."""

from typing import Any
from uuid import UUID

import pytest

from ohx_desktop.fhir.capability import capabilities_from
from ohx_desktop.fhir.mapping.identity import named_uuid
from ohx_desktop.fhir.receipt import ReceiptCheck, check_receipt

READING = UUID("7d0f1c1e-0000-5000-8000-000000000000")
PATIENT = "Patient/pat-4711"
URI = "urn:ietf:rfc:3986"


def _statement(**observation: Any) -> dict[str, Any]:
    resources = [{"type": "Observation", **observation}, {"type": "Device"}, {"type": "Provenance"}]
    return {"fhirVersion": "5.0.0", "rest": [{"mode": "server", "resource": resources}]}


def test_what_a_statement_leaves_open_is_not_known() -> None:
    able = capabilities_from(_statement())
    assert (able.conditional_create, able.update_create, able.validation) == (None, None, None)


def test_what_a_statement_denies_for_one_type_is_not_possible() -> None:
    assert capabilities_from(_statement(conditionalCreate=False)).conditional_create is False
    assert capabilities_from(_statement(conditionalCreate=True)).conditional_create is None


def test_an_interaction_that_is_not_listed_is_not_offered() -> None:
    assert capabilities_from(_statement()).transaction is False


@pytest.mark.parametrize("place", ["resource", "server"])
def test_validation_may_be_offered_for_observations_or_for_all(place: str) -> None:
    operation = [{"name": "validate", "definition": "http://ehr.example/validate"}]
    statement = _statement(**({"operation": operation} if place == "resource" else {}))
    if place == "server":
        statement["rest"][0]["operation"] = operation
    assert capabilities_from(statement).validation is True


def _stored(**changes: Any) -> dict[str, Any]:
    # The panel of blood pressure, by its MDC code.
    name = named_uuid("observation", str(READING), PATIENT, "150020")
    return {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:oid:1"}, {"system": URI, "value": f"urn:uuid:{name}"}],
        "status": "final",
        "subject": {"reference": f"https://ehr.example/fhir/{PATIENT}"},
        **changes,
    }


def test_an_observation_that_carries_the_name_of_the_reading_is_present() -> None:
    assert check_receipt(READING, _stored()) is ReceiptCheck.PRESENT


def test_an_observation_that_is_gone_is_missing() -> None:
    assert check_receipt(READING, None) is ReceiptCheck.MISSING


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": None},
        {"subject": {"reference": "Patient/another"}},
        {"subject": None},
        {"identifier": []},
        {"identifier": "x"},
    ],
)
def test_an_observation_withdrawn_moved_or_renamed_is_changed(changes: dict[str, Any]) -> None:
    assert check_receipt(READING, _stored(**changes)) is ReceiptCheck.CHANGED


def test_the_observation_of_another_reading_is_not_taken_for_ours() -> None:
    assert check_receipt(UUID(int=READING.int + 1), _stored()) is ReceiptCheck.CHANGED
