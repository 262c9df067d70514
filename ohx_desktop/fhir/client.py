"""The EHR over FHIR: fhirpy's client, riding on our pooled HTTP client.

fhirpy opens a connection per request, loses status and headers and follows redirects. Its one
method that sends is therefore replaced; search sets, references and models work unchanged. Filing
goes through functions of our own on the same connection. What fails raises the RemoteError family,
but for fhirpy's own helpers, which may stumble over an answer of another shape.

Importing this module takes half a second, so `connect.connect_ehr` does it off the event loop.

Source: FHIR R5 http.
"""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

from fhirpy import AsyncFHIRClient
from fhirpy.base.utils import AttrDict

from ohx_desktop.domain.care_context import OfferedContexts
from ohx_desktop.domain.errors import Misconfigured, Refused, RemoteError
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
from ohx_desktop.fhir.capability import Capabilities, capabilities_from
from ohx_desktop.fhir.contexts import contexts_of
from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.one_by_one import Criteria, store_one_by_one
from ohx_desktop.fhir.outcome import (
    SERVICE,
    error_for_response,
    failures_in,
    not_fhir,
    resource_in,
)
from ohx_desktop.fhir.patient_search import find
from ohx_desktop.fhir.patients import is_current, patient_from
from ohx_desktop.fhir.plan import UploadPlan, VersionChoice, Way, plan_for, rendered
from ohx_desktop.fhir.readback import differences
from ohx_desktop.fhir.reference import checked_reference, reference_of
from ohx_desktop.fhir.transaction import (
    TransactionOutcome,
    main_entry,
    reference_in,
    transaction_outcome,
)
from ohx_desktop.transport import HttpClient, HttpResponse, exchange, is_within

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
# More than a person can compare at a glance; then the search must be narrowed.
PATIENT_LIMIT = 20

_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_NOT_MODIFIED = 304
_GONE = frozenset({404, 410})


