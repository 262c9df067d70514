"""Does the EHR hold what was sent? Compares what a clinician reads, as numbers and instants.

What servers add or write otherwise (ids, meta, narrative, absolute references, trailing zeros,
another zone for the same instant) is no difference.
"""

from datetime import datetime
from decimal import Decimal

from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.transaction import reference_in


def differences(sent: Json, stored: Json) -> tuple[str, ...]:
    """Return the paths of the elements of an Observation that differ; no values, no names."""
    same = {
        "identifier": sent["identifier"][0]["value"] in _identifiers(stored, sent),
        "status": sent["status"] == stored.get("status"),
        "code": _codings(sent) <= _codings(stored),
        "subject": sent["subject"]["reference"] == _subject(stored),
        "effective": _effective(sent) == _effective(stored),
        "value": _value(sent) == _value(stored),
    }
    components = [(_codings(part), _value(part)) for part in objects_in(stored.get("component"))]
    for position, part in enumerate(sent.get("component", [])):
        held = [value for codes, value in components if _codings(part) <= codes]
        same[f"component[{position}]"] = held == [_value(part)]
    return tuple(f"Observation.{path}" for path, equal in same.items() if not equal)


def _identifiers(stored: Json, sent: Json) -> set[object]:
    system = sent["identifier"][0]["system"]
    held = objects_in(stored.get("identifier"))
    return {item.get("value") for item in held if item.get("system") == system}


def _codings(element: Json) -> frozenset[tuple[object, object]]:
    code = element.get("code")
    codings = objects_in(code.get("coding")) if isinstance(code, dict) else []
    return frozenset((coding.get("system"), coding.get("code")) for coding in codings)


def _subject(stored: Json) -> str | None:
    subject = stored.get("subject")
    return reference_in(subject.get("reference")) if isinstance(subject, dict) else None


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
    return time if time.tzinfo else None


def _value(element: Json) -> object:
    quantity = element.get("valueQuantity")
    if isinstance(quantity, dict):
        number = quantity.get("value")
        exact = Decimal(number) if isinstance(number, int | Decimal) else None
        return (exact, *(quantity.get(name) for name in ("unit", "system", "code")))
    reason = element.get("dataAbsentReason")
    if isinstance(reason, dict):
        return "absent", _codings({"code": reason})
    return element.get("valueBoolean", element.get("valueString"))
