"""Patient/$match as a small practice would answer it: by name and birth date, graded. Pure.

Source: R5, Patient/$match (OperationDefinition Patient-match), extension match-grade.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.virtual.ehr.fhir_json import Resource, elements
from ohx_desktop.virtual.ehr.folding import folded
from ohx_desktop.virtual.ehr.outcome import IssueCode, refusal
from ohx_desktop.virtual.ehr.store import Reader

_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
# Which of family name, given name and birth date agree: the grade, and the score that goes with it.
_GRADES = {
    (True, True, True): ("certain", Decimal("0.99")),
    (True, False, True): ("probable", Decimal("0.85")),
    (False, True, True): ("possible", Decimal("0.5")),
    (True, True, False): ("possible", Decimal("0.4")),
}
_DEFAULT_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    resource: Resource
    grade: str
    score: Decimal


def match_patients(reader: Reader, parameters: Resource, base: str) -> Resource:
    """Return the searchset of patients who are like the one in the Parameters, the surest first.

    Raises Refusal (400) where the Parameters hold no Patient.
    """
    wanted, count = _asked(parameters)
    found = sorted(_matches(reader, wanted), key=lambda match: -match.score)[:count]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [
            {
                "fullUrl": f"{base}/Patient/{match.resource['id']}",
                "resource": match.resource,
                "search": {
                    "extension": [{"url": _GRADE, "valueCode": match.grade}],
                    "mode": "match",
                    "score": match.score,
                },
            }
            for match in found
        ]
    return bundle


def _asked(parameters: Resource) -> tuple[Resource, int]:
    named = {item.get("name"): item for item in elements(parameters, "parameter")}
    wanted = named.get("resource", {}).get("resource")
    if not isinstance(wanted, dict) or wanted.get("resourceType") != "Patient":
        raise refusal(400, IssueCode.REQUIRED, "The parameters hold no Patient to match")
    count = named.get("count", {}).get("valueInteger", _DEFAULT_COUNT)
    return wanted, count if isinstance(count, int) and count > 0 else _DEFAULT_COUNT


def _matches(reader: Reader, wanted: Resource) -> Iterator[_Match]:
    for version in reader.versions("Patient"):
        resource = version.resource
        agree = (
            _share(resource, wanted, "name.family"),
            _share(resource, wanted, "name.given"),
            "birthDate" in wanted and resource.get("birthDate") == wanted["birthDate"],
        )
        if agree in _GRADES:
            grade, score = _GRADES[agree]
            yield _Match(resource=resource, grade=grade, score=score)


def _share(one: Resource, other: Resource, path: str) -> bool:
    return bool(_names(one, path) & _names(other, path))


def _names(resource: Resource, path: str) -> set[str]:
    return {folded(name) for name in elements(resource, path) if isinstance(name, str)}