class EhrClient(AsyncFHIRClient):
    """A FHIR server under one base address, which no request and no token ever leaves.

    `http` is used and not closed. `patient_identifier_system` is the system of the identifier that
    patients show; without it an identifier is looked for in every system. `fhir_version` "auto"
    goes by what the server says.
    """

    def __init__(
        self,
        http: HttpClient,
        base_url: str,
        *,
        patient_identifier_system: str | None = None,
        fhir_version: VersionChoice = "auto",
    ) -> None:
        super().__init__(base_url.rstrip("/"))
        self._http = http
        self._system = patient_identifier_system
        self._version = fhir_version
        self._told: Capabilities | None = None
        self._asking = asyncio.Lock()

    @property
    def base_url(self) -> str:
        """The address of the EHR, without a slash at its end."""
        return self.url

    async def capabilities(self) -> Capabilities:
        """Ask the EHR what it can do, and keep the answer for all that depends on it."""
        statement = resource_in(await self._send("GET", f"{self.url}/metadata"))
        if statement["resourceType"] != "CapabilityStatement":
            raise Misconfigured("the address is that of something else than a FHIR server")
        self._told = capabilities_from(statement)
        return self._told

    async def _known(self) -> Capabilities:
        """Return what the EHR told, asked for once."""
        async with self._asking:
            return self._told or await self.capabilities()

    async def find_patients(
        self, query: PatientQuery, *, limit: int = PATIENT_LIMIT
    ) -> PatientsFound:
        """Return at most `limit` patients for whom a reading may be filed, or why none is shown.

        The query travels in the body, so that no name gets into the access log of a proxy.
        """
        return await find(self, query, system=self._system, limit=limit)

    async def contexts(self, patient: Patient) -> OfferedContexts:
        """Return the open visits and active orders of a patient; what cannot be read is missing."""
        try:
            told = await self._known()
            version = plan_for(told, self._version).version
        except RemoteError:
            return OfferedContexts(complete=False)
        return await contexts_of(self, patient.reference, version, told.resource_types)

    async def patient(self, reference: str) -> Patient:
        """Return the patient of a reference "Patient/ID".

        Raises UsageError for another form, Refused for a record that is inactive or replaced.
        """
        resource = await self.read(checked_reference(reference, "Patient"))
        patient = patient_from(resource, system=self._system)
        if patient is None or not is_current(resource):
            raise Refused(
                "the patient record is inactive or was replaced by another",
                meaning="no reading can be filed for it",
                hint="search for the patient again",
            )
        return patient

    async def transact(self, bundle: bytes) -> TransactionOutcome:
        """Store an encoded R5 transaction Bundle as this EHR takes it; tell of each entry.

        After Transient it is not known whether the EHR stored it: send the very same bytes again.
        Raises Refused where the EHR will not take this Bundle.
        """
        plan = await self._planned()
        try:
            return await self._transact(bundle, plan)
        except (Misconfigured, Refused) as error:
            # The server may have become another one; the next reading asks again.
            self._told = None
            await self._check_patient(bundle, error)
            raise

    async def _planned(self) -> UploadPlan:
        """Return how this EHR takes readings; it is asked once."""
        return plan_for(await self._known(), self._version)

    async def _transact(self, bundle: bytes, plan: UploadPlan) -> TransactionOutcome:
        sent = decode(bundle)
        if not plan.is_as_queued:
            sent = rendered(sent, plan)
            bundle = encode(sent)
        if plan.way is not Way.TRANSACTION:
            return await store_one_by_one(sent, self, plan.way)
        headers = {"Prefer": "return=minimal"}
        response = await self._send("POST", self.url, content=bundle, headers=headers, sent=sent)
        return transaction_outcome(sent, response)

    async def _check_patient(self, bundle: bytes, error: RemoteError) -> None:
        """Raise Refused where the reading was refused because its patient is not there any more."""
        if isinstance(error, Misconfigured) and error.status not in _GONE:
            return
        sent = decode(bundle)
        try:
            await self.read(sent["entry"][main_entry(sent)]["resource"]["subject"]["reference"])
        except Refused as missing:
            if missing.status in _GONE:
                raise Refused(
                    "the EHR does not have this patient any more",
                    status=error.status,
                    meaning="the reading stays safe on this computer; it was not filed",
                    hint="open the queue and file the reading for the patient's record of today",
                ) from error
        except RemoteError:
            # Nothing is known of the patient, so the refusal speaks for itself.
            return

    async def store(self, method: str, path: str, resource: Json, **headers: str) -> HttpResponse:
        """Create or update one resource and return the 2xx answer."""
        return await self._send(
            method,
            f"{self.url}/{path}",
            content=encode(resource),
            headers={"Prefer": "return=minimal", **headers},
            sent={"entry": [{"resource": resource}]},
        )

    async def remove(self, reference: str) -> None:
        """Delete the resource Type/ID. Raises the RemoteError family where the EHR does not."""
        await self._send("DELETE", f"{self.url}/{checked_reference(reference)}")

    async def problems_of(self, resource: Json) -> tuple[str, ...]:
        """Have the EHR check a resource without storing it; return what it finds wrong."""
        response = await self._send(
            "POST",
            f"{self.url}/{resource['resourceType']}/$validate",
            content=encode(resource),
            headers={"Prefer": "return=OperationOutcome"},
        )
        return failures_in(resource_in(response))

    async def matching(self, resource_type: str, criteria: Criteria) -> list[Json]:
        """Return the resources on the first page of a search, past the server's caches."""
        page = await self.search(resource_type, dict(criteria))
        return [entry["resource"] for entry in page.get("entry", []) if "resource" in entry]

    async def read(self, reference: str) -> Json:
        """Return the resource Type/ID as the EHR holds it now, past its caches."""
        checked_reference(reference)
        headers = {"Cache-Control": "no-cache"}
        response = await self._send("GET", f"{self.url}/{reference}", headers=headers)
        resource = resource_in(response)
        if reference_of(resource) != reference:
            raise not_fhir(response)
        return resource

    async def read_back(self, bundle: bytes, outcome: TransactionOutcome) -> tuple[str, ...]:
        """Return where the stored Observations differ from the Bundle sent; empty when equal.

        Each is the path of an element; nothing of its content is told.
        """
        found: list[str] = []
        sent = rendered(decode(bundle), await self._planned())
        for position, entry in enumerate(sent["entry"]):
            resource = entry["resource"]
            if resource["resourceType"] != "Observation":
                continue
            stored = await self._stored(resource, outcome.entries[position].reference)
            paths = ("Observation",) if stored is None else differences(resource, stored)
            found += [f"Bundle.entry[{position}]: {path}" for path in paths]
        return tuple(found)

    async def verify(self, bundle: bytes, outcome: TransactionOutcome) -> bool:
        """Return whether the EHR holds exactly what was sent."""
        return not await self.read_back(bundle, outcome)

    async def _stored(self, sent: Json, reference: str | None) -> Json | None:
        """Return what the EHR holds, looked up by identifier where it told no location."""
        if reference:
            try:
                return await self.read(reference)
            except Refused as error:
                if error.status in _GONE:
                    return None
                raise
        identifier = sent["identifier"][0]
        token = f"{identifier['system']}|{identifier['value']}"
        found = await self.matching("Observation", {"identifier": token})
        return found[0] if len(found) == 1 else None

    async def offers_match(self) -> bool:
        """Return whether the EHR says that it has Patient/$match."""
        try:
            return (await self._known()).match
        except RemoteError:
            return False

    async def match(self, parameters: Json) -> Json:
        """Return the searchset of Patient/$match, which stores nothing."""
        url = f"{self.url}/Patient/$match"
        return _searchset(await self._send("POST", url, content=encode(parameters)))

    async def page(self, link: str) -> Json:
        """Return the page that a link leads to. Raises Misconfigured for one to elsewhere."""
        return _searchset(await self._send("GET", self._build_request_url(link, None)))

    async def search(self, resource_type: str, form: dict[str, str]) -> Json:
        """Return the first page of a search, past the server's caches."""
        return _searchset(
            await self._send(
                "POST",
                f"{self.url}/{resource_type}/_search",
                content=urlencode(form).encode(),
                headers={"Content-Type": FORM, "Cache-Control": "no-cache"},
            )
        )

    async def _send(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        sent: Json | None = None,
    ) -> HttpResponse:
        """Send within the base address and return a 2xx or 304 answer."""
        if not is_within(self.url, url):
            raise Misconfigured(
                f"an address that {SERVICE} gave lies outside of its own; it was not followed"
            )
        every = self._build_request_headers() | ({"Content-Type": FHIR_JSON} if content else {})
        response = await exchange(
            self._http, method, url, headers=every | (headers or {}), content=content
        )
        if response.is_success or response.status == _NOT_MODIFIED:
            return response
        raise error_for_response(response, sent)

    # What fhirpy calls. Both names are private to it, hence its upper bound in pyproject.toml.

    async def _do_request(
        self,
        method: str,
        path: str,
        data: Json | None = None,
        params: Json | None = None,
        extra_headers: dict[str, str] | None = None,
        *,
        returning_status: bool = False,
    ) -> Any:
        response = await self._send(
            method.upper(),
            self._build_request_url(path, params),
            content=None if data is None else encode(data),
            headers=extra_headers,
        )
        resource = self._answered(response, data)
        return (resource, response.status) if returning_status else resource

    def _build_request_url(self, path: str, params: Json | None) -> str:
        """Return the address; whether it lies within the base is checked on sending."""
        if _ABSOLUTE.match(path):
            return self._replace_url_alias(path)
        return super()._build_request_url(path, params).removesuffix("?")

    def _answered(self, response: HttpResponse, data: Json | None) -> Any:
        """Return the resource in an answer; for an empty one what was sent, with its new id."""
        if response.status == _NOT_MODIFIED:
            return None
        if response.body:
            try:
                return decode(response.body, object_hook=AttrDict)
            except ValueError:
                raise not_fhir(response) from None
        reference = reference_in(response.headers.get("location"))
        if data is None or reference is None:
            return None
        stored = {**data, "id": reference.partition("/")[2]}
        return decode(encode(stored), object_hook=AttrDict)


def _searchset(response: HttpResponse) -> Json:
    page = resource_in(response)
    if page["resourceType"] != "Bundle":
        raise not_fhir(response)
    return page
