"""A line to a FHIR server that has just the people and the visit that readings refer to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.server import FHIR_JSON
from ohx_desktop.transport import build_client, exchange

SYSTEM = "urn:oid:1.2.3.4.5"
NUMBER = "943 476 5919"
PATIENT = "Patient/pat-4711"
PRACTITIONER = "Practitioner/prac-12"
ENCOUNTER = "Encounter/enc-771"

_AMBULATORY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
_VISIT = {
    Version.R5: {"status": "completed"},
    Version.R4: {"status": "finished", "class": _AMBULATORY},
}


def seed(version: Version) -> dict[str, dict[str, Any]]:
    """Return what readings refer to, by reference."""
    return {
        PATIENT: {
            "identifier": [{"system": SYSTEM, "value": NUMBER}],
            "name": [{"family": "Bennett", "given": ["Margaret", "Rose"]}],
            "birthDate": "1952-03-14",
        },
        PRACTITIONER: {"name": [{"family": "Adeyemi"}]},
        ENCOUNTER: {**_VISIT[version], "subject": {"reference": PATIENT}},
    }


async def put(base: str, reference: str, resource: dict[str, Any]) -> None:
    """Store a resource under our id."""
    kind, _, id_ = reference.partition("/")
    content = encode({"resourceType": kind, "id": id_, **resource})
    headers = {"Content-Type": FHIR_JSON}
    async with await build_client() as http:
        answer = await exchange(
            http, "PUT", f"{base}/{reference}", content=content, headers=headers
        )
    assert answer.is_success, answer.body


@asynccontextmanager
async def hapi_line(base: str, version: Version) -> AsyncIterator[EhrClient]:
    """Yield a client of a server to which the seed is given first."""
    for reference, resource in seed(version).items():
        await put(base, reference, resource)
    async with await build_client() as http:
        yield await connect_ehr(http, base, patient_identifier_system=SYSTEM)
