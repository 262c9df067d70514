"""What a clinician reads in an Observation, in a form that compares as numbers and instants do.

What servers add or write otherwise (ids, meta, narrative, absolute references, trailing zeros,
another zone for the same instant) is not in it.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.transaction import reference_in

Coding = tuple[Hashable, Hashable]
Named = tuple[str, str]
"""System and value of an identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was measured and what came of it: of the Observation itself, or of a component."""

    codings: frozenset[Coding]
    value: Hashable
    is_words: bool
    """A value in words, which the R4 form of an Observation has in a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """One Observation. `effective` is an instant or the two of a period, None where unreadable."""

    status: Hashable
    subject: str | None
    effective: tuple[datetime | None, ...]
    whole: Part
    components: tuple[Part, ...]


def normal_form(observation: Json) -> NormalForm:
    """Return the form of an Observation, however broken it is."""
    return NormalForm(
        status=_plain(observation.get("status")),
        subject=subject_of(observation),
        effective=_effective(observation),
        whole=_part(observation),
        components=tuple(map(_part, objects_in(observation.get("component")))),
    )


def names_of(resource: Json) -> list[Named]:
    """Return the identifiers of a resource; those without a system or a value are none."""
    named = (
        (item.get("system"), item.get("value")) for item in objects_in(resource.get("identifier"))
    )
    return [
        (system, value)
        for system, value in named
        if isinstance(system, str) and isinstance(value, str)
    ]


def subject_of(observation: Json) -> str | None:
    """Return the patient of an Observation as Patient/ID, also where the EHR writes a URL."""
    subject = observation.get("subject")
    return reference_in(subject.get("reference")) if isinstance(subject, dict) else None


def coding_of(coding: Json) -> Coding:
    """Return system and code of a Coding."""
    return _plain(coding.get("system")), _plain(coding.get("code"))


def _part(element: Json) -> Part:
    code = element.get("code")
    return Part(codings=_codings(code), value=_value(element), is_words="valueString" in element)


def _codings(concept: object) -> frozenset[Coding]:
    codings = objects_in(concept.get("coding")) if isinstance(concept, dict) else []
    return frozenset(map(coding_of, codings))


def _effective(resource: Json) -> tuple[datetime | None, ...]:
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        return _instant(period.get("start")), _instant(period.get("end"))
    return (_instant(resource.get("effectiveDateTime")),)


def _instant(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None


def _value(element: Json) -> Hashable:
    quantity = element.get("valueQuantity")
    if isinstance(quantity, dict):
        number = quantity.get("value")
        exact = Decimal(number) if isinstance(number, int | Decimal) else None
        return (exact, *(_plain(quantity.get(name)) for name in ("unit", "system", "code")))
    reason = element.get("dataAbsentReason")
    if isinstance(reason, dict):
        return "absent", _codings(reason)
    return _plain(element.get("valueBoolean", element.get("valueString")))


def _plain(value: object) -> Hashable:
    """Return a plain JSON value; what should be one and is not equals nothing that is sent."""
    return value if isinstance(value, str | bool | int | Decimal | None) else repr(type(value))
