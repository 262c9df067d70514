"""What the EHR holds of many readings, found by the identifiers that only they carry.

One search names the Observations of many readings. It is believed only if it came whole and found
nothing but what was asked for: a server that ignores the parameter answers with everything. Where
an index lags behind (or a server cannot be searched so), what a fresh upload told of its locations
is read directly, so that a reading just stored is not taken for absent.

Source: FHIR R5 search (token, several values joined by commas; POST _search).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from ohx_desktop.domain.errors import Misconfigured, Refused
from ohx_desktop.domain.look_up import Found, LookUp, together
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.retraction import is_retracted
from ohx_desktop.fhir.normal_form import Named, names_of
from ohx_desktop.fhir.patient_search import Searched, pages_from
from ohx_desktop.fhir.readback import differences
from ohx_desktop.fhir.reference import reference_of
from ohx_desktop.fhir.transaction import main_entry

T = TypeVar("T")

# Some 80 characters each: 3 kB, which also an address may have.
NAMES_A_SEARCH = 40

# The server has no POST _search; what is asked for tells of nobody, so it may be in the address.
_NO_POST_SEARCH = frozenset({404, 405, 415, 501})
_GONE = frozenset({404, 410})

Held = Mapping[Named, Sequence[Json]]
"""The Observations that carry each name; none for one that is not there."""


class Server(Searched, Protocol):
    """An EHR that can be asked for identifiers. Methods raise the RemoteError family."""

    async def search_openly(self, resource_type: str, form: dict[str, str]) -> Json:
        """Return the first page of a search whose parameters may be in the address."""
        ...


async def look_up(
    server: Server,
    bundles: Sequence[Json],
    locations: Mapping[Named, str],
    *,
    is_all_or_nothing: bool,
) -> list[LookUp]:
    """Return what the EHR holds of each Bundle, as rendered for it. For `locations` see `held`.

    For `is_all_or_nothing` see `together`.
    """
    wanted = [names_of(resource)[0] for each in bundles for _, resource in observations_in(each)]
    found = await held(server, wanted, locations)
    return [
        _judged(bundle, found, is_all_or_nothing=is_all_or_nothing)
        async for bundle in in_turns(bundles)
    ]


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield items, and let the loop do its other work after each: many take many milliseconds."""
    for item in items:
        yield item
        await asyncio.sleep(0)


async def held(
    server: Server, names: Iterable[Named], locations: Mapping[Named, str] | None = None
) -> Held:
    """Return the Observations that the EHR holds under these names, past its caches.

    `locations` (Type/ID) are where some are known to be stored: read where no search finds them.
    Raises Misconfigured where the EHR cannot be searched so and the location is not known.
    """
    found: dict[Named, dict[str, Json]] = {name: {} for name in names}
    every = list(found)
    for start in range(0, len(every), NAMES_A_SEARCH):
        chunk = every[start : start + NAMES_A_SEARCH]
        try:
            resources = await _search(server, chunk)
        except (Misconfigured, Refused):
            if not locations or not set(chunk) <= locations.keys():
                raise
            resources = []
        _sort_in(found, resources)
        for name in chunk:
            if not found[name] and locations and name in locations:
                _sort_in(found, await _read(server, locations[name]))
    return {name: list(copies.values()) for name, copies in found.items()}


async def with_reference(server: Searched, found: Held, reference: str) -> Held:
    """Add the resource Type/ID to what was found, if it carries one of the names looked for."""
    if any(reference_of(copy) == reference for copies in found.values() for copy in copies):
        return found
    (stored,) = await _read(server, reference) or [{}]
    names = [name for name in names_of(stored) if name in found]
    return {**found, **{name: [*found[name], stored] for name in names}}


def observations_in(bundle: Json) -> Iterator[tuple[int, Json]]:
    """Yield position and resource of each Observation in a Bundle."""
    for position, entry in enumerate(bundle["entry"]):
        if entry["resource"]["resourceType"] == "Observation":
            yield position, entry["resource"]


async def _search(server: Server, names: Sequence[Named]) -> list[Json]:
    form = {
        "identifier": ",".join(f"{system}|{value}" for system, value in names),
        "_count": str(2 * len(names)),
    }
    try:
        page = await server.search("Observation", form)
    except (Misconfigured, Refused) as error:
        if error.status not in _NO_POST_SEARCH:
            raise
        page = await server.search_openly("Observation", form)
    found, is_all = await pages_from(server, "Observation", page)
    if not all(set(names_of(resource)) & set(names) for resource in found):
        raise Misconfigured(
            "the EHR answers a search for identifiers with other Observations",
            hint="the EHR must be able to search Observations by identifier",
        )
    if is_all:
        return found
    if len(names) == 1:
        # More copies than pages were followed for: that there is more than one is enough.
        return found
    # The server's pages are very short.
    half = len(names) // 2
    return [*await _search(server, names[:half]), *await _search(server, names[half:])]


async def _read(server: Searched, reference: str) -> list[Json]:
    try:
        return [await server.read(reference)]
    except (Refused, Misconfigured) as error:
        if error.status in _GONE:
            return []
        raise


def _sort_in(found: dict[Named, dict[str, Json]], resources: Iterable[Json]) -> None:
    for resource in resources:
        reference = reference_of(resource)
        for name in names_of(resource):
            if reference is not None and name in found:
                found[name].setdefault(reference, resource)


def live_first(copies: Sequence[Json]) -> list[Json]:
    """Return the copies of one Observation, those entered in error behind the others."""
    return sorted(copies, key=is_retracted)


def found_of(copies: Sequence[Json], *, is_same: bool) -> Found:
    """Return what the copies of one Observation say; those entered in error do not count.

    `is_same`: the first that is not says what was sent.
    """
    live = [copy for copy in copies if not is_retracted(copy)]
    if len(live) > 1:
        return Found.DOUBLED
    if not live:
        return Found.RETRACTED if copies else Found.ABSENT
    return Found.SAME if is_same else Found.DIFFERENT


def _judged(bundle: Json, found: Held, *, is_all_or_nothing: bool) -> LookUp:
    main, reference = main_entry(bundle), None
    each: list[Found] = []
    paths: list[str] = []
    for position, sent in observations_in(bundle):
        copies = live_first(found[names_of(sent)[0]])
        differing = differences(sent, copies[0]) if copies else ()
        each.append(found_of(copies, is_same=not differing))
        missing = each[-1] in {Found.ABSENT, Found.DOUBLED}
        told = ("Observation",) if missing else differing
        paths += [f"Bundle.entry[{position}]: {path}" for path in told]
        if position == main and copies:
            reference = reference_of(copies[0])
    kind = together(each, is_all_or_nothing=is_all_or_nothing)
    return LookUp(found=kind, reference=reference, paths=tuple(paths))
