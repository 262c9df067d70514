"""The HTTP side of the sandbox EHR: aiohttp in, aiohttp out, and the faults between."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import unquote

from aiohttp import web

from ohx_desktop.virtual.ehr.api import Api
from ohx_desktop.virtual.ehr.authorization import AuthorizationServer
from ohx_desktop.virtual.ehr.authorization_pages import PATH, AuthorizationPages
from ohx_desktop.virtual.ehr.call import Answer, Call
from ohx_desktop.virtual.ehr.faults import Armed, Fault, Faults, Scope
from ohx_desktop.virtual.ehr.fhir_json import dumps
from ohx_desktop.virtual.ehr.interactions import Policy
from ohx_desktop.virtual.ehr.outcome import IssueCode, Refusal, operation_outcome, refusal
from ohx_desktop.virtual.ehr.overview import overview_page
from ohx_desktop.virtual.ehr.store import Store
from ohx_desktop.virtual.ehr.token_check import require_token

log = logging.getLogger(__name__)

BASE_PATH = "/fhir"
MAXIMUM_BODY_BYTES = 4 * 1024 * 1024
# How long stop() lets running requests finish.
SHUTDOWN_S = 0.5

# Faults that are a plain refusal: status, code and what is said.
REFUSALS: dict[Fault, tuple[int, IssueCode, str]] = {
    Fault.UNAUTHORIZED: (401, IssueCode.LOGIN, "Sign in first"),
    Fault.FORBIDDEN: (403, IssueCode.FORBIDDEN, "Not allowed for this client"),
    Fault.CONFLICT: (409, IssueCode.CONFLICT, "Another request changed this at the same time"),
    Fault.PRECONDITION_FAILED: (
        412,
        IssueCode.MULTIPLE_MATCHES,
        "The criteria match several resources",
    ),
    Fault.UNPROCESSABLE: (422, IssueCode.BUSINESS_RULE, "A rule of this practice refuses this"),
    Fault.TOO_MANY_REQUESTS: (429, IssueCode.THROTTLED, "Too many requests"),
    Fault.UNAVAILABLE: (503, IssueCode.TRANSIENT, "Down for maintenance"),
}
PORTAL_PAGE = "<!doctype html><title>Guest network</title><p>Accept the terms to go online.</p>"


_OTHER_VERSIONS = {Fault.FHIR_4_0_1: "4.0.1", Fault.FHIR_3_0_2: "3.0.2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request as a proxy's log would tell it: no query, no body. Status 0: no answer."""

    method: str
    path: str
    status: int


