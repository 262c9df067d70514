"""Signing in as a program: client credentials by a secret, or SMART Backend Services by a key.

The token says nothing about a member of staff: who confirmed a reading is told by Provenance.

Source: RFC 6749 section 4.4; SMART App Launch 2.2, backend services.
"""

from base64 import b64encode
from time import time
from urllib.parse import quote

from ohx_desktop.fhir.auth.discovery import SERVICE, SmartConfiguration, discover
from ohx_desktop.fhir.auth.scopes import Subject, needed, require
from ohx_desktop.oauth.client_key import ASSERTION_TYPE, ClientKey
from ohx_desktop.oauth.token import Token
from ohx_desktop.oauth.token_endpoint import request_token, token_in
from ohx_desktop.oauth.token_source import Obtain
from ohx_desktop.transport import HttpClient


def by_secret(http: HttpClient, base_url: str, *, client_id: str, secret: str) -> Obtain:
    """Return what obtains a token by client id and secret."""

    async def obtain(_ended: Token | None) -> Token:
        told = await discover(http, base_url)
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return await _asked(http, told, headers=headers)

    return obtain


def by_key(http: HttpClient, base_url: str, *, client_id: str, key: ClientKey) -> Obtain:
    """Return what obtains a token by an assertion that `key` signs, a new one each time."""

    async def obtain(_ended: Token | None) -> Token:
        told = await discover(http, base_url)
        # By the server's clock: a workstation whose own is wrong must not be locked out.
        issued_at = int(time() + told.clock_ahead_s)
        assertion = key.assertion(client_id, told.token_endpoint, issued_at=issued_at)
        return await _asked(
            http, told, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion
        )

    return obtain


async def _asked(
    http: HttpClient,
    told: SmartConfiguration,
    *,
    headers: dict[str, str] | None = None,
    **proof: str,
) -> Token:
    scopes = needed(Subject.SYSTEM, told.scopes)
    answer = await request_token(
        http,
        told.token_endpoint,
        "client_credentials",
        service=SERVICE,
        headers=headers,
        scope=" ".join(sorted(scopes)),
        **proof,
    )
    token = token_in(answer, service=SERVICE, asked=scopes)
    require(token.scopes, Subject.SYSTEM)
    return token
