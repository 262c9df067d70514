"""The HTTP side of the virtual services: consent pages, token endpoints, data, faults."""

from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import urlencode

from aiohttp import web

from ohx_desktop.virtual.cloud.faults import CloudFault, CloudFaults
from ohx_desktop.virtual.cloud.google_health import VirtualGoogle
from ohx_desktop.virtual.cloud.withings import VirtualWithings

_WITHINGS_TOKEN = "/v2/oauth2"  # noqa: S105 - a path
WITHINGS, GOOGLE = "/withings", "/google"
SHUTDOWN_S = 0.5
# More than a client may take.
GIANT_BYTES = 9 * 1024 * 1024
_PORTAL = "<!doctype html><title>Guest network</title><p>Accept the terms to go online.</p>"
_STATUSES = {
    CloudFault.UNAVAILABLE: (503, "UNAVAILABLE"),
    CloudFault.RATE_LIMIT: (429, "RESOURCE_EXHAUSTED"),
    CloudFault.UNAUTHORIZED: (401, "UNAUTHENTICATED"),
    CloudFault.FORBIDDEN: (403, "PERMISSION_DENIED"),
}
_BODIES = {
    CloudFault.HTML: (200, "text/html", _PORTAL.encode()),
    CloudFault.TRUNCATED: (200, "application/json", b'{"status":0,"body":{"measuregrps":[{"gr'),
    CloudFault.GIANT: (200, "application/json", b" " * GIANT_BYTES),
    CloudFault.GONE: (410, "application/json", b""),
}
_NO_STORE = {"Cache-Control": "no-store"}


