import re
from decimal import Decimal
from typing import Any

import pytest
from ehr_samples import Spoil, blood_pressure, example, pulse, spoiled
from fhir.resources import get_fhir_model_class

from ohx_desktop.virtual.ehr.fhir_json import Resource, dumps
from ohx_desktop.virtual.ehr.store import Store
from ohx_desktop.virtual.ehr.validation import STORED_TYPES, Validator

RESOURCES: dict[str, Resource] = {
    "bp": blood_pressure(),
    "pulse": pulse(),
    "device": example("bp-transaction.r5")["entry"][0]["resource"],
    "provenance": {
        "resourceType": "Provenance",
        "target": [{"reference": "Patient/pat-4711"}],
        "recorded": "2026-11-23T09:42:30.120+01:00",
        "agent": [{"who": {"reference": "Practitioner/prac-12"}}],
        "entity": [{"role": "source", "what": {"display": "raw"}}],
    },
}


def problems(validator: Validator, store: Store, resource: Resource) -> list[str]:
    """Return "text (diagnostics) @ expression" of each issue."""
    found = validator.check(resource, lambda type_, id_: store.read(type_, id_) is not None)
    return [f"{issue.text} {issue.diagnostics or ''} @ {issue.expression}" for issue in found]


def put(path: str, value: object) -> Spoil:
    """Return what sets a dotted path; numbers are list positions."""

    def spoil(resource: Any) -> None:
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in parents:
            resource = resource[step]
        resource[last] = value

    return spoil


def drop(path: str) -> Spoil:
    """Return what deletes a dotted path."""

    def spoil(resource: Any) -> None:
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in parents:
            resource = resource[step]
        del resource[last]

    return spoil


def both(*spoils: Spoil) -> Spoil:
    return lambda resource: [spoil(resource) for spoil in spoils]


COMPONENT = "component.0.valueQuantity"
MERCURY = {"value": 80, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}

# What is spoiled, what must be said, and whether an independent strict parser refuses it as well.
BAD: dict[str, tuple[str, Spoil, str, bool]] = {
    "unknown element": ("bp", put("comment", "x"), "Unknown element.*Observation.comment", True),
    "nested unknown element": (
        "bp",
        put(f"{COMPONENT}.units", "x"),
        r"Unknown element.*component\[0\]\.value\.units",
        True,
    ),
    "R4 element": ("device", put("deviceName", [{"name": "x"}]), "Unknown element", True),
    "R4 entity role": (
        "provenance",
        put("entity.0.role", "derivation"),
        "Provenance.entity",
        False,
    ),
    "number as text": (
        "bp",
        put(f"{COMPONENT}.value", "138"),
        r"JSON number.*component\[0\]\.value\.value",
        False,
    ),
    "text as number": ("bp", put("code.text", 7), "JSON string.*Observation.code.text", True),
    "object instead of list": ("bp", put("performer", {"display": "x"}), "JSON array", True),
    "null": ("bp", put("code.text", None), "JSON string", False),
    "empty text": ("bp", put("code.text", ""), "Empty.*Observation.code.text", True),
    "empty list": ("bp", put("performer", []), "Empty.*Observation.performer", False),
    "empty object": ("bp", put("bodySite", {}), "Empty.*Observation.bodySite", False),
    "no code": ("bp", drop("code"), "Missing element.*Observation.code", True),
    "no status": ("bp", drop("status"), "Observation.status must be there", True),
    "unknown status": ("bp", put("status", "done"), "Not a code that Observation.status", False),
    "unknown device status": ("device", put("status", "new"), "Device.status", False),
    "two values": ("pulse", put("valueString", "71"), "one type.*Observation.value", True),
    "whole number": (
        "pulse",
        both(drop("valueQuantity"), put("valueInteger", Decimal("7.5"))),
        "whole number.*Observation.value",
        True,
    ),
    "no offset": (
        "bp",
        put("effectiveDateTime", "2026-11-23T09:41:07"),
        "seconds and a UTC offset.*Observation.effective",
        True,
    ),
    "no seconds": (
        "bp",
        put("effectiveDateTime", "2026-11-23T09:41+01:00"),
        "seconds and a UTC offset",
        False,
    ),
    "no such day": (
        "bp",
        put("effectiveDateTime", "2026-02-30"),
        "calendar.*Observation.effective",
        True,
    ),
    "instant without offset": (
        "provenance",
        put("recorded", "2026-11-23T09:42:30"),
        "seconds and a UTC offset.*Provenance.recorded",
        True,
    ),
    "nested time without offset": (
        "pulse",
        both(drop("effectiveDateTime"), put("effectivePeriod", {"start": "2026-11-23T09:41:07"})),
        r"UTC offset.*Observation\.effective\.start",
        True,
    ),
    "obs-6": ("pulse", put("dataAbsentReason", {"text": "x"}), "obs-6 .*Observation$", False),
    "obs-7": (
        "pulse",
        lambda r: r.update(component=[{"code": r["code"], "valueBoolean": True}]),
        r"obs-7 .*component\[0\]",
        False,
    ),
    "obs-8": (
        "bp",
        put("bodyStructure", {"display": "arm"}),
        "obs-8 ",
        False,
    ),
    "vs-1": ("bp", put("effectiveDateTime", "2026-11"), "vs-1 .*Observation.effective", False),
    "vs-2": ("pulse", drop("valueQuantity"), "vs-2 ", False),
    "vs-3": ("bp", drop("component.3.valueBoolean"), r"vs-3 .*component\[3\]", False),
    "no category": ("bp", drop("category.0"), "category is vital-signs", False),
    "category twice": (
        "bp",
        lambda r: r["category"].append(r["category"][0]),
        "category is vital-signs",
        False,
    ),
    "subject not a patient": (
        "bp",
        put("subject.reference", "Practitioner/prac-12"),
        "must be a Patient.*Observation.subject",
        False,
    ),
    "no subject": ("bp", drop("subject"), "must be a Patient", False),
    "no time": ("bp", drop("effectiveDateTime"), "effective time must be there", False),
    "instant as time": (
        "bp",
        both(drop("effectiveDateTime"), put("effectiveInstant", "2026-11-23T09:41:07Z")),
        "effective time must be there",
        False,
    ),
    "component unit": (
        "bp",
        put("component.2.valueQuantity.code", "kPa"),
        "ucum-vitals-common",
        False,
    ),
    "bp without its code": (
        "bp",
        put("code.coding.0.code", "55284-4"),
        "bp .*85354-9 exactly once",
        False,
    ),
    "bp code twice": (
        "bp",
        lambda r: r["code"]["coding"].append(r["code"]["coding"][0]),
        "85354-9 exactly once",
        False,
    ),
    "bp with a value": ("bp", put("valueQuantity", MERCURY), "in components only", False),
    "bp without diastolic": ("bp", drop("component.1"), "one component has 8462-4", False),
    "bp with two systolic": (
        "bp",
        lambda r: r["component"].append(r["component"][0]),
        "component has 8480-6",
        False,
    ),
    "systolic as text": (
        "bp",
        both(drop(COMPONENT), put("component.0.valueString", "138")),
        "must be a Quantity",
        False,
    ),
    "systolic in kPa": ("bp", put(f"{COMPONENT}.code", "kPa"), r"must be one of mm\[Hg\]", False),
    "systolic without unit": ("bp", drop(f"{COMPONENT}.unit"), "must have a unit", False),
    "systolic without value": ("bp", drop(f"{COMPONENT}.value"), "must have a value", False),
    "systolic without unit code": ("bp", drop(f"{COMPONENT}.code"), "must have a code", False),
    "systolic unit system": (
        "bp",
        put(f"{COMPONENT}.system", "http://loinc.org"),
        "system of the unit",
        False,
    ),
    "pulse without its code": ("pulse", put("code.coding.0.code", "8889-8"), "8867-4", False),
    "pulse unit": ("pulse", put("valueQuantity.code", "bpm"), "must be one of /min", False),
    "performer is a device": (
        "bp",
        put("performer.0.reference", "Device/1"),
        r"Device is not allowed.*performer\[0\]",
        False,
    ),
    "unknown patient": (
        "bp",
        put("subject.reference", "Patient/nobody"),
        "does not exist.*Observation.subject",
        False,
    ),
    "another server": (
        "bp",
        put("encounter.reference", "https://ehr.example/fhir/Encounter/1"),
        "leads to nothing.*Observation.encounter",
        False,
    ),
    "placeholder left over": (
        "bp",
        put("encounter.reference", "urn:uuid:7bd65bdd-3933-5c67-b0df-9184359098d3"),
        "leads to nothing",
        False,
    ),
    "contained resource missing": ("bp", put("device", {"reference": "#cuff"}), "nothing", False),
}


