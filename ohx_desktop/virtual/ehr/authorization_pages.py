"""The authorization server over HTTP: discovery, sign-in page, token, keys, revocation."""

from base64 import b64decode
from html import escape
from urllib.parse import unquote, urlencode, urlsplit

from aiohttp import web

from ohx_desktop.virtual.ehr.authorization import Asked, AuthorizationServer, RefusedError
from ohx_desktop.virtual.ehr.store import Store

PATH = "/auth"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class AuthorizationPages:
    """Routes of one authorization server; the staff who may sign in are those of the store."""

    def __init__(self, server: AuthorizationServer, store: Store) -> None:
        self._server = server
        self._store = store

    def add_routes(self, app: web.Application, base_path: str) -> None:
        """Serve everything under PATH, and the discovery under the FHIR base."""
        router = app.router
        router.add_get(f"{base_path}/.well-known/smart-configuration", self._configuration)
        router.add_get(f"{PATH}/authorize", self._sign_in_page)
        router.add_get(f"{PATH}/approve", self._approve)
        router.add_post(f"{PATH}/token", self._token)
        router.add_post(f"{PATH}/revoke", self._revoke)
        router.add_get(f"{PATH}/jwks", self._jwks)

    async def _configuration(self, _request: web.Request) -> web.Response:
        issuer = self._server.issuer
        return web.json_response(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/jwks",
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": self._server.token_url,
                "revocation_endpoint": f"{issuer}/revoke",
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "private_key_jwt",
                ],
                "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
                "capabilities": [
                    "launch-standalone",
                    "client-public",
                    "client-confidential-symmetric",
                    "client-confidential-asymmetric",
                    "sso-openid-connect",
                    "permission-v2",
                    "permission-offline",
                    "permission-user",
                ],
            }
        )

    async def _sign_in_page(self, request: web.Request) -> web.Response:
        asked = self._asked(request)
        links = [
            f'<li><a href="{PATH}/approve?{escape(_query(request, staff))}">{escape(name)}</a></li>'
            for staff, name in self._staff()
        ]
        decline = f'<a href="{escape(_declined(asked))}">Decline</a>'
        page = (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox EHR</title>"
            "<body style='font:1.25rem system-ui;margin:3rem'><h1>Sign in to the sandbox EHR</h1>"
            f"<p>Who are you?</p><ul>{''.join(links)}</ul><p>{decline}</p>"
        )
        return web.Response(text=page, content_type="text/html", headers=_NO_STORE)

    async def _approve(self, request: web.Request) -> web.Response:
        asked, staff = self._asked(request), request.query.get("as", "")
        if staff not in dict(self._staff()):
            raise web.HTTPBadRequest(text="nobody of this practice")
        answer = {"code": self._server.approve(asked, staff), "state": asked.state}
        raise web.HTTPFound(f"{asked.redirect_uri}?{urlencode(answer)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            answer = self._server.token(form, _basic(request.headers.get("Authorization", "")))
        except RefusedError as refused:
            return web.json_response(
                {"error": refused.code}, status=refused.status, headers=_NO_STORE
            )
        return web.json_response(answer, headers=_NO_STORE)

    async def _revoke(self, request: web.Request) -> web.Response:
        self._server.revoke(str((await request.post()).get("token", "")))
        return web.Response(headers=_NO_STORE)

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(self._server.jwks())

    def _asked(self, request: web.Request) -> Asked:
        """Return what was asked. A wrong client or address is told here and never redirected."""
        query = request.query
        client = self._server.clients.get(query.get("client_id", ""))
        redirect = urlsplit(query.get("redirect_uri", ""))
        if client is None or redirect.scheme != "http" or redirect.hostname not in _LOOPBACK:
            raise web.HTTPBadRequest(text="this program is not registered here")
        is_safe = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if query.get("response_type") != "code" or not is_safe or not query.get("state"):
            raise web.HTTPBadRequest(text="code with PKCE and state is needed")
        if query.get("aud") != self._server.base_url:
            raise web.HTTPBadRequest(text="the audience is another server")
        return Asked(
            client_id=client.client_id,
            redirect_uri=query["redirect_uri"],
            state=query["state"],
            scope=query.get("scope", ""),
            challenge=query["code_challenge"],
            nonce=query.get("nonce"),
        )

    def _staff(self) -> list[tuple[str, str]]:
        found = []
        for version in self._store.versions("Practitioner"):
            name = (version.resource.get("name") or [{}])[0]
            shown = " ".join([*name.get("given", []), name.get("family", "")])
            found.append((f"Practitioner/{version.id}", shown))
        return found


def _query(request: web.Request, staff: str) -> str:
    return urlencode({**request.query, "as": staff})


def _declined(asked: Asked) -> str:
    return f"{asked.redirect_uri}?{urlencode({'error': 'access_denied', 'state': asked.state})}"


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(encoded).decode().partition(":")
    except ValueError:
        return None
    return unquote(name), unquote(secret)
