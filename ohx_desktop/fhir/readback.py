"""Does the EHR hold what was sent? Compares what a clinician reads, as numbers and instants."""

from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.normal_form import names_of, normal_form


def differences(sent: Json, stored: Json) -> tuple[str, ...]:
    """Return the paths of the elements of an Observation that differ; no values, no names.

    Codes, identifiers and components that the EHR has added are no difference.
    """
    ours, theirs = normal_form(sent), normal_form(stored)
    same = {
        "identifier": names_of(sent)[0] in names_of(stored),
        "status": ours.status == theirs.status,
        "code": ours.whole.codings <= theirs.whole.codings,
        "subject": ours.subject == theirs.subject,
        "effective": ours.effective == theirs.effective,
        "value": ours.whole.value == theirs.whole.value,
    }
    for position, part in enumerate(ours.components):
        held = [other.value for other in theirs.components if part.codings <= other.codings]
        same[f"component[{position}]"] = held == [part.value]
    return tuple(f"Observation.{path}" for path, equal in same.items() if not equal)
