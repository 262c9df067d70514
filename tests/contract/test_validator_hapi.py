"""The reference validator, inside HAPI, has nothing against anything that can be sent.

It is the third judge beside a strict parser and our own profile check, and the only one that knows
UCUM, the R4 profiles and the extensions. What it cannot know here (the terms of LOINC, SNOMED CT
and Personal Health Devices are no part of HAPI) and what is a matter of taste is listed by name.
"""

import json
import re
from typing import Any

import pytest
from everything_sent import everything

from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.encoding import Json, encode
from ohx_desktop.fhir.plan import UploadPlan, rendered
from ohx_desktop.fhir.server import FHIR_JSON
from ohx_desktop.transport import HttpClient, build_client, exchange

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

_UNKNOWN_HERE = (
    r"http://loinc\.org",
    r"http://snomed\.info/sct",
    r"urn:iso:std:iso:11073:10101",
    r"http://hl7\.org/fhir/uv/phd/CodeSystem/PhdObservationCategories",
    r"http://terminology\.hl7\.org/CodeSystem/(?:ASN1ToHL7|ContinuaDeviceIdentifiers)",
    r"https://ohx\.example\.org/fhir/CodeSystem/quantity",
    r"https://clinic\.example/codes",
)
# A warning that matches one of these is let through, for the reason beside it. Errors never are.
_LET_THROUGH = (
    # Narrative would repeat, in a server's language, what the resource says in codes and notes.
    r"dom-6: 'A resource should have narrative",
    # Nobody is signed in at a kiosk, and nobody is invented.
    r"all observations should have a performer",
    # Not in HAPI: the large and licensed code systems, those of the Personal Health Device guide,
    # what no standard codes, and what a clinic has added.
    rf"CodeSystem is unknown and can't be validated: (?:{'|'.join(_UNKNOWN_HERE)}) ",
    # The set is of LOINC codes; without LOINC none is found in it, not even those of the profiles.
    r"None of the codings provided are in the value set 'Vital Signs' ",
    # The kinds that the Personal Health Device guide gives to Bluetooth addresses and System IDs.
    r"in the value set 'Identifier ?Type(?: Codes)?' .*ContinuaDeviceIdentifiers#(?:BTMAC|SYSID)",
    # Steps and scores have no unit; the annotation is the custom, and nobody compares by it.
    r"annotations like \{(?:steps|score)\} ",
)


async def _issues(http: HttpClient, base: str, bundle: Json) -> list[dict[str, Any]]:
    answer = await exchange(
        http,
        "POST",
        f"{base}/Bundle/$validate",
        content=encode(bundle),
        headers={"Content-Type": FHIR_JSON},
    )
    outcome = json.loads(answer.body)
    assert outcome["resourceType"] == "OperationOutcome"
    issues: list[dict[str, Any]] = outcome["issue"]
    return issues


def _objections(issues: list[dict[str, Any]]) -> list[str]:
    """Return what is said against a Bundle, but what is let through."""
    return [
        f"{issue['severity']} at {issue.get('expression', issue.get('location'))}: {said}"
        for issue in issues
        if issue["severity"] in {"fatal", "error", "warning"}
        and (said := issue.get("diagnostics") or issue.get("details", {}).get("text", ""))
        and not (
            issue["severity"] == "warning" and any(re.search(one, said) for one in _LET_THROUGH)
        )
    ]


async def test_everything_that_can_be_sent_is_valid(base: str, version: Version) -> None:
    objections: dict[str, list[str]] = {}
    async with await build_client() as http:
        for name, bundle in everything().items():
            issues = await _issues(http, base, rendered(bundle, UploadPlan(version=version)))
            if against := _objections(issues):
                objections[name] = against
    assert objections == {}


async def test_a_reading_for_a_server_that_names_provenance_is_valid(
    base: str, version: Version
) -> None:
    plan = UploadPlan(version=version, update_create=False)
    bundle = rendered(everything()["all flags"], plan)
    async with await build_client() as http:
        assert _objections(await _issues(http, base, bundle)) == []


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("all flags", ("component", 0, "valueQuantity", "code", "mmHg"), "mmHg"),
        ("all flags", ("status", "done"), "status"),
        ("body_weight in kg", ("valueQuantity", "code", "[stone_av]"), "stone"),
        ("body_temperature in Cel", ("effectiveDateTime", "2026-11-23T09:41:07"), "time"),
        ("blood_glucose in mg/dL", ("valueQuantity", "code", "mg/decilitre"), "decilitre"),
    ],
)
async def test_what_is_wrong_is_objected_to(
    base: str, version: Version, name: str, spoil: tuple[Any, ...], said: str
) -> None:
    bundle = rendered(everything()[name], UploadPlan(version=version))
    resource = next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Observation"
    )
    *path, last, wrong = spoil
    for step in path:
        resource = resource[step]
    resource[last] = wrong
    async with await build_client() as http:
        objections = _objections(await _issues(http, base, bundle))
    assert any(said in objection for objection in objections), objections
