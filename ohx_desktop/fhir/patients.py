"""Patients of the EHR: the search form, and a resource to what the banner shows. Pure.

Source: FHIR R5 Patient, search, Patient/$match (the same in R4).
"""

import re
from collections.abc import Iterator
from datetime import date

from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.patient import Patient, PatientIdentifier, PatientQuery
from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.reference import checked_reference, reference_of

# Which name a person is called by, best first; others only where there is none of these.
_NAME_USES = ("official", "usual", None)
_ESCAPED = re.compile(r"([\\,$|])")
_MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
# "possible" is a stranger who is alike.
_TRUSTED_GRADES = frozenset({"certain", "probable"})


def search_form(query: PatientQuery, *, system: str | None, limit: int) -> dict[str, str]:
    """Return the parameters of the search; `system` is that of the identifier."""
    form = {"_count": str(limit)}
    if query.identifier:
        within = f"{_escape(system)}|" if system else ""
        tokens = [within + _escape(written) for written in _written_forms(query.identifier.strip())]
        return {"identifier": ",".join(tokens), **form}
    if query.family:
        form["family"] = _escape(query.family.strip())
    if query.given:
        form["given"] = _escape(query.given.strip())
    if query.birth_date:
        form["birthdate"] = query.birth_date.isoformat()
    return form


def _written_forms(identifier: str) -> tuple[str, ...]:
    """Return the identifier as typed and, for digits in groups, without the gaps.

    EHRs keep numbers one way or the other; a comma in a search means "or".
    """
    joined = "".join(identifier.split())
    return tuple(dict.fromkeys((identifier, joined if joined.isdigit() else identifier)))


def match_parameters(query: PatientQuery, *, limit: int) -> Json:
    """Return the Parameters of Patient/$match for a name and a birth date."""
    name = {"family": query.family} | ({"given": query.given.split()} if query.given else {})
    born = {"birthDate": query.birth_date.isoformat()} if query.birth_date else {}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": {"resourceType": "Patient", "name": [name], **born}},
            {"name": "count", "valueInteger": limit},
        ],
    }


def matches(bundle: Json, resource_type: str = "Patient") -> Iterator[Json]:
    """Yield the resources of a type that a searchset found; included ones are none."""
    for _, resource in _found(bundle):
        if resource.get("resourceType") == resource_type:
            yield resource


def trusted_matches(bundle: Json) -> Iterator[Json]:
    """Yield the Patient resources that $match graded as certain or probable."""
    for search, resource in _found(bundle):
        grades = {
            extension.get("valueCode")
            for extension in objects_in(search.get("extension"))
            if extension.get("url") == _MATCH_GRADE
        }
        if resource.get("resourceType") == "Patient" and grades & _TRUSTED_GRADES:
            yield resource


def _found(bundle: Json) -> Iterator[tuple[Json, Json]]:
    for entry in objects_in(bundle.get("entry")):
        search, resource = entry.get("search"), entry.get("resource")
        search = search if isinstance(search, dict) else {"mode": "match"}
        # A $match need not say a mode; included resources and outcomes always do.
        if search.get("mode", "match") == "match" and isinstance(resource, dict):
            yield search, resource


def fits(resource: Json, query: PatientQuery, *, system: str | None) -> bool:
    """Return whether a record bears what was searched for.

    A server that does not know a parameter may leave it out, and finds everybody.
    """
    if query.identifier:
        wanted = _joined_digits(query.identifier)
        return any(
            _joined_digits(str(item.get("value"))) == wanted
            and (system is None or item.get("system") == system)
            for item in objects_in(resource.get("identifier"))
        )
    # A birth date that the EHR knows only in part is compared by the person.
    born = _whole_date(resource.get("birthDate"))
    return query.birth_date is None or born in {None, query.birth_date}


def replaced_by(resource: Json) -> tuple[str, ...]:
    """Return the references of the records that this one was replaced by."""
    links = (link for link in objects_in(resource.get("link")) if _is_replacement(link))
    others = (link["other"] for link in links if isinstance(link.get("other"), dict))
    return tuple(filter(None, (_patient_reference(other.get("reference")) for other in others)))


def _patient_reference(reference: object) -> str | None:
    try:
        return checked_reference(str(reference), "Patient")
    except UsageError:
        return None


def next_link(bundle: Json) -> str | None:
    """Return the address of the next page, or None."""
    links = (link.get("url") for link in objects_in(bundle.get("link")) if _is_next(link))
    return next((link for link in links if isinstance(link, str)), None)


def is_current(resource: Json) -> bool:
    """Return whether readings may be filed for this record: active and not replaced."""
    replaced = any(map(_is_replacement, objects_in(resource.get("link"))))
    return resource.get("active") is not False and not replaced


def patient_from(resource: Json, *, system: str | None) -> Patient | None:
    """Return the Patient of a resource, or None where it has no usable id.

    The identifier shown is that of `system` where there is one, else the first.
    """
    reference = reference_of(resource)
    if reference is None:
        return None
    name = name_of(resource)
    deceased = resource.get("deceasedBoolean") is True or "deceasedDateTime" in resource
    return Patient(
        reference=reference,
        family=str(name.get("family") or name.get("text") or ""),
        given=joined(name.get("given")),
        prefix=joined(name.get("prefix")) or None,
        birth_date=_whole_date(resource.get("birthDate")),
        gender=_text(resource.get("gender")),
        identifier=_identifier(resource, system),
        deceased=deceased,
    )


def name_of(resource: Json) -> Json:
    """Return the HumanName a person is called by; empty where the resource has none."""
    names = objects_in(resource.get("name"))
    for use in _NAME_USES:
        for name in names:
            if name.get("use") == use:
                return name
    return names[0] if names else {}


def _identifier(resource: Json, system: str | None) -> PatientIdentifier | None:
    found = [item for item in objects_in(resource.get("identifier")) if _text(item.get("value"))]
    found.sort(key=lambda item: item.get("system") != system)
    if not found:
        return None
    kind = found[0].get("type")
    kind = kind if isinstance(kind, dict) else {}
    codings = [*objects_in(kind.get("coding")), {}]
    return PatientIdentifier(
        system=_text(found[0].get("system")),
        value=found[0]["value"],
        label=_text(kind.get("text")) or _text(codings[0].get("display")),
    )


def _whole_date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _escape(value: str) -> str:
    return _ESCAPED.sub(r"\\\1", value)


def joined(value: object) -> str:
    """Return the parts of a name in one, without what is no text."""
    parts = value if isinstance(value, list) else []
    return " ".join(part for part in parts if isinstance(part, str))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _joined_digits(identifier: str) -> str:
    return "".join(identifier.split()).casefold()


def _is_next(link: Json) -> bool:
    return link.get("relation") == "next"


def _is_replacement(link: Json) -> bool:
    return link.get("type") == "replaced-by"
