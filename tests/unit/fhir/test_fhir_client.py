"""The client of the EHR: patients, capabilities, fhirpy on our connection, and its old traps."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import httpx
import pytest
from aiohttp import web
from fhir_answers import (
    BASE,
    TOKEN,
    answering,
    client,
    fhir,
    outcome,
    patient,
    searchset,
    statement,
)

from ohx_desktop.domain.errors import Misconfigured, Refused, Transient, UsageError
from ohx_desktop.domain.patient import PatientQuery, PatientsFound, SearchNote
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.transport import build_client

QUERY = PatientQuery(family="Ocaña")


async def test_a_search_keeps_names_out_of_the_address() -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return fhir(searchset(patient()))

    (found,) = (await client(server).find_patients(QUERY)).patients
    assert found.reference == "Patient/pat-1"
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/Patient/_search")
    assert parse_qs(request.content.decode()) == {"_count": ["20"], "family": ["Ocaña"]}


async def test_pages_are_followed_within_the_base_to_the_last() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        following = ["/fhir?page=2", f"{BASE}?page=3", None][page - 1]
        return fhir(searchset(patient(f"p{page}"), next_page=following))

    found = (await client(server).find_patients(QUERY, limit=3)).patients
    assert [p.reference for p in found] == ["Patient/p1", "Patient/p2", "Patient/p3"]


async def test_endless_pages_come_to_an_end() -> None:
    asked = 0

    def server(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return fhir(searchset(next_page=f"{BASE}?page={asked}"))

    assert await client(server).find_patients(QUERY) == PatientsFound(note=SearchNote.TOO_MANY)
    assert asked < 10


@pytest.mark.parametrize(
    "link",
    [
        f"https://elsewhere.example.org/?x={BASE}",
        "https://ehr.example.org/other?page=2",
        "https://ehr.example.org/fhir/../admin",
        "http://ehr.example.org/fhir?page=2",
        "https://ehr.example.org:8443/fhir?page=2",
        "https://ehr.example.org@evil.example/fhir",
        "https://user@ehr.example.org/fhir",
        "//elsewhere.example.org/fhir",
    ],
)
async def test_the_token_never_follows_a_link_to_elsewhere(link: str) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return fhir(searchset(patient(), next_page=link))

    ehr = client(server)
    with pytest.raises(Misconfigured, match="outside of its own"):
        await ehr.find_patients(QUERY)
    with pytest.raises(Misconfigured):
        await ehr.resources("Patient").search(family="x").fetch_all()
    assert {(r.url.scheme, r.url.host, r.url.port) for r in seen} == {
        ("https", "ehr.example.org", None)
    }
    assert all(r.headers["Authorization"] == TOKEN for r in seen)
    assert len(seen) == 2


async def test_a_link_that_is_no_address_is_not_followed() -> None:
    ehr = client(answering(fhir(searchset(patient(), next_page="http://[broken/fhir"))))
    with pytest.raises(Misconfigured):
        await ehr.find_patients(QUERY)


@pytest.mark.parametrize("body", [b"<html/>", b'{"resourceType": "Patient"}', b""])
async def test_a_search_that_is_answered_with_something_else_is_no_empty_list(body: bytes) -> None:
    with pytest.raises(Transient):
        await client(answering(httpx.Response(200, content=body))).find_patients(QUERY)


async def test_a_patient_is_read_by_reference() -> None:
    found = await client(answering(fhir(patient("4711")))).patient("Patient/4711")
    assert (found.family, found.given) == ("Ocaña", "María José")


@pytest.mark.parametrize(
    "wrong",
    [
        "Patient/.",
        "Patient/..",
        "Patient/../Device/1",
        "Patient/a?b",
        "Patient/a#b",
        "Patient/a b",
        "Patient/a%2e",
        "Patient/1/_history/2",
        "Observation/1",
        "../Patient/1",
        "https://elsewhere.example.org/Patient/1",
        "4711",
        "Patient/4711\n",
    ],
)
async def test_an_odd_reference_gets_into_no_address(wrong: str) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url.path}")

    with pytest.raises(UsageError) as caught:
        await client(server).patient(wrong)
    assert wrong not in str(caught.value)


@pytest.mark.parametrize(
    "record", [patient(active=False), patient(link=[{"type": "replaced-by", "other": {}}])]
)
async def test_a_record_that_is_out_of_use_is_refused(record: dict[str, object]) -> None:
    ehr = client(answering(fhir(record)))
    with pytest.raises(Refused, match="inactive"):
        await ehr.patient("Patient/pat-1")


async def test_another_resource_than_asked_for_is_not_taken() -> None:
    ehr = client(answering(fhir(patient("another"))))
    with pytest.raises(Transient):
        await ehr.patient("Patient/pat-1")


async def test_an_unknown_patient_is_refused() -> None:
    ehr = client(answering(fhir(outcome("not-found"), 404)))
    with pytest.raises(Refused):
        await ehr.patient("Patient/pat-1")


async def test_capabilities_are_what_the_statement_says() -> None:
    able = await client(answering(fhir(statement()))).capabilities()
    assert able.transaction
    assert able.conditional_create
    assert able.update_create
    assert able.version is Version.R5
    assert able.fhir_version == "5.0.0"


@pytest.mark.parametrize("rest", [[], None, [{"mode": "client"}], [{"mode": "server"}], ["x"]])
async def test_what_a_statement_leaves_out_is_not_possible(rest: object) -> None:
    told = statement(rest=rest, fhirVersion="3.0.2")
    able = await client(answering(fhir(told))).capabilities()
    assert not any((able.transaction, able.conditional_create, able.update_create))
    assert able.version is None


async def test_conditional_create_must_hold_for_device_and_observation() -> None:
    rest = [{"mode": "server", "resource": [{"type": "Observation", "conditionalCreate": True}]}]
    able = await client(answering(fhir(statement(rest=rest)))).capabilities()
    assert not able.conditional_create


# fhirpy through our connection


async def test_fhirpy_search_sets_work_through_our_client() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        assert request.url.params["family"] == "Ocaña"
        assert request.headers["Accept"] == "application/fhir+json"
        return fhir(searchset(patient("p1"), patient("p2")))

    found = await client(server).resources("Patient").search(family="Ocaña").fetch()
    assert [p.id for p in found] == ["p1", "p2"]
    assert found[0].name[0].family == "Ocaña"


async def test_a_create_with_an_empty_answer_gives_what_was_sent_with_its_id() -> None:
    location = {"Location": f"{BASE}/Device/77/_history/1"}
    ehr = client(answering(httpx.Response(201, headers=location)))
    created = await ehr.resource("Device", status="active").save()
    assert (created.id, created.status) == ("77", "active")


async def test_a_create_with_an_empty_answer_and_no_location_is_silent() -> None:
    created = (
        await client(answering(httpx.Response(201))).resource("Device", status="active").save()
    )
    assert created.id is None


async def test_fhirpy_raises_our_errors_only() -> None:
    for response, expected in [
        (httpx.Response(503), Transient),
        (httpx.Response(200, content=b"<html>"), Transient),
        (httpx.Response(303, headers={"Location": f"{BASE}/Patient/1"}), Misconfigured),
        (fhir(outcome("invalid"), 400), Refused),
        (httpx.Response(400, content=b"[]"), Refused),
    ]:
        with pytest.raises(expected):
            await client(answering(response)).resource("Device", status="active").save()


async def test_a_path_of_fhirpy_cannot_climb_out_of_the_base() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url.path}")

    for path in ("../admin", "Patient/../../admin", "Patient/%2e%2e/%2e%2e/admin", "..\\admin"):
        with pytest.raises(Misconfigured):
            await client(server).execute(path, method="get")


@asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/fhir"
    finally:
        await runner.cleanup()


async def test_many_requests_share_one_connection() -> None:
    peers: set[object] = set()

    async def search(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response(searchset(patient()))

    app = web.Application()
    app.router.add_route("*", "/fhir/Patient{rest:.*}", search)
    async with _served(app) as base, await build_client() as http:
        ehr = await connect_ehr(http, base)
        for _ in range(3):
            assert (await ehr.find_patients(QUERY)).patients
            assert await ehr.resources("Patient").search(family="x").fetch()
    assert len(peers) == 1


_WATCH_THE_IMPORT = """
import asyncio, sys, threading
importing = []

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "fhirpy":
            importing.append(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watch())
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.transport import build_client
assert importing == []

async def main():
    async with await build_client() as http:
        await connect_ehr(http, "https://ehr.example.org/fhir")

asyncio.run(main())
assert importing == [False], importing
"""


async def test_the_heavy_import_happens_off_the_event_loop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WATCH_THE_IMPORT, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