class FhirServer:
    """Serves an Api at BASE_PATH and the overview page at /.

    With `authorization` it wants a token that allows what is done, and hands tokens out.
    """

    def __init__(
        self,
        api: Api,
        store: Store,
        faults: Faults,
        record: Callable[[Exchange], None],
        authorization: AuthorizationServer | None = None,
    ) -> None:
        self._api = api
        self._store = store
        self._faults = faults
        self._record = record
        self._authorization = authorization
        self._base_url = ""
        app = web.Application(client_max_size=MAXIMUM_BODY_BYTES)
        app.router.add_get("/", self._overview)
        if authorization is not None:
            AuthorizationPages(authorization, store).add_routes(app, BASE_PATH)
        app.router.add_route("*", "/{tail:.*}", self._fhir)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S
        )

    async def start(self, host: str, port: int) -> str:
        """Listen and return the base URL. Raises OSError when the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self._base_url = f"http://{shown}:{bound}{BASE_PATH}"
        if self._authorization is not None:
            self._authorization.base_url = self._base_url
            self._authorization.issuer = f"http://{shown}:{bound}{PATH}"
        return self._base_url

    async def stop(self) -> None:
        """Stop listening, give running requests SHUTDOWN_S and close every connection."""
        await self._runner.cleanup()

    async def _overview(self, _request: web.Request) -> web.Response:
        return web.Response(
            text=overview_page(self._store, self._base_url),
            content_type="text/html",
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    async def _fhir(self, request: web.Request) -> web.StreamResponse:
        met = self._faults.take(lambda scope: _concerns(scope, request))
        try:
            # Before any delay: a client that gives up then cannot take its request back.
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _response(_refused(refusal(413, IssueCode.TOO_LONG, "The body is too large")))
        if Fault.DELAY in met:
            await asyncio.sleep(met[Fault.DELAY].delay_s)
        response = _instead(met, request)
        if response is None:
            answer = self._answer(request, body, self._policy(met))
            response = _response(answer, truncated=Fault.TRUNCATED_JSON in met)
        dropped = Fault.DROP in met or Fault.COMMIT_THEN_DROP in met
        status = 0 if dropped else response.status
        self._record(Exchange(method=request.method, path=request.path, status=status))
        if dropped and request.transport is not None:
            request.transport.abort()
        return response

    def _policy(self, met: dict[Fault, Armed]) -> Policy:
        return Policy(
            base_url=self._base_url,
            fhir_version=next((v for f, v in _OTHER_VERSIONS.items() if f in met), "5.0.0"),
            transaction=Fault.TRANSACTION_OFF not in met,
            conditional_create=Fault.CONDITIONAL_CREATE_OFF not in met,
            update_create=Fault.UPDATE_CREATE_OFF not in met,
        )

    def _answer(self, request: web.Request, body: bytes, policy: Policy) -> Answer:
        try:
            if self._authorization is not None:
                require_token(self._authorization, request)
            return self._api.answer(_call(request, body), policy)
        except Refusal as refused:
            return _refused(refused)
        except Exception as error:  # noqa: BLE001 - a server answers 500 and lives on
            # The text of an unforeseen error may quote the resource; its type does not.
            log.error("sandbox_ehr_failed error=%s", type(error).__name__)  # noqa: TRY400 - same
            return _refused(refusal(500, IssueCode.EXCEPTION, "The sandbox EHR has a defect"))


def _call(request: web.Request, body: bytes) -> Call:
    path = request.rel_url.raw_path
    below = path.removeprefix(BASE_PATH)
    if below == path or below[:1] not in {"", "/"}:
        raise refusal(404, IssueCode.NOT_SUPPORTED, f"FHIR is served below {BASE_PATH}")
    return Call(
        method="GET" if request.method == "HEAD" else request.method,
        segments=[unquote(segment) for segment in below.split("/") if segment],
        query=list(request.query.items()),
        headers=request.headers,
        body=body,
    )


def _concerns(scope: Scope, request: web.Request) -> bool:
    metadata = request.path == f"{BASE_PATH}/metadata"
    reads = request.method in {"GET", "HEAD"} or request.path.endswith(
        ("/_search", "/$validate", "/$match")
    )
    match scope:
        case Scope.ANY:
            return True
        case Scope.METADATA:
            return metadata
        case Scope.READS:
            return reads and not metadata
        case Scope.WRITES:
            return not reads


def _instead(met: dict[Fault, Armed], request: web.Request) -> web.Response | None:
    """Return what a fault answers instead of the server, or None."""
    for fault, armed in met.items():
        if fault in REFUSALS:
            spoken = refusal(*REFUSALS[fault])
            if armed.retry_after is not None:
                spoken.headers["Retry-After"] = _retry_after(armed.retry_after)
            if fault is Fault.UNAUTHORIZED:
                spoken.headers["WWW-Authenticate"] = "Bearer"
            return _response(_refused(spoken))
        if fault is Fault.HTML:
            return web.Response(text=PORTAL_PAGE, content_type="text/html")
        if fault is Fault.REDIRECT:
            elsewhere = str(request.url.with_host("localhost"))
            return web.Response(status=307, headers={"Location": armed.location or elsewhere})
        if fault is Fault.DROP:
            return web.Response()
    return None


def _retry_after(value: int | datetime) -> str:
    return str(value) if isinstance(value, int) else format_datetime(value, usegmt=True)


def _response(answer: Answer, *, truncated: bool = False) -> web.Response:
    headers = {"Cache-Control": "no-store", **answer.headers}
    if answer.resource is None:
        return web.Response(status=answer.status, headers=headers)
    body = dumps(answer.resource).encode()
    return web.Response(
        status=answer.status,
        body=body[: len(body) // 2] if truncated else body,
        content_type="application/fhir+json",
        charset="utf-8",
        headers=headers,
    )


def _refused(refused: Refusal) -> Answer:
    return Answer(
        status=refused.status,
        resource=operation_outcome(refused.issues),
        headers=refused.headers,
    )
