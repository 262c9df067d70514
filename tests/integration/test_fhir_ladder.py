"""Every kind of server gets the whole reading exactly once, however often it is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import httpx
import pytest
from fhir_line import a_bundle, line

from ohx_desktop.domain.errors import Misconfigured, Refused, Transient
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.one_by_one import store_one_by_one
from ohx_desktop.fhir.plan import Way
from ohx_desktop.review.circumstances import Circumstances, CuffSize
from ohx_desktop.transport import HttpResponse
from ohx_desktop.virtual.ehr.faults import Fault
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr

Json = dict[str, Any]

LACKS = (
    Fault.FHIR_4_0_1,
    Fault.TRANSACTION_OFF,
    Fault.CONDITIONAL_CREATE_OFF,
    Fault.UPDATE_CREATE_OFF,
)
SERVERS = [
    tuple(fault for fault, off in zip(LACKS, offs, strict=True) if off)
    for offs in product((False, True), repeat=len(LACKS))
]


@asynccontextmanager
async def _server(*lacks: Fault) -> AsyncIterator[tuple[SandboxEhr, EhrClient]]:
    async with line() as (sandbox, ehr):
        for fault in lacks:
            sandbox.faults.arm(fault, times=None)
        yield sandbox, ehr


async def _counts(ehr: EhrClient) -> dict[str, int]:
    kinds = ("Device", "Observation", "Provenance")
    return {kind: len(await ehr.resources(kind).search().fetch_all()) for kind in kinds}


@pytest.mark.parametrize("lacks", SERVERS, ids=lambda lacks: "+".join(lacks) or "all")
async def test_a_reading_sent_twice_is_stored_once_by_every_server(
    lacks: tuple[Fault, ...],
) -> None:
    async with _server(*lacks) as (_, ehr):
        before = await _counts(ehr)
        bundle = a_bundle()
        first = await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference
        assert await ehr.verify(bundle, first)
        assert await ehr.verify(bundle, again)
        after = await _counts(ehr)
        assert {kind: after[kind] - before[kind] for kind in after} == {
            "Device": 2,
            "Observation": 2,
            "Provenance": 1,
        }


@pytest.mark.parametrize("stored_before", range(5))
@pytest.mark.parametrize("way_lost", [(), (Fault.CONDITIONAL_CREATE_OFF,)], ids=["cond", "search"])
async def test_a_link_lost_after_any_resource_doubles_none_of_them(
    stored_before: int, way_lost: tuple[Fault, ...]
) -> None:
    async with _server(Fault.TRANSACTION_OFF, *way_lost) as (sandbox, ehr):
        before = await _counts(ehr)
        bundle = a_bundle()
        real, writes = ehr.store, 0

        async def losing(method: str, path: str, resource: Json, **headers: str) -> HttpResponse:
            nonlocal writes
            if writes == stored_before:
                sandbox.faults.arm(Fault.COMMIT_THEN_DROP)
            writes += 1
            return await real(method, path, resource, **headers)

        ehr.store = losing  # type: ignore[method-assign] # the fault must hit this very write
        with pytest.raises(Transient):
            await ehr.transact(bundle)
        outcome = await ehr.transact(bundle)
        assert await ehr.verify(bundle, outcome)
        after = await _counts(ehr)
        assert [after[kind] - before[kind] for kind in after] == [2, 2, 1]


async def test_an_r4_server_is_searched_and_read_back_as_well() -> None:
    async with _server(Fault.FHIR_4_0_1) as (_, ehr):
        bundle = a_bundle()
        outcome = await ehr.transact(bundle)
        device = await ehr.read(outcome.entries[0].reference or "")
        assert "deviceName" in device
        assert await ehr.read_back(bundle, outcome) == ()


async def test_what_r4_takes_in_words_only_reads_back_as_it_was_sent() -> None:
    async with _server(Fault.FHIR_4_0_1) as (_, ehr):
        bundle = a_bundle(circumstances=Circumstances(cuff_size=CuffSize.LARGE_ADULT))
        outcome = await ehr.transact(bundle)
        stored = await ehr.read(outcome.main_reference or "")
        assert "large adult" in stored["note"][-1]["text"]
        assert await ehr.read_back(bundle, outcome) == ()


async def test_a_server_that_turned_into_another_is_asked_anew_after_a_refusal() -> None:
    async with _server() as (sandbox, ehr):
        await ehr.transact(a_bundle())
        sandbox.faults.arm(Fault.TRANSACTION_OFF, times=None)
        with pytest.raises((Misconfigured, Refused)):
            await ehr.transact(a_bundle())
        assert not (await ehr.transact(a_bundle())).created


class _Forgetful:
    """A server that tells no location, or answers every search with all it has."""

    def __init__(self, *, ignores_search: bool = False) -> None:
        self.stored: list[Json] = []
        self._ignores_search = ignores_search

    async def store(
        self, _method: str, _path: str, resource: Json, **_headers: str
    ) -> HttpResponse:
        self.stored.append({**resource, "id": str(len(self.stored))})
        return HttpResponse(status=httpx.codes.CREATED, headers={}, body=b"")

    async def matching(self, resource_type: str, criteria: Any) -> list[Json]:
        found = [each for each in self.stored if each["resourceType"] == resource_type]
        if self._ignores_search:
            return found
        system, value = criteria["identifier"].split("|")
        names = [{"system": system, "value": value}]
        return [each for each in found if each["identifier"][0].items() >= names[0].items()]


@pytest.mark.parametrize("ignores_search", [False, True])
@pytest.mark.parametrize("way", [Way.CONDITIONAL_CREATE, Way.SEARCH_THEN_CREATE])
async def test_what_a_server_does_not_tell_is_looked_up_by_our_name_and_never_guessed(
    way: Way, ignores_search: bool
) -> None:
    server = _Forgetful(ignores_search=ignores_search)
    outcome = await store_one_by_one(decode(a_bundle()), server, way)
    kinds = ["Device", "Device", "Observation", "Observation"]
    references = [f"{kind}/{n}" for n, kind in enumerate(kinds)]
    assert [entry.reference for entry in outcome.entries[:-1]] == references
    assert server.stored[2]["device"] == {"reference": "Device/0"}
    assert b"urn:uuid:" not in encode({"target": server.stored[4]["target"]})


async def test_a_copy_that_another_station_stored_in_the_same_moment_is_for_a_person() -> None:
    server = _Forgetful()
    real = server.store

    async def racing(method: str, path: str, resource: Json, **headers: str) -> HttpResponse:
        if resource["resourceType"] == "Observation":
            await real(method, path, resource, **headers)
        return await real(method, path, resource, **headers)

    server.store = racing  # type: ignore[method-assign] # between our question and our answer
    with pytest.raises(Refused, match="Observation more than once"):
        await store_one_by_one(decode(a_bundle()), server, Way.SEARCH_THEN_CREATE)


async def test_a_name_that_the_server_has_twice_is_for_a_person() -> None:
    server = _Forgetful()
    first = decode(a_bundle())["entry"][0]["resource"]
    server.stored = [{**first, "id": "a"}, {**first, "id": "b"}]
    with pytest.raises(Refused, match="more than once"):
        await store_one_by_one(decode(a_bundle()), server, Way.SEARCH_THEN_CREATE)
