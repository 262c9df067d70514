"""Taking a reading back and filing it anew, against HAPI: once, whatever is sent twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from uuid import UUID

import pytest
from everything_sent import a_reading, submitted
from hapi_line import PATIENT, PRACTITIONER, hapi_line

from ohx_desktop.domain.errors import Refused, Transient
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.look_up import Found
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.capability import Capabilities, Version
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.mapping.refiling import Refiling, refiled_bundle
from ohx_desktop.fhir.mapping.retraction import RetractionOrder, encode_order, update_of
from ohx_desktop.fhir.proof import Finding, compare, names_in, prove
from ohx_desktop.review.circumstances import Circumstances, CuffSize
from ohx_desktop.review.submission import Gateway, Submission

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

KEY = bytes(range(32))
AT = datetime.fromisoformat("2026-11-23T10:05:00.250+01:00")
GATEWAY = Gateway(installation=UUID(int=7), station="kiosk-3", version="0.1.0")
RIGHT = "Patient/the-right-one"
_numbers = count(10_000)
WHOLE = pytest.mark.parametrize("whole", [True, False], ids=["transaction", "one by one"])


@asynccontextmanager
async def _station(base: str, version: Version, *, whole: bool) -> AsyncIterator[EhrClient]:
    async with hapi_line(base, version) as ehr:
        told = replace(await ehr.capabilities(), transaction=whole)

        async def capabilities() -> Capabilities:
            return told

        ehr.capabilities = capabilities  # type: ignore[method-assign] # the server can do more
        await ehr.store("PUT", RIGHT, {"resourceType": "Patient", "id": RIGHT.split("/")[1]})
        yield ehr


def _submissions() -> dict[str, Submission]:
    """Return readings that no other test sends."""

    def reading(*flags: Flag) -> Reading:
        return replace(a_reading(flags=frozenset(flags)), sequence=next(_numbers))

    plain = submitted(reading(Flag.IRREGULAR_PULSE))
    mean = submitted(reading(Flag.MEASUREMENT_AVERAGED))
    cuff = Circumstances(cuff_size=CuffSize.LARGE_ADULT)
    return {
        "plain": plain,
        "mean": replace(mean, members=(reading(), reading())),
        "cuff": replace(submitted(reading()), circumstances=cuff),
    }


def _order(bundle: bytes) -> RetractionOrder:
    return RetractionOrder(
        proof=prove(bundle, KEY),
        key=KEY,
        reference=None,
        reason="wrong-patient",
        by=PRACTITIONER,
        at=AT,
        gateway=GATEWAY,
    )


async def _findings(ehr: EhrClient, proof: bytes) -> list[Finding]:
    return compare(proof, await ehr.held(names_in(proof)), KEY)


@WHOLE
@pytest.mark.parametrize("name", ["plain", "mean", "cuff"])
async def test_a_reading_is_taken_back_and_filed_for_another_once(
    base: str, version: Version, name: str, *, whole: bool
) -> None:
    submission = _submissions()[name]
    bundle = encode(transaction_bundle(submission))
    order = _order(bundle)
    async with _station(base, version, whole=whole) as ehr:
        await ehr.transact(bundle)
        findings = await _findings(ehr, order.proof)
        assert {finding.found for finding in findings} == {Found.SAME}
        decision = Refiling(
            reading_id=submission.reading.id,
            filed_for=PATIENT,
            patient=RIGHT,
            by=PRACTITIONER,
            at=AT,
            gateway=GATEWAY,
        )
        observations = [each.confirmed for each in findings if each.confirmed is not None]
        identifiers = [{"system": each.name[0], "value": each.name[1]} for each in findings]
        again = encode(refiled_bundle(decision, observations, identifiers))

        first = await ehr.retract(encode_order(order))
        second = await ehr.retract(encode_order(order))
        assert (first.created, second.created) == (True, False)
        await ehr.transact(again)
        assert not (await ehr.transact(again)).created

        taken_back, filed = await ehr.look_up([bundle, again])
        assert (taken_back.found, filed.found) == (Found.RETRACTED, Found.SAME)
        findings = await _findings(ehr, order.proof)
        stored = [each.stored for each in findings if each.stored is not None]
        assert [each["meta"]["versionId"] for each in stored] == ["2"] * len(findings)
        assert all(each.is_same_but_for_status for each in findings)
        right = prove(again, KEY)
        assert {each.found for each in await _findings(ehr, right)} == {Found.SAME}


async def test_a_change_for_an_older_version_is_refused(base: str, version: Version) -> None:
    bundle = encode(transaction_bundle(_submissions()["plain"]))
    async with _station(base, version, whole=True) as ehr:
        await ehr.transact(bundle)
        (finding, *_) = await _findings(ehr, prove(bundle, KEY))
        assert finding.stored is not None
        older = update_of(finding.stored)
        note = {**finding.stored, "note": [{"text": "Seen."}]}
        await ehr.store("PUT", older["request"]["url"], note)
        with pytest.raises((Refused, Transient)) as refused:
            await ehr.transaction(
                {"resourceType": "Bundle", "type": "transaction", "entry": [older]}
            )
        assert refused.value.status in {409, 412}
        outcome = await ehr.retract(encode_order(_order(bundle)))
        assert outcome.created
        stored = await ehr.read(older["request"]["url"])
        assert (stored["status"], stored["note"]) == ("entered-in-error", [{"text": "Seen."}])


async def test_what_somebody_changed_is_left_as_it_is(base: str, version: Version) -> None:
    bundle = encode(transaction_bundle(_submissions()["plain"]))
    async with _station(base, version, whole=True) as ehr:
        await ehr.transact(bundle)
        (finding, *_) = await _findings(ehr, prove(bundle, KEY))
        assert finding.stored is not None
        reference = f"Observation/{finding.stored['id']}"
        moved = {**finding.stored, "subject": {"reference": RIGHT}}
        await ehr.store("PUT", reference, moved)
        with pytest.raises(Refused, match="something else"):
            await ehr.retract(encode_order(_order(bundle)))
        assert (await ehr.read(reference))["status"] == "final"
