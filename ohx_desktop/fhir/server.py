"""A FHIR server: fhirpy's client, riding on our pooled HTTP client.

fhirpy opens a connection per request, loses status and headers and follows redirects. Its one
method that sends is therefore replaced; search sets, references and models work unchanged. What
fails raises the RemoteError family, but for fhirpy's own helpers, which may stumble over an answer
of another shape.

Source: FHIR R5 http.
"""

import re
from typing import Any
from urllib.parse import urlencode

from fhirpy import AsyncFHIRClient
from fhirpy.base.utils import AttrDict

from ohx_desktop.domain.errors import Misconfigured
from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.one_by_one import Criteria
from ohx_desktop.fhir.outcome import (
    SERVICE,
    error_for_response,
    failures_in,
    not_fhir,
    resource_in,
)
from ohx_desktop.fhir.reference import checked_reference, reference_of
from ohx_desktop.fhir.transaction import reference_in, transaction_outcome
from ohx_desktop.transport import HttpClient, HttpResponse, exchange, is_within

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"

_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_NOT_MODIFIED = 304


class FhirServer(AsyncFHIRClient):
    """A FHIR server under one base address, which no request and no token ever leaves.

    `http` is used and not closed.
    """

    def __init__(self, http: HttpClient, base_url: str) -> None:
        super().__init__(base_url.rstrip("/"))
        self._http = http

    @property
    def base_url(self) -> str:
        """The address of the EHR, without a slash at its end."""
        return self.url

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

    async def transaction(self, bundle: Json) -> None:
        """Have all entries of a transaction carried out, or none."""
        transaction_outcome(bundle, await self.post_transaction(bundle, encode(bundle)))

    async def problems_of(self, resource: Json) -> tuple[str, ...]:
        """Have the EHR check a resource without storing it; return what it finds wrong."""
        response = await self._send(
            "POST",
            f"{self.url}/{resource['resourceType']}/$validate",
            content=encode(resource),
            headers={"Prefer": "return=OperationOutcome"},
        )
        return failures_in(resource_in(response))

    async def read(self, reference: str) -> Json:
        """Return the resource Type/ID as the EHR holds it now, past its caches."""
        checked_reference(reference)
        headers = {"Cache-Control": "no-cache"}
        response = await self._send("GET", f"{self.url}/{reference}", headers=headers)
        resource = resource_in(response)
        if reference_of(resource) != reference:
            raise not_fhir(response)
        return resource

    async def matching(self, resource_type: str, criteria: Criteria) -> list[Json]:
        """Return the resources on the first page of a search, past the server's caches."""
        page = await self.search(resource_type, dict(criteria))
        return [entry["resource"] for entry in page.get("entry", []) if "resource" in entry]

    async def match(self, parameters: Json) -> Json:
        """Return the searchset of Patient/$match, which stores nothing."""
        url = f"{self.url}/Patient/$match"
        return _searchset(await self._send("POST", url, content=encode(parameters)))

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

    async def search_openly(self, resource_type: str, form: dict[str, str]) -> Json:
        """Return the first page of a search by GET: for parameters that tell of nobody only."""
        url = f"{self.url}/{resource_type}?{urlencode(form)}"
        return _searchset(await self._send("GET", url, headers={"Cache-Control": "no-cache"}))

    async def page(self, link: str) -> Json:
        """Return the page that a link leads to. Raises Misconfigured for one to elsewhere."""
        return _searchset(await self._send("GET", self._build_request_url(link, None)))

    async def post_transaction(self, sent: Json, content: bytes) -> HttpResponse:
        """Send a transaction with the bytes of it; return the 2xx answer, as yet unread."""
        headers = {"Prefer": "return=minimal"}
        return await self._send("POST", self.url, content=content, headers=headers, sent=sent)

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
