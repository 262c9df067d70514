"""Every audited event has a valid R5 AuditEvent, and nothing of a patient in it."""

import json
from functools import cache
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from fhir.resources.auditevent import AuditEvent
from fhir_checks import DEFINITIONS, empty_places

from ohx_desktop.audit.chain import Anchor, Link, linked
from ohx_desktop.audit.events import KINDS, Event, Outcome
from ohx_desktop.audit.record import AuditRecord, canonical
from ohx_desktop.fhir.audit_event import audit_event

INSTALLATION = UUID("11111111-1111-4111-8111-111111111111")
READING = UUID("22222222-2222-5222-8222-222222222222")
ENTRY = UUID("33333333-3333-4333-8333-333333333333")
AT = 1_795_437_296_789  # 2026-11-23T12:34:56.789Z


@cache
def _schema() -> jsonschema.Draft6Validator:
    text = (DEFINITIONS / "auditevent.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft6Validator(json.loads(text))


def link(event: Event | str = Event.CONFIRMED, **told: Any) -> Link:
    told = {"installation": INSTALLATION, "station": "Room 3"} | told
    record = AuditRecord(at=AT, event=event, **told)
    return linked(Anchor(0, bytes(32)), canonical(record))


def checked(one: Link) -> dict[str, Any]:
    """Return the AuditEvent; fail unless schema and strict parser take it."""
    resource = audit_event(one)
    _schema().validate(resource)
    AuditEvent.model_validate_json(json.dumps(resource))
    assert empty_places(resource) == []
    return resource


FULL: dict[str, Any] = {
    "who": "Practitioner/12",
    "entry": ENTRY,
    "reading": READING,
    "patient": bytes(range(16)),
    "subject": "ehr.token",
    "detail": "wrong-patient",
}


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_a_valid_audit_event(event: Event, outcome: Outcome) -> None:
    assert event in KINDS
    for told in ({}, FULL):
        resource = checked(link(event, outcome=outcome, **told))
        assert resource["code"]["coding"][1]["code"] == event


def test_who_what_where_when_is_told() -> None:
    resource = checked(link(**FULL))
    assert resource["recorded"] == "2026-11-23T12:34:56.789+00:00"
    person, program = resource["agent"]
    assert (person["who"], person["requestor"]) == ({"reference": "Practitioner/12"}, True)
    gateway = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{INSTALLATION}"}
    assert program["who"]["identifier"] == gateway
    assert resource["source"]["observer"]["identifier"] == gateway
    assert resource["entity"][0]["what"]["identifier"]["value"] == f"urn:uuid:{READING}"
    assert resource["outcome"]["detail"] == [{"text": "wrong-patient"}]


def test_what_the_program_does_by_itself_is_its_own() -> None:
    (program,) = checked(link(Event.ACKNOWLEDGED))["agent"]
    assert program["requestor"] is True
    assert program["who"]["type"] == "Device"


def test_an_account_of_the_computer_is_no_practitioner() -> None:
    person = checked(link(Event.SETTINGS_IMPORTED, who="local:root"))["agent"][0]
    assert person["who"]["identifier"]["value"] == "root"


def test_a_patient_who_confirms_is_told_by_the_digest() -> None:
    person = checked(link(who="patient", patient=bytes(16)))["agent"][0]
    assert person["who"]["identifier"]["value"] == f"urn:uuid:{UUID(int=0)}"
    assert checked(link(who="patient"))["agent"][0]["who"]["display"] == "the patient"


def test_an_event_of_a_newer_program_is_told_too() -> None:
    resource = checked(link("from-the-future"))
    assert resource["code"]["coding"][1]["code"] == "from-the-future"


def test_an_event_exported_twice_is_one() -> None:
    assert audit_event(link())["id"] == audit_event(link())["id"]
    assert audit_event(link())["id"] != audit_event(link(Event.DISCARDED))["id"]


def test_a_place_nobody_has_told_is_left_out() -> None:
    resource = checked(link(installation=None, station=None))
    assert resource["source"]["observer"] == {"type": "Device", "display": "ohx_desktop"}
