import asyncio
import uuid

import httpx
import pytest
from ehr_samples import FHIR_JSON, Spoil, blood_pressure, body, example, spoiled
from fhir.resources.bundle import Bundle
from fhir.resources.operationoutcome import OperationOutcome

from ohx_desktop.virtual.ehr import SandboxEhr
from ohx_desktop.virtual.ehr.fhir_json import Resource

WRITTEN = ("Device", "Observation", "Provenance")
CUFF = "urn:uuid:a1186d29-6496-5ade-9907-c048d45b39bb"


def counts(ehr: SandboxEhr) -> list[int]:
    return [ehr.store.count(type_) for type_ in WRITTEN]


def statuses(response: httpx.Response) -> list[str]:
    return [entry["response"]["status"] for entry in response.json()["entry"]]


async def send(client: httpx.AsyncClient, bundle: Resource) -> httpx.Response:
    return await client.post("", content=body(bundle), headers=FHIR_JSON)


@pytest.mark.parametrize("name", ["bp-transaction.r5", "scale-transaction.r5"])
async def test_the_examples_are_stored_whole_with_their_references_resolved(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await send(client, example(name))
    assert answer.status_code == 200, answer.text
    Bundle.model_validate_json(answer.content)
    assert set(statuses(answer)) == {"201 Created"}
    locations = [entry["response"]["location"] for entry in answer.json()["entry"]]
    observation = (await client.get(f"/{locations[2]}")).json()
    assert f"{observation['device']['reference']}/_history/1" == locations[0]
    provenance = (await client.get(f"/{locations[-1]}")).json()
    targets = [target["reference"] + "/_history/1" for target in provenance["target"]]
    assert targets == locations[2:-1]


async def test_an_identifier_that_looks_like_a_placeholder_stays(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    bundle = example("bp-transaction.r5")
    await send(client, bundle)
    gateway = bundle["entry"][1]
    assert gateway["fullUrl"] == gateway["resource"]["identifier"][0]["value"]
    values = [v.resource["identifier"][0]["value"] for v in ehr.store.versions("Device")]
    assert gateway["fullUrl"] in values


async def test_a_replay_stores_nothing_new(ehr: SandboxEhr, client: httpx.AsyncClient) -> None:
    first = await send(client, example("bp-transaction.r5"))
    stored = counts(ehr)
    again = await send(client, example("bp-transaction.r5"))
    assert counts(ehr) == stored == [2, 2, 1]
    assert set(statuses(again)) == {"200 OK"}
    for before, after in zip(first.json()["entry"], again.json()["entry"], strict=True):
        assert before["response"]["location"] == after["response"]["location"]


def _no_status(bundle: Resource) -> None:
    del bundle["entry"][3]["resource"]["status"]


def _unknown_patient(bundle: Resource) -> None:
    bundle["entry"][2]["resource"]["subject"]["reference"] = "Patient/nobody"


def _unresolved(bundle: Resource) -> None:
    bundle["entry"][2]["resource"]["device"]["reference"] = f"urn:uuid:{uuid.UUID(int=1)}"


def _two_of_one_identity(bundle: Resource) -> None:
    bundle["entry"][1]["request"]["ifNoneExist"] = bundle["entry"][0]["request"]["ifNoneExist"]


def _wrong_id(bundle: Resource) -> None:
    bundle["entry"][4]["resource"]["id"] = "other"


def _upper_case(bundle: Resource) -> None:
    bundle["entry"][4]["fullUrl"] = (
        bundle["entry"][4]["fullUrl"].upper().replace("URN:UUID", "urn:uuid")
    )


def _batch(bundle: Resource) -> None:
    bundle["type"] = "batch"


def _delete(bundle: Resource) -> None:
    bundle["entry"][4]["request"]["method"] = "DELETE"


def _unknown_envelope(bundle: Resource) -> None:
    bundle["entry"][0]["request"]["ifnoneexist"] = "x"


def _stale_version(bundle: Resource) -> None:
    bundle["entry"][4]["request"]["ifMatch"] = 'W/"7"'


@pytest.mark.parametrize(
    ("spoil", "status", "where"),
    [
        (_no_status, 422, "Bundle.entry[3].resource.status"),
        (_unknown_patient, 422, "Bundle.entry[2].resource.subject"),
        (_unresolved, 422, "Bundle.entry[2].resource.device"),
        (_two_of_one_identity, 400, "Bundle.entry[1].resource"),
        (_wrong_id, 400, "Bundle.entry[4].resource"),
        (_upper_case, 400, "Bundle.entry[4].fullUrl"),
        (_batch, 400, "Bundle.type"),
        (_delete, 400, "Bundle.entry[4].request"),
        (_unknown_envelope, 422, "Bundle.entry[0].request.ifnoneexist"),
        (_stale_version, 412, "Bundle.entry[4].resource"),
    ],
)
async def test_one_bad_entry_stores_nothing_at_all(
    ehr: SandboxEhr, client: httpx.AsyncClient, spoil: Spoil, status: int, where: str
) -> None:
    answer = await send(client, spoiled(example("bp-transaction.r5"), spoil))
    assert answer.status_code == status
    OperationOutcome.model_validate_json(answer.content)
    assert [issue["expression"] for issue in answer.json()["issue"]] == [[where]]
    assert counts(ehr) == [0, 0, 0]


async def test_a_condition_that_several_fulfil_refuses_the_whole(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    bundle = example("bp-transaction.r5")
    for _ in range(2):
        device = body(bundle["entry"][0]["resource"])
        assert (await client.post("/Device", content=device, headers=FHIR_JSON)).status_code == 201
    answer = await send(client, bundle)
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["code"] == "multiple-matches"
    assert counts(ehr) == [2, 0, 0]


async def test_a_conditional_reference_is_resolved_in_a_transaction_only(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    observation = blood_pressure()
    observation["subject"]["reference"] = "Patient?identifier=urn:oid:1.2.3.4.5|943 476 5919"
    request = {"method": "POST", "url": "Observation"}
    entry: Resource = {"resource": observation, "request": request}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await send(client, bundle)).status_code == 200
    (stored,) = ehr.store.versions("Observation")
    assert stored.resource["subject"]["reference"] == "Patient/pat-4711"
    alone = await client.post("/Observation", content=body(observation), headers=FHIR_JSON)
    assert alone.status_code == 422
    observation["subject"]["reference"] = "Patient?family=novak"
    assert (await send(client, bundle)).status_code == 412


async def test_a_read_in_a_transaction_sees_what_it_wrote(client: httpx.AsyncClient) -> None:
    bundle = example("bp-transaction.r5")
    provenance = bundle["entry"][-1]["request"]["url"]
    bundle["entry"].insert(0, {"request": {"method": "GET", "url": provenance}})
    answer = await send(client, bundle)
    assert answer.json()["entry"][0]["resource"]["resourceType"] == "Provenance"


async def test_the_answer_holds_the_resources_when_asked_for(client: httpx.AsyncClient) -> None:
    headers = FHIR_JSON | {"Prefer": "return=representation"}
    answer = await client.post("", content=body(example("bp-transaction.r5")), headers=headers)
    types = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
    assert types == ["Device", "Device", "Observation", "Observation", "Provenance"]


async def test_fifty_parallel_conditional_creates_store_one(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    observation = blood_pressure()
    identifier = observation["identifier"][0]
    headers = FHIR_JSON | {
        "If-None-Exist": f"identifier={identifier['system']}|{identifier['value']}"
    }

    async def create() -> int:
        content = body(observation)
        return (await client.post("/Observation", content=content, headers=headers)).status_code

    answers = await asyncio.gather(*(create() for _ in range(50)))
    assert sorted(answers) == [200] * 49 + [201]
    assert ehr.store.count("Observation") == 1


async def test_fifty_parallel_transactions_store_one(
    ehr: SandboxEhr, client: httpx.AsyncClient
) -> None:
    bundle = example("bp-transaction.r5")
    answers = await asyncio.gather(*(send(client, bundle) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert counts(ehr) == [2, 2, 1]
