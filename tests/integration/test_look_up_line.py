"""Looking readings up in the sandbox EHR: what is there, by the identifiers of many at once."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from fhir_line import a_bundle, line

from ohx_desktop.domain.errors import Misconfigured
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.review.circumstances import Circumstances, CuffSize
from ohx_desktop.virtual.ehr.faults import Fault
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr

BUNDLE = a_bundle()
OTHER = a_bundle("Patient/pat-4722")
Json = dict[str, Any]


async def _stored(ehr: EhrClient, sandbox: SandboxEhr) -> list[Json]:
    await ehr.transact(BUNDLE)
    return [version.resource for version in sandbox.store.versions("Observation")]


async def test_what_is_there_is_told_from_what_is_not_in_one_question() -> None:
    async with line() as (sandbox, ehr):
        neither = await ehr.look_up([BUNDLE, OTHER])
        assert [each.found for each in neither] == [Found.ABSENT] * 2
        outcome = await ehr.transact(BUNDLE)
        seen = len(sandbox.exchanges)
        same, absent = await ehr.look_up([BUNDLE, OTHER])
        assert len(sandbox.exchanges) == seen + 1
        assert same == LookUp(found=Found.SAME, reference=outcome.main_reference)
        assert absent.found is Found.ABSENT


async def test_many_readings_are_asked_for_in_pieces() -> None:
    bundles = [a_bundle(f"Patient/nobody-{n}") for n in range(50)]
    async with line() as (sandbox, ehr):
        await ehr.transact(BUNDLE)
        seen = len(sandbox.exchanges)
        found = await ehr.look_up([*bundles, BUNDLE])
        assert [each.found for each in found] == [Found.ABSENT] * 50 + [Found.SAME]
        assert len(sandbox.exchanges) - seen == 3


@pytest.mark.parametrize(
    ("change", "found", "paths"),
    [
        (lambda r: r.update(status="amended"), Found.DIFFERENT, ("Observation.status",)),
        (
            lambda r: r["component"][0]["valueQuantity"].update(value=139),
            Found.DIFFERENT,
            ("Observation.component[0]",),
        ),
        (lambda r: r.update(note=[{"text": "Seen."}]), Found.SAME, ()),
    ],
)
async def test_what_somebody_changed_is_named(
    change: Callable[[Json], object], found: Found, paths: tuple[str, ...]
) -> None:
    async with line() as (sandbox, ehr):
        main = copy.deepcopy((await _stored(ehr, sandbox))[0])
        change(main)
        await ehr.store("PUT", f"Observation/{main['id']}", main)
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is found
        assert [path.partition(": ")[2] for path in looked.paths] == list(paths)


async def test_a_reading_marked_as_entered_in_error_is_retracted_only_as_a_whole() -> None:
    async with line() as (sandbox, ehr):
        main, pulse = await _stored(ehr, sandbox)
        await ehr.store("PUT", f"Observation/{main['id']}", main | {"status": "entered-in-error"})
        (half,) = await ehr.look_up([BUNDLE])
        assert half.found is Found.DIFFERENT
        await ehr.store("PUT", f"Observation/{pulse['id']}", pulse | {"status": "entered-in-error"})
        (whole,) = await ehr.look_up([BUNDLE])
        assert whole.found is Found.RETRACTED
        assert whole.reference == f"Observation/{main['id']}"


async def test_a_second_copy_is_found_and_one_taken_back_does_not_count() -> None:
    async with line() as (sandbox, ehr):
        main, _ = await _stored(ehr, sandbox)
        copied = {name: value for name, value in main.items() if name not in {"id", "meta"}}
        await ehr.store("POST", "Observation", copied)
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.DOUBLED
        second = [v.resource for v in sandbox.store.versions("Observation")][-1]
        await ehr.store(
            "PUT", f"Observation/{second['id']}", second | {"status": "entered-in-error"}
        )
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.SAME


async def test_part_of_a_reading_is_a_difference_unless_it_is_stored_piece_by_piece() -> None:
    main = decode(BUNDLE)
    main["entry"] = [each for each in main["entry"] if "component" in each["resource"]]
    async with line() as (_sandbox, ehr):
        await ehr.transact(encode(_without_links(main)))
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.DIFFERENT
        assert [path.partition(": ")[2] for path in looked.paths] == ["Observation"]
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(Fault.TRANSACTION_OFF, times=None)
        await ehr.transact(encode(_without_links(main)))
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.ABSENT
        await ehr.transact(BUNDLE)
        (looked,) = await ehr.look_up([BUNDLE])
        assert looked.found is Found.SAME
        assert sandbox.store.count("Observation") == 2


def _without_links(bundle: Json) -> Json:
    for entry in bundle["entry"]:
        entry["resource"].pop("device", None)
        entry["resource"].pop("extension", None)
    return bundle


async def test_an_r4_server_is_looked_up_in_its_own_form() -> None:
    bundle = a_bundle(circumstances=Circumstances(cuff_size=CuffSize.LARGE_ADULT))
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(Fault.FHIR_4_0_1, times=None)
        await ehr.transact(bundle)
        (looked,) = await ehr.look_up([bundle])
        assert looked.found is Found.SAME


async def test_a_version_that_this_program_does_not_speak_is_not_asked() -> None:
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(Fault.FHIR_3_0_2, times=None)
        with pytest.raises(Misconfigured):
            await ehr.look_up([BUNDLE])
