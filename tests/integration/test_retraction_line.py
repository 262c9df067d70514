"""Taking a reading back in the sandbox EHR: exactly once, on every kind of server, under faults."""

import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from fhir_line import a_bundle, line

from ohx_desktop.domain.errors import NotAuthorised, Refused, RemoteError, Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.mapping.retraction import RetractionOrder, encode_order
from ohx_desktop.fhir.proof import prove
from ohx_desktop.review.submission import Gateway
from ohx_desktop.transport import HttpResponse
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PRACTITIONER

Json = dict[str, Any]
KEY = bytes(range(32))
BUNDLE = a_bundle()
ORDER = RetractionOrder(
    proof=prove(BUNDLE, KEY),
    key=KEY,
    reference=None,
    reason="wrong-patient",
    by=f"Practitioner/{PRACTITIONER}",
    at=datetime.fromisoformat("2026-11-23T10:05:00+01:00"),
    gateway=Gateway(
        installation=UUID("0529d9e6-f06b-56ca-89fc-c396a28e5e2f"), station="1", version="0.1.0"
    ),
)
PAYLOAD = encode_order(ORDER)
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
async def _filed(*lacks: Fault) -> AsyncIterator[tuple[SandboxEhr, EhrClient]]:
    async with line() as (sandbox, ehr):
        for fault in lacks:
            sandbox.faults.arm(fault, times=None)
        await ehr.transact(BUNDLE)
        yield sandbox, ehr


def _current(sandbox: SandboxEhr, type_: str = "Observation") -> list[Json]:
    return [version.resource for version in sandbox.store.versions(type_)]


def _assert_taken_back_once(sandbox: SandboxEhr) -> None:
    observations = _current(sandbox)
    assert [each["status"] for each in observations] == ["entered-in-error"] * 2
    assert [each["meta"]["versionId"] for each in observations] == ["2", "2"]
    created, nullified = _current(sandbox, "Provenance")
    assert created["activity"]["coding"][0]["code"] == "CREATE"
    assert nullified["activity"]["coding"][0]["code"] == "NULLIFY"


@pytest.mark.parametrize("lacks", SERVERS, ids=lambda lacks: "+".join(lacks) or "all")
async def test_an_order_carried_out_twice_changes_every_server_once(
    lacks: tuple[Fault, ...],
) -> None:
    async with _filed(*lacks) as (sandbox, ehr):
        before = _current(sandbox)
        first = await ehr.retract(PAYLOAD)
        again = await ehr.retract(PAYLOAD)
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference == f"Observation/{before[0]['id']}"
        _assert_taken_back_once(sandbox)
        for old, new in zip(before, _current(sandbox), strict=True):
            kept = {name for name in old if name not in {"meta", "status"}}
            assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.RETRACTED


async def test_who_took_it_back_and_why_stands_beside_it() -> None:
    async with _filed() as (sandbox, ehr):
        await ehr.retract(PAYLOAD)
        told = _current(sandbox, "Provenance")[1]
    assert told["authorization"] == [{"concept": {"text": "Entered in error: wrong-patient"}}]
    assert [agent["type"]["coding"][0]["code"] for agent in told["agent"]] == [
        "verifier",
        "assembler",
    ]
    assert told["agent"][0]["who"] == {"reference": f"Practitioner/{PRACTITIONER}"}
    assert len(told["target"]) == 2
    async with _filed(Fault.FHIR_4_0_1) as (sandbox, ehr):
        await ehr.retract(PAYLOAD)
        told = _current(sandbox, "Provenance")[1]
    assert told["reason"] == [{"text": "Entered in error: wrong-patient"}]
    assert not {"authorization", "patient"} & set(told)


async def test_a_clinic_that_wants_no_provenance_gets_none() -> None:
    async with _filed() as (sandbox, ehr):
        await ehr.retract(encode_order(replace(ORDER, send_provenance=False)))
        assert len(_current(sandbox, "Provenance")) == 1
        assert {each["status"] for each in _current(sandbox)} == {"entered-in-error"}


@pytest.mark.parametrize("done_before", range(3))
@pytest.mark.parametrize("way", [(), (Fault.UPDATE_CREATE_OFF,)], ids=["put", "post"])
async def test_a_link_lost_after_any_write_leaves_exactly_one_retraction(
    done_before: int, way: tuple[Fault, ...]
) -> None:
    async with _filed(Fault.TRANSACTION_OFF, *way) as (sandbox, ehr):
        real, writes = ehr.store, 0

        async def losing(method: str, path: str, resource: Json, **headers: str) -> HttpResponse:
            nonlocal writes
            if writes == done_before:
                sandbox.faults.arm(Fault.COMMIT_THEN_DROP)
            writes += 1
            return await real(method, path, resource, **headers)

        ehr.store = losing  # type: ignore[method-assign] # the fault must hit this very write
        with pytest.raises(Transient):
            await ehr.retract(PAYLOAD)
        await ehr.retract(PAYLOAD)
        _assert_taken_back_once(sandbox)


