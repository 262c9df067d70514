"""Answers of an EHR as it could give them, and a client that gets them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from fhir_samples import submission

from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle

Json = dict[str, Any]
BASE = "https://ehr.example.org/fhir"
TOKEN = "Bearer of-this-server-only"  # noqa: S105 - not a secret
BUNDLE = encode(transaction_bundle(submission()))
Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, *, system: str | None = None) -> EhrClient:
    """Return an EhrClient whose server is `handler`; its HTTP client holds nothing to close."""
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(handler), headers={"Authorization": TOKEN}
    )
    return EhrClient(http, BASE, patient_identifier_system=system)


def filing(handler: Handler) -> EhrClient:
    """Return an EhrClient whose server says that it can all, and takes readings by `handler`."""

    def server(request: httpx.Request) -> httpx.Response:
        return fhir(statement()) if request.url.path.endswith("/metadata") else handler(request)

    return client(server)


def statement(**changes: object) -> Json:
    types = ("Device", "Observation", "Provenance")
    resources = [{"type": t, "conditionalCreate": True, "updateCreate": True} for t in types]
    rest = {"mode": "server", "interaction": [{"code": "transaction"}], "resource": resources}
    told = {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0", "rest": [rest]}
    return told | changes


def answering(response: httpx.Response) -> Handler:
    return lambda _request: response


def fhir(resource: Json, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(
        status,
        content=encode(resource),
        headers={"Content-Type": "application/fhir+json", **headers},
    )


def outcome(code: str, severity: str = "error", **more: Any) -> Json:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, **more}],
    }


def transaction_response(status: str = "201 Created", **more: Any) -> Json:
    """Return the answer to BUNDLE with this status for every entry."""
    kinds = [entry["resource"]["resourceType"] for entry in json.loads(BUNDLE)["entry"]]
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [
            {"response": {"status": status, "location": f"{kind}/{n}/_history/1", **more}}
            for n, kind in enumerate(kinds, 500)
        ],
    }


def searchset(*resources: Json, next_page: str | None = None) -> Json:
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": r, "search": {"mode": "match"}} for r in resources],
    }
    if next_page:
        bundle["link"] = [{"relation": "next", "url": next_page}]
    return bundle


def patient(patient_id: str = "pat-1", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": patient_id,
        "name": [{"family": "Ocaña", "given": ["María", "José"]}],
        "birthDate": "1954-03-02",
        **more,
    }
