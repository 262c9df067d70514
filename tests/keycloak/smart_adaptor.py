"""Between Keycloak and a FHIR server in a clinic: SMART discovery, and a look at every token.

Keycloak knows OpenID Connect and nothing of FHIR, so a gateway publishes smart-configuration for it
and lets nobody through whose token Keycloak did not sign for this very server.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

import httpx
from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from keycloak_realm import AUDIENCE

_SENT_ON = ("Content-Type", "Accept", "Prefer", "If-None-Exist", "Cache-Control")
_TOLD = ("Content-Type", "Location", "ETag")


@dataclass(kw_only=True)
class Adaptor:
    """One gateway. `told` replaces parts of the configuration, `clock` moves its clock."""

    base_url: str = ""
    openid: dict[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    clock: timedelta = timedelta()
    answers: list[int] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def end_all(self) -> None:
        """Take no token any more that was shown so far."""
        self._ended |= self._seen

    def configuration(self) -> dict[str, Any]:
        same = (
            "issuer",
            "jwks_uri",
            "authorization_endpoint",
            "token_endpoint",
            "revocation_endpoint",
            "token_endpoint_auth_signing_alg_values_supported",
        )
        return {
            **{name: self.openid[name] for name in same},
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "capabilities": ["permission-v2", "launch-standalone", "client-public"],
            **self.told,
        }

    def lets_in(self, authorization: str, keys: KeySet) -> bool:
        token = authorization.removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self.openid["issuer"]},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError):
            return False
        self._seen.add(token)
        return token not in self._ended


@asynccontextmanager
async def adaptor(issuer: str, fhir_base: str) -> AsyncIterator[Adaptor]:
    """Run a gateway between a realm of Keycloak and a FHIR server that asks for nothing."""
    gateway = Adaptor()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        gateway.openid = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        signing = (await http.get(gateway.openid["jwks_uri"])).json()["keys"]
        keys = KeySet.import_key_set({"keys": [key for key in signing if key["use"] == "sig"]})

        async def configured(_request: web.Request) -> web.Response:
            now = format_datetime(datetime.now(UTC) + gateway.clock, usegmt=True)
            return web.json_response(gateway.configuration(), headers={"Date": now})

        async def passed_on(request: web.Request) -> web.Response:
            allowed = request.path.endswith("/metadata") or gateway.lets_in(
                request.headers.get("Authorization", ""), keys
            )
            if not allowed:
                gateway.answers.append(HTTPStatus.UNAUTHORIZED)
                return web.Response(status=HTTPStatus.UNAUTHORIZED)
            answer = await http.request(
                request.method,
                f"{fhir_base}{request.path_qs.removeprefix('/fhir')}",
                headers={n: request.headers[n] for n in _SENT_ON if n in request.headers},
                content=await request.read(),
            )
            gateway.answers.append(answer.status_code)
            headers = {name: answer.headers[name] for name in _TOLD if name in answer.headers}
            return web.Response(status=answer.status_code, body=answer.content, headers=headers)

        async def token(request: web.Request) -> web.Response:
            """Stand in for the token endpoint under another address, as a proxy may."""
            answer = await http.post(
                gateway.openid["token_endpoint"],
                headers={"Content-Type": request.headers["Content-Type"]},
                content=await request.read(),
            )
            return web.Response(
                status=answer.status_code, body=answer.content, content_type="application/json"
            )

        app = web.Application()
        app.router.add_get("/fhir/.well-known/smart-configuration", configured)
        app.router.add_post("/token", token)
        app.router.add_route("*", "/fhir{tail:.*}", passed_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            gateway.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/fhir"
            yield gateway
        finally:
            await runner.cleanup()