@pytest.mark.parametrize("case", BAD)
def test_each_broken_rule_is_named_where_it_is_broken(
    validator: Validator, store: Store, case: str
) -> None:
    name, spoil, expected, _ = BAD[case]
    good = RESOURCES[name]
    assert problems(validator, store, good) == []
    found = problems(validator, store, spoiled(good, spoil))
    assert any(re.search(expected, problem) for problem in found), found


@pytest.mark.parametrize("case", [case for case, (*_, parser) in BAD.items() if parser])
def test_an_independent_parser_refuses_the_same(case: str) -> None:
    name, spoil, _, _ = BAD[case]
    model = get_fhir_model_class(RESOURCES[name]["resourceType"])
    model.model_validate_json(dumps(RESOURCES[name]))
    with pytest.raises(ValueError, match=r"error"):
        model.model_validate_json(dumps(spoiled(RESOURCES[name], spoil)))


@pytest.mark.parametrize(
    "spoil",
    [
        drop("meta"),
        put("effectiveDateTime", "2026-11-23"),
        put("effectiveDateTime", "2026-11-23T09:41:07Z"),
        both(drop(COMPONENT), put("component.0.dataAbsentReason", {"text": "error"})),
        both(drop("effectiveDateTime"), put("effectivePeriod", {"start": "2026-11-23"})),
        put("subject", {"reference": "Patient/pat-4711/_history/1"}),
        both(
            put("contained", [{"resourceType": "Device", "id": "cuff"}]),
            put("device", {"reference": "#cuff"}),
        ),
        put("device", {"identifier": {"value": "known elsewhere"}}),
        put(f"{COMPONENT}.value", Decimal("138.50")),
    ],
)
def test_what_the_profile_allows_is_accepted(
    validator: Validator, store: Store, spoil: Spoil
) -> None:
    assert problems(validator, store, spoiled(RESOURCES["bp"], spoil)) == []


def test_no_issue_repeats_a_value_of_the_patient(validator: Validator, store: Store) -> None:
    private = "a98765private"
    for path in ("status", "code.text", "subject.reference", "effectiveDateTime"):
        for value in (private, [private]):
            found = problems(validator, store, spoiled(RESOURCES["bp"], put(path, value)))
            assert not any(private in problem for problem in found)


@pytest.mark.parametrize("type_", STORED_TYPES)
def test_every_invented_record_is_valid_here_and_elsewhere(
    validator: Validator, store: Store, type_: str
) -> None:
    for version in store.versions(type_):
        assert problems(validator, store, version.resource) == []
        get_fhir_model_class(type_).model_validate_json(dumps(version.resource))
