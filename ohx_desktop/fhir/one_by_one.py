"""Storing a reading resource by resource, for servers that take no transactions.

Devices come first and Provenance last, as each refers to those before it. If it breaks off half-way
the whole is begun again: what is stored already is found and not stored twice.

Source: FHIR R5 http (create, conditional create, update as create).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl

from ohx_desktop.domain.errors import Refused
from ohx_desktop.fhir.encoding import Json, decode
from ohx_desktop.fhir.outcome import not_fhir
from ohx_desktop.fhir.plan import Way
from ohx_desktop.fhir.reference import reference_of
from ohx_desktop.fhir.transaction import EntryOutcome, TransactionOutcome, main_entry, reference_in
from ohx_desktop.transport import HttpResponse

Criteria = Mapping[str, str]


class Server(Protocol):
    """What is asked of the server. Methods raise the RemoteError family."""

    async def store(self, method: str, path: str, resource: Json, **headers: str) -> HttpResponse:
        """Send one resource and return a 2xx answer."""
        ...

    async def matching(self, resource_type: str, criteria: Criteria) -> list[Json]:
        """Return the resources that a search finds now."""
        ...


async def store_one_by_one(bundle: Json, server: Server, way: Way) -> TransactionOutcome:
    """Store the entries of a Bundle in their order and return what became of each.

    Raises Refused where the server has more than one resource that should be one, and what the
    server raises.
    """
    names: dict[str, str] = {}
    outcomes: list[EntryOutcome] = []
    for entry in bundle["entry"]:
        resource = _linked(entry["resource"], names)
        outcome = await store_entry(entry["request"], resource, server, way)
        outcomes.append(outcome)
        if outcome.reference is not None:
            names[entry["fullUrl"]] = outcome.reference
    return TransactionOutcome(entries=tuple(outcomes), main=main_entry(bundle))


async def store_entry(request: Json, resource: Json, server: Server, way: Way) -> EntryOutcome:
    """Store one resource as its entry asks for: by PUT, or on condition that it is not there."""
    kind = resource["resourceType"]
    if request["method"] == "PUT":
        response = await server.store("PUT", request["url"], resource)
        created = response.status == HTTPStatus.CREATED
        return EntryOutcome(resource_type=kind, reference=request["url"], created=created)
    condition = request["ifNoneExist"]
    if way is Way.SEARCH_THEN_CREATE:
        found = await _found(resource, condition, server)
        if found is not None:
            return EntryOutcome(resource_type=kind, reference=found, created=False)
        response = await server.store("POST", kind, resource)
        # Another station may have looked and stored in the same moment: that must not stay unseen.
        await _found(resource, condition, server)
    else:
        response = await server.store("POST", kind, resource, **{"If-None-Exist": condition})
    reference = _told(response, kind) or await _found(resource, condition, server)
    if reference is None:
        raise not_fhir(response)
    created = response.status == HTTPStatus.CREATED
    return EntryOutcome(resource_type=kind, reference=reference, created=created)


def _told(response: HttpResponse, kind: str) -> str | None:
    """Return the reference that an answer tells; some tell none."""
    try:
        body = decode(response.body)
    except ValueError:
        body = {}
    told = reference_in(response.headers.get("location")) or reference_of(body)
    return told if told is not None and told.startswith(f"{kind}/") else None


async def _found(resource: Json, condition: str, server: Server) -> str | None:
    """Return the reference of the one stored resource that carries our name.

    A server that does not know the parameter may return everything, so the name is compared.
    """
    criteria = dict(parse_qsl(condition))
    found = await server.matching(resource["resourceType"], criteria)
    references = {
        reference
        for stored in found
        if _carries_name(stored, resource) and (reference := reference_of(stored))
    }
    if len(references) > 1:
        raise Refused(
            f"the EHR has this {resource['resourceType']} more than once",
            hint="an administrator must remove the copies in the EHR",
        )
    return next(iter(references), None)


def _carries_name(stored: Json, sent: Json) -> bool:
    return any(name in _names(stored) for name in _names(sent)[:1])


def _names(resource: Json) -> list[tuple[Any, Any]]:
    """Return system and value of what a resource is looked for by."""
    identifiers = resource.get("identifier")
    if isinstance(identifiers, list):
        return [(each.get("system"), each.get("value")) for each in identifiers]
    tags = resource.get("meta", {}).get("tag", [])
    return [(each.get("system"), each.get("code")) for each in tags]


def _linked(value: Any, names: Mapping[str, str]) -> Any:
    """Return a copy in which references to earlier entries lead to what was stored."""
    if isinstance(value, dict):
        linked = {name: _linked(member, names) for name, member in value.items()}
        if value.get("reference") in names:
            linked["reference"] = names[value["reference"]]
        return linked
    if isinstance(value, list):
        return [_linked(member, names) for member in value]
    return value
