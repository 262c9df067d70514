"""Open visits and active orders of a patient: what a reading may belong to.

What cannot be read, because a scope was withheld or a type is not there, is left out and said so:
a reading never waits for its context.

Source: FHIR R5 and R4 Encounter, ServiceRequest, Appointment. An Observation has no link to an
Appointment; it is known by the Encounter that refers to it.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from ohx_desktop.domain.care_context import ContextOption, OfferedContexts
from ohx_desktop.domain.errors import RemoteError
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.patient_search import Searched, all_pages
from ohx_desktop.fhir.reference import reference_of

# More than this nobody compares with a patient in front of them.
MAX_OFFERED = 5
_COUNT = "20"
_MAX_NAME = 60

# R5 moved arrival and triage into Encounter.subjectStatus. A visit on leave is not this one.
_OPEN = {Version.R5: ("in-progress",), Version.R4: ("arrived", "triaged", "in-progress")}
_NOT_KEPT = frozenset({"cancelled", "noshow", "entered-in-error", "waitlist", "proposed"})
_NEVER = datetime.min.replace(tzinfo=UTC)


async def contexts_of(
    ehr: Searched, patient: str, version: Version, types: Collection[str]
) -> OfferedContexts:
    """Return what is open for the patient "Patient/ID" on a server that names these `types`.

    A server that names none is asked for all.
    """
    visits, all_visits = await _visits(ehr, patient, version, types)
    orders, all_orders = await _orders(ehr, patient, types)
    return OfferedContexts(
        visits=tuple(visits[:MAX_OFFERED]),
        orders=tuple(orders[:MAX_OFFERED]),
        complete=all_visits and all_orders,
    )


async def _visits(
    ehr: Searched, patient: str, version: Version, types: Collection[str]
) -> tuple[list[ContextOption], bool]:
    statuses = _OPEN[version]
    form = {"patient": patient, "status": ",".join(statuses), "_count": _COUNT}
    found, is_all = await _found(ehr, "Encounter", form, types)
    open_ = [
        visit
        for visit in found
        # The server may not know a parameter and find everybody's.
        if _is_of(visit, patient) and visit.get("status") in statuses
    ]
    agreed = await _appointments(ehr, patient, open_, types)
    options = [option for visit in open_ if (option := _visit(visit, agreed)) is not None]
    return _newest_first(options), is_all


async def _orders(
    ehr: Searched, patient: str, types: Collection[str]
) -> tuple[list[ContextOption], bool]:
    form = {"patient": patient, "status": "active", "_count": _COUNT}
    found, is_all = await _found(ehr, "ServiceRequest", form, types)
    options = [
        ContextOption(
            reference=reference,
            name=_words(order.get("code")),
            since=_moment(order.get("authoredOn")),
        )
        for order in found
        if _is_of(order, patient) and order.get("status") == "active"
        if (reference := reference_of(order)) is not None
    ]
    return _newest_first(options), is_all


async def _appointments(
    ehr: Searched, patient: str, visits: list[Json], types: Collection[str]
) -> dict[str, datetime]:
    """Return the times of the appointments that these visits name; it is no harm to miss one."""
    wanted = sorted({reference for visit in visits for reference in _appointment_names(visit)})
    if not wanted:
        return {}
    ids = ",".join(reference.partition("/")[2] for reference in wanted)
    form = {"patient": patient, "_id": ids, "_count": _COUNT}
    found, _ = await _found(ehr, "Appointment", form, types)
    times = {
        reference_of(appointment): _moment(appointment.get("start"))
        for appointment in found
        if appointment.get("status") not in _NOT_KEPT
    }
    return {name: time for name, time in times.items() if name in wanted and time}


async def _found(
    ehr: Searched, resource_type: str, form: dict[str, str], types: Collection[str]
) -> tuple[list[Json], bool]:
    if types and resource_type not in types:
        return [], True
    try:
        return await all_pages(ehr, resource_type, form)
    except RemoteError:
        return [], False


def _visit(visit: Json, agreed: dict[str, datetime]) -> ContextOption | None:
    reference = reference_of(visit)
    if reference is None:
        return None
    period = visit.get("actualPeriod", visit.get("period"))
    start = period.get("start") if isinstance(period, dict) else None
    kinds = (*_listed(visit.get("type")), *_listed(visit.get("serviceType")))
    named = (_words(kind) for kind in (*kinds, *_listed(visit.get("class"))))
    times = (agreed[name] for name in _appointment_names(visit) if name in agreed)
    return ContextOption(
        reference=reference,
        name=next(filter(None, named), None),
        since=_moment(start),
        appointment=next(times, None),
    )


def _is_of(resource: Json, patient: str) -> bool:
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    # An EHR may write its references in full; that they are its own, the search says.
    return isinstance(reference, str) and f"/{reference}".endswith(f"/{patient}")


def _appointment_names(visit: Json) -> list[str]:
    references = (link.get("reference") for link in objects_in(visit.get("appointment")))
    return [
        name
        for name in references
        if isinstance(name, str) and reference_of(_split(name)) == name and "Appointment/" in name
    ]


def _split(reference: str) -> Json:
    kind, _, id_ = reference.partition("/")
    return {"resourceType": kind, "id": id_}


def _listed(value: object) -> list[Json]:
    return objects_in(value if isinstance(value, list) else [value])


def _words(value: object) -> str | None:
    """Return what a CodeableConcept, a CodeableReference to one, or a Coding says in words."""
    if not isinstance(value, dict):
        return None
    concept = value.get("concept", value)
    if not isinstance(concept, dict):
        return None
    displays = (coding.get("display") for coding in objects_in(concept.get("coding")))
    for words in (concept.get("text"), *displays, concept.get("display")):
        if isinstance(words, str) and words.strip():
            return " ".join(words.split())[:_MAX_NAME]
    return None


def _moment(value: object) -> datetime | None:
    """Return a FHIR dateTime that has a time, None for less."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.utcoffset() is not None else None


def _newest_first(options: list[ContextOption]) -> list[ContextOption]:
    return sorted(options, key=lambda option: option.since or _NEVER, reverse=True)
