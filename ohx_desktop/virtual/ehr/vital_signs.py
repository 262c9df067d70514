"""The rules of Observation and of the vital-signs profiles that no JSON schema can express.

Source: hl7.fhir.r5.core 5.0.0, StructureDefinition Observation (obs-6 to obs-8), vitalsigns
(vs-1 to vs-3) and the profiles derived from it. A profile applies when meta.profile claims it or
when the Observation has the LOINC code that stands for it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import Issue, IssueCode
from ohx_desktop.virtual.ehr.paths import Path, expression

CANONICAL = "http://hl7.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = ("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
SYSTOLIC = (LOINC, "8480-6")
DIASTOLIC = (LOINC, "8462-4")

# Value set ucum-vitals-common.
VITALS_UNITS = frozenset(
    {"%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"}
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A vital-signs profile: its LOINC code and the UCUM units of its value."""

    loinc: str
    units: frozenset[str]

    @property
    def code(self) -> tuple[str, str]:
        """System and code that one coding must have."""
        return LOINC, self.loinc


PROFILES: dict[str, Profile] = {
    "bmi": Profile("39156-5", frozenset({"kg/m2"})),
    "bodyheight": Profile("8302-2", frozenset({"cm", "[in_i]"})),
    "bodytemp": Profile("8310-5", frozenset({"Cel", "[degF]"})),
    "bodyweight": Profile("29463-7", frozenset({"kg", "[lb_av]", "g"})),
    "bp": Profile("85354-9", frozenset()),
    "headcircum": Profile("9843-4", frozenset({"cm", "[in_i]"})),
    "heartrate": Profile("8867-4", frozenset({"/min"})),
    "oxygensat": Profile("2708-6", frozenset({"%"})),
    "resprate": Profile("9279-1", frozenset({"/min"})),
}


def check_observation(observation: Resource) -> Iterator[Issue]:
    """Yield an issue for each rule that this Observation breaks."""
    yield from _check_base(observation)
    claimed = {
        str(url).partition("|")[0].removeprefix(CANONICAL)
        for url in observation.get("meta", {}).get("profile", [])
    }
    codes = codings(observation.get("code"))
    applying = {
        name: profile
        for name, profile in PROFILES.items()
        if name in claimed or profile.code in codes
    }
    if applying or "vitalsigns" in claimed:
        yield from _check_vital_signs(observation)
    for name, profile in applying.items():
        if codes.count(profile.code) != 1:
            yield _broken(
                name, f"The code must have the coding {profile.loinc} exactly once", ("code",)
            )
        if name == "bp":
            yield from _check_bp(observation)
        else:
            yield from _check_quantity(name, observation, ("valueQuantity",), profile.units)
    if "bmi" in applying and "valueQuantity" not in observation:
        yield _broken("bmi", "The value must be there and be a Quantity", ("valueQuantity",))


def codings(concept: Any) -> list[tuple[str | None, str | None]]:
    """Return system and code of each coding of a CodeableConcept."""
    listed = concept.get("coding", []) if isinstance(concept, dict) else []
    return [(coding.get("system"), coding.get("code")) for coding in listed]


def values(element: Resource) -> list[str]:
    """Return the names of the value[x] properties of an element."""
    return [name for name in element if name.startswith("value")]


def _check_base(observation: Resource) -> Iterator[Issue]:
    if values(observation) and "dataAbsentReason" in observation:
        yield _broken("obs-6", "A dataAbsentReason must not stand beside a value")
    own = set(codings(observation.get("code")))
    for index, component in enumerate(_components(observation)):
        if values(observation) and own & set(codings(component.get("code"))):
            yield _broken(
                "obs-7",
                "A component must not repeat the code of an Observation that has a value",
                ("component", index),
            )
    if "bodySite" in observation and "bodyStructure" in observation:
        yield _broken("obs-8", "bodyStructure must not stand beside bodySite")


def _check_vital_signs(observation: Resource) -> Iterator[Issue]:
    categories = [CATEGORY in codings(concept) for concept in observation.get("category", [])]
    if sum(categories) != 1:
        yield _broken("vitalsigns", "Exactly one category is vital-signs", ("category",))
    subject = observation.get("subject", {})
    is_logical = subject.get("type") == "Patient" and "identifier" in subject
    if not (is_logical or subject.get("reference", "").startswith("Patient/")):
        yield _broken("vitalsigns", "The subject must be a Patient", ("subject",))
    if "effectiveDateTime" in observation:
        if len(str(observation["effectiveDateTime"])) < len("2026-11-23"):
            yield _broken("vs-1", "The time must be precise to the day", ("effectiveDateTime",))
    elif "effectivePeriod" not in observation:
        yield _broken(
            "vitalsigns", "The effective time must be there: a dateTime or Period", ("effective",)
        )
    if not (
        {"component", "hasMember", "dataAbsentReason"} & observation.keys() or values(observation)
    ):
        yield _broken("vs-2", "Without components there must be a value or a dataAbsentReason")
    for index, component in enumerate(_components(observation)):
        if not ("dataAbsentReason" in component or values(component)):
            yield _broken(
                "vs-3",
                "A component must have a value or a dataAbsentReason",
                ("component", index),
            )
        quantity = component.get("valueQuantity")
        if quantity is not None and not (
            quantity.get("system") == UCUM and quantity.get("code") in VITALS_UNITS
        ):
            yield _broken(
                "vitalsigns",
                "The unit is not one of ucum-vitals-common",
                ("component", index, "valueQuantity", "code"),
            )


def _check_bp(observation: Resource) -> Iterator[Issue]:
    if "valueQuantity" in observation:
        yield _broken("bp", "Blood pressure is told in components only", ("valueQuantity",))
    components = _components(observation)
    for wanted in (SYSTOLIC, DIASTOLIC):
        found = [
            (index, component)
            for index, component in enumerate(components)
            if wanted in codings(component.get("code"))
        ]
        if len(found) != 1:
            yield _broken("bp", f"Exactly one component has {wanted[1]}", ("component",))
        for index, component in found:
            path: Path = ("component", index)
            if set(values(component)) - {"valueQuantity"}:
                yield _broken("bp", "The value of this component must be a Quantity", path)
            yield from _check_quantity(
                "bp", component, (*path, "valueQuantity"), frozenset({"mm[Hg]"})
            )


def _check_quantity(
    rule: str, element: Resource, path: Path, units: frozenset[str]
) -> Iterator[Issue]:
    quantity = element.get("valueQuantity")
    if not isinstance(quantity, dict):
        return
    for name in ("value", "unit", "system", "code"):
        if name not in quantity:
            yield _broken(rule, f"The Quantity must have a {name}", (*path, name))
    if "system" in quantity and quantity["system"] != UCUM:
        yield _broken(rule, f"The system of the unit must be {UCUM}", (*path, "system"))
    if "code" in quantity and quantity["code"] not in units:
        yield _broken(rule, f"The unit must be one of {_listed(units)}", (*path, "code"))


def _components(observation: Resource) -> list[Resource]:
    components: list[Resource] = observation.get("component", [])
    return components


def _listed(units: Iterable[str]) -> str:
    return ", ".join(sorted(units))


def _broken(rule: str, diagnostics: str, path: Path = ()) -> Issue:
    return Issue(
        code=IssueCode.INVARIANT,
        text=f"Constraint failed: {rule}",
        diagnostics=diagnostics,
        expression=expression("Observation", path),
    )
