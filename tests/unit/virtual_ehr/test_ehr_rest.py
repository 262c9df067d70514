import re
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from ehr_samples import FHIR_JSON, blood_pressure, body, pulse
from fhir.resources.bundle import Bundle
from fhir.resources.capabilitystatement import CapabilityStatement
from fhir.resources.operationoutcome import OperationOutcome

from ohx_desktop.virtual.ehr import SandboxEhr
from ohx_desktop.virtual.ehr.fhir_json import Resource, loads
from ohx_desktop.virtual.ehr.seed import MRN_SYSTEM

CONDITION = {"If-None-Exist": "identifier=urn:ietf:rfc:3986|urn:uuid:reading-1"}


def reading() -> Resource:
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:reading-1"}
    return pulse() | {"identifier": [identifier]}


async def create(client: httpx.AsyncClient, resource: Resource, **headers: str) -> httpx.Response:
    address = f"/{resource['resourceType']}"
    return await client.post(address, content=body(resource), headers=FHIR_JSON | headers)


async def test_the_statement_says_what_the_server_can_do(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metadata")
    CapabilityStatement.model_validate_json(answer.content)
    statement = answer.json()
    assert statement["fhirVersion"] == "5.0.0"
    (rest,) = statement["rest"]
    assert {"code": "transaction"} in rest["interaction"]
    by_type = {resource["type"]: resource for resource in rest["resource"]}
    assert by_type["Observation"]["conditionalCreate"] is True
    assert by_type["Provenance"]["updateCreate"] is True
    assert {"name": "identifier", "type": "token"} in by_type["Patient"]["searchParam"]


async def test_a_conditional_create_sent_twice_stores_one(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    first = await create(client, reading(), **CONDITION)
    again = await create(client, reading(), **CONDITION)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == again.headers["Location"]
    assert ehr.store.count("Observation") == 1


async def test_a_condition_that_several_fulfil_is_refused(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await create(client, reading())).status_code == 201
    answer = await create(client, reading(), **CONDITION)
    assert answer.status_code == 412


@pytest.mark.parametrize("condition", ["", "?identifier=1", "Observation?identifier=1"])
async def test_a_condition_of_another_form_is_refused(
    ehr: SandboxEhr, client: httpx.AsyncClient, condition: str
) -> None:
    answer = await create(client, reading(), **{"If-None-Exist": condition})
    assert answer.status_code == 400
    assert ehr.store.count("Observation") == 0


async def test_a_create_tells_where_the_resource_is(client: httpx.AsyncClient) -> None:
    answer = await create(client, blood_pressure())
    assert answer.headers["Content-Type"].startswith("application/fhir+json")
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith(" GMT")
    read = await client.get(answer.headers["Location"])
    assert read.json() == answer.json()
    assert read.headers["ETag"] == 'W/"1"'
    assert re.fullmatch(rf"{client.base_url}Observation/\d+/_history/1", answer.headers["Location"])


async def test_the_client_chooses_what_comes_back(client: httpx.AsyncClient) -> None:
    minimal = await create(client, blood_pressure(), Prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert "Location" in minimal.headers
    outcome = await create(client, blood_pressure(), Prefer="return=OperationOutcome")
    assert outcome.json()["resourceType"] == "OperationOutcome"


async def test_numbers_come_back_digit_for_digit(client: httpx.AsyncClient) -> None:
    resource = pulse()
    resource["valueQuantity"]["value"] = Decimal("71.50")
    answer = await create(client, resource)
    read = await client.get(answer.headers["Location"])
    assert str(loads(read.content)["valueQuantity"]["value"]) == "71.50"


async def put(client: httpx.AsyncClient, resource: Resource, **headers: str) -> httpx.Response:
    address = f"/{resource['resourceType']}/{resource['id']}"
    return await client.put(address, content=body(resource), headers=FHIR_JSON | headers)


async def test_a_put_creates_once_and_versions_only_what_changed(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    resource = pulse() | {"id": "my-own-id"}
    assert (await put(client, resource)).status_code == 201
    again = await put(client, resource)
    assert (again.status_code, again.headers["ETag"]) == (200, 'W/"1"')
    changed = await put(client, resource | {"status": "amended"}, **{"If-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')
    stale = await put(client, resource, **{"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    old = await client.get("/Observation/my-own-id/_history/1")
    assert old.json()["status"] == "final"
    assert (await client.get("/Observation/my-own-id/_history/3")).status_code == 404
    assert ehr.store.count("Observation") == 1


async def test_a_put_to_another_address_is_refused(client: httpx.AsyncClient) -> None:
    content = body(pulse() | {"id": "one"})
    answer = await client.put("/Observation/other", content=content, headers=FHIR_JSON)
    assert answer.status_code == 400


async def test_a_reference_by_this_servers_own_address_is_made_relative(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    resource = pulse()
    resource["subject"]["reference"] = f"{client.base_url}Patient/pat-4711"
    assert (await create(client, resource)).status_code == 201
    (stored,) = ehr.store.versions("Observation")
    assert stored.resource["subject"]["reference"] == "Patient/pat-4711"


async def test_a_search_by_post_finds_the_same_as_by_get(client: httpx.AsyncClient) -> None:
    criteria = {"identifier": f"{MRN_SYSTEM}|943 476 5919"}
    by_get = await client.get("/Patient", params=criteria)
    by_post = await client.post("/Patient/_search", data=criteria)
    for answer in (by_get, by_post):
        Bundle.model_validate_json(answer.content)
        (entry,) = answer.json()["entry"]
        assert entry["search"] == {"mode": "match"}
        assert entry["fullUrl"] == f"{client.base_url}Patient/pat-4711"
    nobody = (await client.get("/Patient", params={"family": "nobody"})).json()
    assert nobody["total"] == 0
    assert "entry" not in nobody


async def pages(client: httpx.AsyncClient, first: httpx.Response) -> AsyncIterator[Resource]:
    page = first.json()
    while True:
        yield page
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            return
        assert "family" not in following[0]
        page = (await client.get(following[0])).json()


async def test_pages_lead_to_every_match_once(ehr: SandboxEhr, client: httpx.AsyncClient) -> None:
    first = await client.post("/Patient/_search", data={"gender": "female,male", "_count": "5"})
    seen = [page async for page in pages(client, first)]
    ids = [entry["resource"]["id"] for page in seen for entry in page["entry"]]
    assert [len(page["entry"]) for page in seen] == [5, 5, 1]
    assert len(set(ids)) == len(ids) == seen[0]["total"]


async def test_a_forgotten_page_says_so(client: httpx.AsyncClient) -> None:
    assert (await client.get("?_page=unknown")).status_code == 410


async def test_what_was_written_is_found_by_what_it_refers_to(client: httpx.AsyncClient) -> None:
    reference = (await create(client, blood_pressure())).json()["id"]
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": f"Observation/{reference}"}],
        "agent": [{"who": {"reference": "Practitioner/prac-12"}}],
    }
    assert (await create(client, provenance)).status_code == 201
    for address in (
        f"/Provenance?target=Observation/{reference}",
        "/Observation?patient=pat-4711&code=http://loinc.org|85354-9",
        f"/Observation?subject=Patient/pat-4711&_id={reference}",
        "/Observation?identifier=urn:uuid:e5a54675-f7dd-5c06-8b88-94a58fafe7d9",
    ):
        assert (await client.get(address)).json()["total"] == 1, address


async def test_validate_tells_all_and_stores_nothing(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    bad = blood_pressure() | {"status": "done"}
    for resource in (
        bad,
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": bad}]},
    ):
        answer = await client.post(
            "/Observation/$validate", content=body(resource), headers=FHIR_JSON
        )
        OperationOutcome.model_validate_json(answer.content)
        assert answer.status_code == 200
        assert [issue["severity"] for issue in answer.json()["issue"]] == ["error"]
    good = await client.post(
        "/Observation/$validate", content=body(blood_pressure()), headers=FHIR_JSON
    )
    assert [issue["severity"] for issue in good.json()["issue"]] == ["information"]
    assert ehr.store.count("Observation") == 0


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/Patient/nobody", 404),
        ("GET", "/Patient/pat-4711/everything", 404),
        ("GET", "/Medication/1", 404),
        ("DELETE", "/Patient/pat-4711", 405),
        ("PATCH", "/Patient/pat-4711", 405),
        ("PUT", "/Patient", 405),
        ("GET", "/Patient/_search/", 405),
        ("POST", "/metadata", 405),
        ("GET", "", 405),
        ("GET", "/Patient?shoesize=41", 400),
        ("GET", "/Patient?_format=xml", 406),
        ("GET", "/Patient?_count=some", 400),
    ],
)
async def test_what_is_not_offered_is_refused_in_words(
    client: httpx.AsyncClient, method: str, address: str, status: int
) -> None:
    answer = await client.request(method, address)
    assert answer.status_code == status
    OperationOutcome.model_validate_json(answer.content)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/fhir+json", 400),
        (b"[" * 100_000, "application/fhir+json", 400),
        (b"[]", "application/fhir+json", 400),
        (b"\xff", "application/fhir+json", 400),
        (b'{"resourceType": "Patient"}', "application/fhir+json", 400),
        (b'{"resourceType": "Observation"}', "application/fhir+xml", 415),
        (b'{"resourceType": "Observation"}', "application/fhir+json; charset=utf-8", 422),
        (b" " * 5_000_000, "application/fhir+json", 413),
    ],
)
async def test_a_body_that_is_no_resource_is_refused(
    client: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    answer = await client.post("/Observation", content=content, headers=headers)
    assert answer.status_code == status
    OperationOutcome.model_validate_json(answer.content)


async def test_the_overview_shows_what_is_stored_and_loads_nothing(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    await create(client, blood_pressure())
    with ehr.store.draft() as draft:
        script = {"resourceType": "Patient", "name": [{"family": "<script>"}]}
        draft.write("Patient", "pat-4711", script)
    page = await client.get(str(client.base_url.copy_with(path="/")))
    assert page.headers["Content-Type"].startswith("text/html")
    assert "138 mmHg, 84 mmHg" in page.text
    assert "<script>" not in page.text
    assert "src=" not in page.text
