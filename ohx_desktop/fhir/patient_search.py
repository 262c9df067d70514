"""Finding the patient: $match where there is one, else a search; and what is refused of it.

A list is shown only if it is whole, and a record only if a reading may be filed for it.
"""

from collections.abc import Iterable
from typing import Protocol

from ohx_desktop.domain.errors import Misconfigured, Refused, RemoteError
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound, SearchNote
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.patients import (
    fits,
    is_current,
    match_parameters,
    matches,
    next_link,
    patient_from,
    replaced_by,
    search_form,
    trusted_matches,
)
from ohx_desktop.fhir.reference import reference_of

# A server that always names a next page is not followed for ever.
MAX_PAGES = 5
# Records are merged once or twice; a longer way is a circle or a mistake.
_MAX_MERGES = 3
# So many old records of one person are looked behind; the search was too wide if there are more.
_MAX_REPLACED = 3


class Searched(Protocol):
    """An EHR as far as a search needs it. Methods raise the RemoteError family."""

    async def search(self, resource_type: str, form: dict[str, str]) -> Json:
        """Return the first page."""
        ...

    async def page(self, link: str) -> Json:
        """Return the page that a link of the page before leads to."""
        ...

    async def read(self, reference: str) -> Json:
        """Return a resource."""
        ...


class Asked(Searched, Protocol):
    """An EHR that may also be asked to match a patient."""

    async def offers_match(self) -> bool:
        """Return whether the EHR says that it has $match."""
        ...

    async def match(self, parameters: Json) -> Json:
        """Return the searchset of Patient/$match."""
        ...


async def find(ehr: Asked, query: PatientQuery, *, system: str | None, limit: int) -> PatientsFound:
    """Return at most `limit` patients, or why none is shown. `system` is that of the identifier."""
    matched = await _matched(ehr, query, system=system, limit=limit)
    if matched.patients:
        return matched
    form = search_form(query, system=system, limit=limit)
    found, is_all = await all_pages(ehr, "Patient", form)
    fitting = [resource for resource in found if fits(resource, query, system=system)]
    patients = _usable(fitting, system)
    if not is_all or len(patients) > limit:
        return PatientsFound(note=SearchNote.TOO_MANY)
    if query.identifier and len(patients) > 1:
        return PatientsFound(note=SearchNote.NOT_UNIQUE)
    if patients or not fitting:
        return PatientsFound(patients=patients)
    return await _behind(ehr, fitting, system)


async def all_pages(
    ehr: Searched, resource_type: str, form: dict[str, str]
) -> tuple[list[Json], bool]:
    """Return the resources that a search found, each once, and whether these are all.

    Raises Misconfigured for pages that lead in a circle: nothing of them can be believed.
    """
    return await pages_from(ehr, resource_type, await ehr.search(resource_type, form))


async def pages_from(ehr: Searched, resource_type: str, page: Json) -> tuple[list[Json], bool]:
    """Return what a first page and those after it hold, as `all_pages` does."""
    found: dict[str, Json] = {}
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        for resource in matches(page, resource_type):
            reference = reference_of(resource)
            if reference is not None:
                found.setdefault(reference, resource)
        link = next_link(page)
        if link is None:
            return list(found.values()), True
        if link in seen:
            raise Misconfigured(
                "the pages of the EHR's answer lead in a circle",
                hint="search by the number; tell the administrator of the EHR if it lasts",
            )
        seen.add(link)
        if len(seen) < MAX_PAGES:
            page = await ehr.page(link)
    return list(found.values()), False


async def _matched(
    ehr: Asked, query: PatientQuery, *, system: str | None, limit: int
) -> PatientsFound:
    """Return whom $match is sure of; nobody where it is not asked or does not answer.

    A number is exact without it, and a name without a birth date is too little for it.
    """
    if query.identifier or query.birth_date is None or not await ehr.offers_match():
        return PatientsFound()
    try:
        answer = await ehr.match(match_parameters(query, limit=limit))
    except RemoteError:
        # The search that follows says what is wrong, if it is more than this.
        return PatientsFound()
    fitting = [found for found in trusted_matches(answer) if fits(found, query, system=system)]
    return PatientsFound(patients=_usable(fitting, system)[:limit])


def _usable(resources: Iterable[Json], system: str | None) -> tuple[Patient, ...]:
    current = (resource for resource in resources if is_current(resource))
    patients = (patient_from(resource, system=system) for resource in current)
    return tuple({patient.reference: patient for patient in patients if patient}.values())


async def _behind(ehr: Searched, resources: list[Json], system: str | None) -> PatientsFound:
    """Return the record that the records found were replaced by, with the note that says so."""
    old = [resource for resource in resources if replaced_by(resource)]
    if not old:
        return PatientsFound(note=SearchNote.INACTIVE)
    heirs: dict[str, Patient] = {}
    for resource in old[:_MAX_REPLACED]:
        heir = await _heir(ehr, resource, system)
        if heir is not None:
            heirs[heir.reference] = heir
    if len(heirs) > 1:
        return PatientsFound(note=SearchNote.NOT_UNIQUE)
    return PatientsFound(patients=tuple(heirs.values()), note=SearchNote.REPLACED)


async def _heir(ehr: Searched, resource: Json, system: str | None) -> Patient | None:
    """Follow one record to the one in use now; None where that cannot be told."""
    for _ in range(_MAX_MERGES):
        references = replaced_by(resource)
        if len(set(references)) != 1:
            return None
        try:
            resource = await ehr.read(references[0])
        except (Refused, Misconfigured):
            return None
        if is_current(resource):
            return patient_from(resource, system=system)
    return None
