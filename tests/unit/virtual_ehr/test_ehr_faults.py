from datetime import UTC, datetime

import httpx
import pytest
from ehr_samples import FHIR_JSON, body, example, pulse

from ohx_desktop.virtual.ehr import Fault, Faults, SandboxEhr, Scope


async def write(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/Observation", content=body(pulse()), headers=FHIR_JSON)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.UNAUTHORIZED, 401),
        (Fault.FORBIDDEN, 403),
        (Fault.CONFLICT, 409),
        (Fault.PRECONDITION_FAILED, 412),
        (Fault.UNPROCESSABLE, 422),
        (Fault.TOO_MANY_REQUESTS, 429),
        (Fault.UNAVAILABLE, 503),
    ],
)
async def test_a_refusal_lasts_as_long_as_armed_and_stores_nothing(
    ehr: SandboxEhr, client: httpx.AsyncClient, fault: Fault, status: int
) -> None:
    ehr.faults.arm(fault, times=2)
    for _ in range(2):
        answer = await write(client)
        assert answer.status_code == status
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert ehr.store.count("Observation") == 0
    assert (await write(client)).status_code == 201
    assert ehr.faults.hits(fault) == 2


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (120, "120"),
        (datetime(2026, 11, 23, 9, 41, 7, tzinfo=UTC), "Mon, 23 Nov 2026 09:41:07 GMT"),
    ],
)
async def test_retry_after_comes_in_both_forms(
    ehr: SandboxEhr, client: httpx.AsyncClient, retry_after: int | datetime, header: str
) -> None:
    ehr.faults.arm(Fault.UNAVAILABLE, retry_after=retry_after)
    assert (await write(client)).headers["Retry-After"] == header


async def test_a_dropped_answer_hides_a_write_that_was_stored(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.COMMIT_THEN_DROP)
    # It waits for a write.
    assert (await client.get("/metadata")).status_code == 200
    assert (await client.post("/Patient/_search", data={"family": "x"})).status_code == 200
    with pytest.raises(httpx.TransportError):
        await write(client)
    assert ehr.store.count("Observation") == 1
    assert ehr.exchanges[-1].status == 0
    assert (await write(client)).status_code == 201


async def test_a_dropped_request_is_not_carried_out(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.DROP)
    with pytest.raises(httpx.TransportError):
        await write(client)
    assert ehr.store.count("Observation") == 0


async def test_a_delayed_write_outlasts_the_patience_of_the_client_and_is_stored(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.DELAY, delay_s=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/Observation", content=body(pulse()), headers=FHIR_JSON, timeout=0.05)
    # Stopping lets running requests end.
    await ehr.stop()
    assert ehr.store.count("Observation") == 1


async def test_a_portal_page_is_no_fhir(ehr: SandboxEhr, client: httpx.AsyncClient) -> None:
    ehr.faults.arm(Fault.HTML)
    answer = await write(client)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert ehr.store.count("Observation") == 0


async def test_a_truncated_answer_is_no_json(ehr: SandboxEhr, client: httpx.AsyncClient) -> None:
    ehr.faults.arm(Fault.TRUNCATED_JSON)
    answer = await write(client)
    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    assert ehr.store.count("Observation") == 1


async def test_a_redirect_points_to_another_host(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.REDIRECT)
    ehr.faults.arm(Fault.REDIRECT, location="https://elsewhere.example/fhir")
    first, second = await write(client), await write(client)
    assert first.status_code == second.status_code == 307
    assert httpx.URL(first.headers["Location"]).host == "localhost"
    assert second.headers["Location"] == "https://elsewhere.example/fhir"
    assert ehr.store.count("Observation") == 0


async def test_a_server_of_version_4_takes_the_bundle_of_version_4(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    bundle = body(example("bp-transaction.r4"))
    assert (await client.post("", content=bundle, headers=FHIR_JSON)).status_code == 422
    ehr.faults.arm(Fault.FHIR_4_0_1, times=None)
    assert (await client.get("/metadata")).json()["fhirVersion"] == "4.0.1"
    assert (await client.post("", content=bundle, headers=FHIR_JSON)).status_code == 200


async def test_a_server_without_transactions(ehr: SandboxEhr, client: httpx.AsyncClient) -> None:
    ehr.faults.arm(Fault.TRANSACTION_OFF, times=None)
    assert "interaction" not in (await client.get("/metadata")).json()["rest"][0]
    bundle = body(example("bp-transaction.r5"))
    assert (await client.post("", content=bundle, headers=FHIR_JSON)).status_code == 405
    assert ehr.store.count("Observation") == 0


async def test_a_server_that_gives_all_ids_itself(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.UPDATE_CREATE_OFF, times=None)
    resource = (await client.get("/metadata")).json()["rest"][0]["resource"][0]
    assert resource["updateCreate"] is False
    content = body(pulse() | {"id": "own"})
    answer = await client.put("/Observation/own", content=content, headers=FHIR_JSON)
    assert answer.status_code == 405
    ehr.faults.disarm(Fault.UPDATE_CREATE_OFF)
    answer = await client.put("/Observation/own", content=content, headers=FHIR_JSON)
    assert answer.status_code == 201


async def test_a_server_that_ignores_conditions_stores_twice(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    ehr.faults.arm(Fault.CONDITIONAL_CREATE_OFF, times=None)
    value = pulse()["identifier"][0]["value"]
    headers = FHIR_JSON | {"If-None-Exist": f"identifier={value}"}
    for _ in range(2):
        await client.post("/Observation", content=body(pulse()), headers=headers)
    assert ehr.store.count("Observation") == 2


async def test_the_journal_of_requests_holds_no_query(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    await client.get("/Patient", params={"family": "Novak"})
    assert "Novak" not in repr(ehr.exchanges)
    assert [(e.method, e.path, e.status) for e in ehr.exchanges] == [("GET", "/fhir/Patient", 200)]


def anything(scope: Scope) -> bool:
    return scope is Scope.ANY


def test_faults_that_exclude_each_other_are_met_one_after_the_other() -> None:
    faults = Faults()
    faults.arm(Fault.UNAVAILABLE)
    faults.arm(Fault.DELAY, delay_s=1)
    faults.arm(Fault.CONFLICT)
    met = [set(faults.take(anything)) for _ in range(3)]
    assert met == [
        {Fault.UNAVAILABLE, Fault.DELAY},
        {Fault.CONFLICT},
        set(),
    ]


def test_a_fault_waits_for_its_scope_and_can_be_taken_back() -> None:
    faults = Faults()
    faults.arm(Fault.CONFLICT, scope=Scope.WRITES)
    assert faults.take(anything) == {}
    faults.disarm()
    assert faults.take(lambda _: True) == {}
    with pytest.raises(ValueError, match="at least one"):
        faults.arm(Fault.CONFLICT, times=0)
