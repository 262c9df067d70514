"""How this server takes a reading: which version of FHIR, and all at once or one by one.

The queue holds one R5 transaction. What a server gets is made of it here, purely and by what the
server says of itself, so that every retry sends the same.

Source: FHIR R5 and R4 http (transaction, conditional create, update as create).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ohx_desktop.domain.errors import Misconfigured
from ohx_desktop.fhir.capability import Capabilities, Version
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping import as_r4
from ohx_desktop.fhir.mapping.codes import UUID_SYSTEM, coding
from ohx_desktop.fhir.mapping.identity import tag_condition

VersionChoice = Literal["auto", "R5", "R4"]


class Way(StrEnum):
    """How a reading is stored, the surest first."""

    TRANSACTION = "transaction"
    """All of it or nothing, each resource on condition that it is not there yet."""
    CONDITIONAL_CREATE = "conditional-create"
    """One resource after the other, each on that condition."""
    SEARCH_THEN_CREATE = "search-then-create"
    """One after the other; whether it is there is asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPlan:
    """How one server is spoken to. `update_create`: Provenance is stored under our id."""

    version: Version = Version.R5
    way: Way = Way.TRANSACTION
    update_create: bool = True

    @property
    def is_as_queued(self) -> bool:
        """True where the queued bytes are sent as they are."""
        return self == UploadPlan()


def plan_for(told: Capabilities, choice: VersionChoice = "auto") -> UploadPlan:
    """Return the plan for what a server tells, and what an admin has set.

    What a statement leaves open is tried: HAPI updates as create without saying so. Raises
    Misconfigured for a version that this program does not speak.
    """
    version = told.version if choice == "auto" else Version(choice)
    if version is None:
        raise Misconfigured(
            f"the EHR speaks FHIR {told.fhir_version}; this program speaks R5 and R4",
            hint="set ehr.base_url to an R5 or R4 address of the EHR",
        )
    if told.transaction and told.conditional_create is not False:
        way = Way.TRANSACTION
    elif told.conditional_create is not False:
        way = Way.CONDITIONAL_CREATE
    else:
        way = Way.SEARCH_THEN_CREATE
    return UploadPlan(version=version, way=way, update_create=told.update_create is not False)


def rendered(bundle: Json, plan: UploadPlan) -> Json:
    """Return a queued Bundle as this server takes it."""
    if plan.version is Version.R4:
        bundle = as_r4(bundle)
    if plan.update_create:
        return bundle
    return {**bundle, "entry": [_created(entry) for entry in bundle["entry"]]}


def _created(entry: Json) -> Json:
    """Make an update as create a conditional create.

    Provenance has no identifier, so its id becomes a tag, by which a search finds it.
    """
    if entry["request"]["method"] != "PUT":
        return entry
    resource = {name: value for name, value in entry["resource"].items() if name != "id"}
    tag = coding(UUID_SYSTEM, f"urn:uuid:{entry['resource']['id']}")
    request = {
        "method": "POST",
        "url": resource["resourceType"],
        "ifNoneExist": tag_condition(tag),
    }
    return {**entry, "resource": {**resource, "meta": {"tag": [tag]}}, "request": request}
