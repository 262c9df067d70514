"""The whole way of a reading through each server we can have here; the run prints it as a table.

What every server gets is the same bytes; what it makes of them is its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import pytest
from everything_sent import a_reading, submitted
from hapi_line import NUMBER, PATIENT, hapi_line
from interop_table import STEPS, Table

from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.check import CheckedEhr, Verdict, check_ehr
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.virtual.ehr.faults import Fault
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

_numbers = count(1001)


@asynccontextmanager
async def _sandbox(version: Version) -> AsyncIterator[EhrClient]:
    sandbox = SandboxEhr(seeded=False)
    if version is Version.R4:
        sandbox.faults.arm(Fault.FHIR_4_0_1, times=None)
    base = await sandbox.start()
    try:
        # Its store is that of R5 whatever it says of itself.
        async with hapi_line(base, Version.R5) as ehr:
            yield ehr
    finally:
        await sandbox.stop()


async def _passes(ehr: EhrClient, done: set[str]) -> None:
    """Go the way step by step and note each that was done."""
    reading = replace(a_reading(), sequence=next(_numbers))
    bundle = encode(transaction_bundle(submitted(reading)))

    (patient,) = (await ehr.find_patients(PatientQuery(identifier=NUMBER))).patients
    assert patient.reference == PATIENT
    done.add("search")

    first = await ehr.transact(bundle)
    assert first.created
    done.add("create")

    again = await ehr.transact(bundle)
    assert not again.created
    assert [e.reference for e in again.entries] == [e.reference for e in first.entries]
    done.add("replay")

    assert await ehr.read_back(bundle, first) == ()
    done.add("read-back")

    lines = [line async for line in check_ehr(CheckedEhr(ehr=ehr, write=True, patient=PATIENT))]
    assert [line for line in lines if line.verdict is Verdict.FAILED] == []
    (written,) = (line for line in lines if line.name == "write")
    assert written.verdict is Verdict.OK, written.detail
    done.add("check --write")


async def test_the_sandbox_takes_a_reading_the_whole_way(version: Version, table: Table) -> None:
    done = table.setdefault(f"sandbox {version}", set())
    async with _sandbox(version) as ehr:
        await _passes(ehr, done)
    assert done == set(STEPS)


async def test_hapi_takes_a_reading_the_whole_way(
    base: str, version: Version, table: Table
) -> None:
    done = table.setdefault(f"HAPI {version}", set())
    async with hapi_line(base, version) as ehr:
        await _passes(ehr, done)
    assert done == set(STEPS)