class CloudServer:
    """Serves both services, each under a path of its own."""

    def __init__(
        self,
        withings: VirtualWithings,
        google: VirtualGoogle,
        faults: CloudFaults,
        record: Callable[[str], None],
    ) -> None:
        self._withings = withings
        self._google = google
        self._faults = faults
        self._record = record
        app = web.Application()
        app.router.add_get(f"{WITHINGS}/oauth2_user/authorize2", self._consent_at_withings)
        app.router.add_get(f"{WITHINGS}/logout", self._sign_out_of_withings)
        app.router.add_get(f"{GOOGLE}/o/oauth2/v2/auth", self._consent_at_google)
        app.router.add_post(f"{WITHINGS}/{{tail:.*}}", self._withings_call)
        app.router.add_post(f"{GOOGLE}/token", self._google_token)
        app.router.add_post(f"{GOOGLE}/revoke", self._google_revoke)
        app.router.add_route("*", f"{GOOGLE}/v4/{{tail:.*}}", self._google_call)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S
        )

    async def start(self, host: str, port: int) -> str:
        """Listen and return the base of both services."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0][1]
        return f"http://{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        await self._runner.cleanup()

    async def _consent_at_withings(self, request: web.Request) -> web.Response:
        """Consent at once: whoever is at the browser has signed in before."""
        redirect = _asked_of(request, self._withings.client_id)
        asked = request.query.get("scope", "").split(",")
        scopes = tuple(scope for scope in asked if scope not in self._withings.withheld)
        user_id = self._withings.accounts.at_the_browser
        code = self._withings.tokens.code(user_id, scopes, redirect)
        raise _back(redirect, code=code, state=request.query["state"])

    async def _sign_out_of_withings(self, request: web.Request) -> web.Response:
        """Sign out whoever was signed in, and go on to the page that was asked for."""
        self._record("/logout")
        wanted = request.query.get("r", "")
        if not wanted.startswith(str(request.url.origin())):
            raise web.HTTPBadRequest(text="r is none of our pages")
        raise web.HTTPFound(wanted, headers=_NO_STORE)

    async def _consent_at_google(self, request: web.Request) -> web.Response:
        redirect = _asked_of(request, self._google.client_id)
        asked = request.query.get("scope", "").split()
        scopes = tuple(scope for scope in asked if scope not in self._google.withheld)
        user_id = self._google.accounts.at_the_browser
        code = self._google.tokens.code(user_id, scopes, redirect)
        if request.query.get("code_challenge_method") != "S256":
            raise web.HTTPBadRequest(text="PKCE is needed")
        self._google.challenges[code] = request.query.get("code_challenge", "")
        raise _back(redirect, code=code, state=request.query["state"])

    async def _withings_call(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        path = request.path.removeprefix(WITHINGS)
        self._record(path)
        bearer = _bearer(request)
        match self._faults.take(at_tokens=path == _WITHINGS_TOKEN):
            case CloudFault.RATE_LIMIT:
                answer = {"status": 601, "body": {}, "error": "Too Many Requests"}
            case CloudFault.UNAUTHORIZED:
                answer = {"status": 401, "body": {}, "error": "invalid_token"}
            case CloudFault.FORBIDDEN:
                answer = {"status": 214, "body": {}, "error": "User is not authorized"}
            case CloudFault.REVOKED:
                self._end_consent(self._withings, bearer)
                answer = self._withings.answer(path, form, bearer)
            case None:
                answer = self._withings.answer(path, form, bearer)
            case fault:
                return _spoiled(fault, request)
        date = {"Date": formatdate(self._withings.now(), usegmt=True)}
        return web.json_response(answer, headers=_NO_STORE | date)

    async def _google_token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self._record("/token")
        fault = self._faults.take(at_tokens=True)
        if fault is not None:
            return _spoiled(fault, request)
        status, body = self._google.token(form)
        return web.json_response(body, status=status, headers=_NO_STORE)

    async def _google_revoke(self, request: web.Request) -> web.Response:
        self._record("/revoke")
        status, body = self._google.revoke(str((await request.post()).get("token", "")))
        return web.json_response(body, status=status, headers=_NO_STORE)

    async def _google_call(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(f"{GOOGLE}/v4")
        self._record(path)
        fault, bearer = self._faults.take(), _bearer(request)
        if fault is CloudFault.REVOKED:
            self._end_consent(self._google, bearer)
        elif fault is not None:
            return _spoiled(fault, request)
        status, body = self._google.answer(request.method, path, request.query, bearer)
        return web.json_response(body, status=status, headers=_NO_STORE)

    def _end_consent(self, service: VirtualWithings | VirtualGoogle, bearer: str | None) -> None:
        opened = service.tokens.user_of(bearer or "")
        if opened is not None:
            service.tokens.revoke(opened[0])


def _asked_of(request: web.Request, client_id: str) -> str:
    """Return where to send the browser back. What is wrong is told here and never redirected."""
    redirect = request.query.get("redirect_uri", "")
    is_known = request.query.get("client_id") == client_id and redirect
    if not is_known or request.query.get("response_type") != "code":
        raise web.HTTPBadRequest(text="redirect_uri_mismatch or unknown client")
    if not request.query.get("state"):
        raise web.HTTPBadRequest(text="state is needed")
    return redirect


def _back(redirect: str, **answer: str) -> web.HTTPFound:
    return web.HTTPFound(f"{redirect}?{urlencode(answer)}", headers=_NO_STORE)


def _bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else None


def _spoiled(fault: CloudFault, request: web.Request) -> web.Response:
    """Return what a fault answers in place of the service."""
    if fault in _STATUSES:
        code, status = _STATUSES[fault]
        headers = {"Retry-After": "30"} if fault is CloudFault.RATE_LIMIT else None
        error = {"code": code, "message": status.lower(), "status": status}
        return web.json_response({"error": error}, status=code, headers=headers)
    if fault is CloudFault.REDIRECT:
        elsewhere = str(request.url.with_host("localhost"))
        return web.Response(status=307, headers={"Location": elsewhere})
    if fault is CloudFault.DROP and request.transport is not None:
        request.transport.abort()
    status_code, kind, body = _BODIES.get(fault, (200, "application/json", b""))
    return web.Response(status=status_code, body=body, content_type=kind)