@pytest.mark.parametrize(
    "fault", [Fault.COMMIT_THEN_DROP, Fault.DROP, Fault.TRUNCATED_JSON, Fault.UNAVAILABLE]
)
async def test_a_transaction_without_an_answer_is_one_retraction_in_the_end(fault: Fault) -> None:
    async with _filed() as (sandbox, ehr):
        sandbox.faults.arm(fault, scope=Scope.WRITES)
        with pytest.raises(Transient):
            await ehr.retract(PAYLOAD)
        await ehr.retract(PAYLOAD)
        _assert_taken_back_once(sandbox)


@pytest.mark.parametrize("lacks", [(), (Fault.TRANSACTION_OFF,)], ids=["whole", "one by one"])
async def test_an_edit_in_between_is_read_again_and_not_overwritten(
    lacks: tuple[Fault, ...],
) -> None:
    async with _filed(*lacks) as (sandbox, ehr):
        edited = _current(sandbox)[0]
        note = copy.deepcopy(edited) | {"note": [{"text": "Patient was upset."}]}
        real_store, real_transaction = ehr.store, ehr.transaction

        async def edit() -> None:
            ehr.store, ehr.transaction = real_store, real_transaction  # type: ignore[method-assign]
            await ehr.store("PUT", f"Observation/{edited['id']}", note)

        async def storing(*given: Any, **headers: str) -> HttpResponse:
            await edit()
            return await real_store(*given, **headers)

        async def transaction(bundle: Json) -> None:
            await edit()
            await real_transaction(bundle)

        ehr.store = storing  # type: ignore[method-assign] # the edit must come before this write
        ehr.transaction = transaction  # type: ignore[method-assign]
        await ehr.retract(PAYLOAD)
        main, pulse = _current(sandbox)
        assert main["note"] == [{"text": "Patient was upset."}]
        assert [main["status"], pulse["status"]] == ["entered-in-error"] * 2
        assert [main["meta"]["versionId"], pulse["meta"]["versionId"]] == ["3", "2"]


def _other_value(resource: Json) -> None:
    resource["component"][0]["valueQuantity"]["value"] = 99


def _other_patient(resource: Json) -> None:
    resource["subject"] = {"reference": "Patient/pat-4722"}


@pytest.mark.parametrize("change", [_other_value, _other_patient])
async def test_what_somebody_changed_is_left_for_a_person(
    change: Callable[[Json], None],
) -> None:
    async with _filed() as (sandbox, ehr):
        main = copy.deepcopy(_current(sandbox)[0])
        change(main)
        await ehr.store("PUT", f"Observation/{main['id']}", main)
        before = _current(sandbox)
        with pytest.raises(Refused, match="something else"):
            await ehr.retract(PAYLOAD)
        assert _current(sandbox) == before


async def test_a_second_copy_is_left_for_a_person() -> None:
    async with _filed() as (sandbox, ehr):
        copied = {k: v for k, v in _current(sandbox)[0].items() if k not in {"id", "meta"}}
        await ehr.store("POST", "Observation", copied)
        with pytest.raises(Refused, match="more than once"):
            await ehr.retract(PAYLOAD)


async def test_what_was_taken_back_elsewhere_or_is_gone_is_done() -> None:
    async with _filed() as (sandbox, ehr):
        for each in _current(sandbox):
            marked = each | {"status": "entered-in-error"}
            await ehr.store("PUT", f"Observation/{each['id']}", marked)
        assert not (await ehr.retract(PAYLOAD)).created
        assert [each["meta"]["versionId"] for each in _current(sandbox)] == ["2", "2"]
    async with line() as (sandbox, ehr):
        outcome = await ehr.retract(PAYLOAD)
        assert (outcome.main_reference, outcome.created) == (None, False)
        assert len(_current(sandbox, "Provenance")) == 0
        (looked,) = await ehr.look_up([PAYLOAD])
        assert looked.found is Found.SAME


async def test_an_order_is_looked_up_beside_bundles() -> None:
    async with _filed() as (_, ehr):
        standing, bundle = await ehr.look_up([PAYLOAD, BUNDLE])
        assert (standing.found, bundle.found) == (Found.DIFFERENT, Found.SAME)
        await ehr.retract(PAYLOAD)
        done, bundle = await ehr.look_up([PAYLOAD, BUNDLE])
        assert (done.found, bundle.found) == (Found.SAME, Found.RETRACTED)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.FORBIDDEN, Refused),
        (Fault.UNPROCESSABLE, Refused),
        (Fault.UNAUTHORIZED, NotAuthorised),
    ],
)
async def test_an_ehr_that_lets_nothing_be_changed_does_not_stop_the_filing(
    fault: Fault, error: type[RemoteError]
) -> None:
    async with _filed() as (sandbox, ehr):
        sandbox.faults.arm(fault, scope=Scope.WRITES)
        with pytest.raises(error):
            await ehr.retract(PAYLOAD)
        assert {each["status"] for each in _current(sandbox)} == {"final"}
