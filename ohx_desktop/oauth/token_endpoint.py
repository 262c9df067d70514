"""Asking a token endpoint, and what its refusal means.

Source: RFC 6749 (token endpoint, error response), RFC 7009 (revocation).
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.parameters import prepare_token_request

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Transient
from ohx_desktop.oauth.token import Token, token_from
from ohx_desktop.transport import HttpClient, HttpResponse, error_for_status, exchange

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

# RFC 6749 section 5.2, in our words: a server's own may quote what was sent.
_REFUSALS = {
    "invalid_client": (
        "the client id, its key or its secret was not accepted",
        "check the registration of this program with the server, and this computer's clock",
    ),
    "invalid_grant": (
        "the sign-in has ended or was taken back",
        "sign in again",
    ),
    # Keycloak means a wrong secret as well.
    "unauthorized_client": (
        "this client may not sign in this way, or its secret was not accepted",
        "check the secret; an administrator must allow this grant for the client",
    ),
    "unsupported_grant_type": (
        "the server does not offer this way to sign in",
        "choose another ehr.auth.method",
    ),
    "invalid_scope": (
        "the server does not grant what this program needs",
        "an administrator must allow the scopes that `ehr check` lists",
    ),
    "invalid_request": ("the request for a token was not understood", None),
}
_TRANSIENT = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


async def request_token(
    http: HttpClient,
    endpoint: str,
    grant_type: str,
    *,
    service: str,
    headers: Mapping[str, str] | None = None,
    **parameters: str | None,
) -> dict[str, Any]:
    """Return the JSON of a token endpoint's answer.

    Raises NotAuthorised where it refuses, Transient where it cannot answer now, and Misconfigured
    for an address that is wrong.
    """
    body = prepare_token_request(grant_type, "", **parameters)
    response = await exchange(
        http,
        "POST",
        endpoint,
        headers={**FORM, **(headers or {})},
        content=body.encode(),
        service=service,
    )
    answer = json_object(response)
    if response.is_success and answer is not None and "error" not in answer:
        return answer
    raise refusal(response, answer, service)


async def revoke(http: HttpClient, endpoint: str, *, service: str, **parameters: str) -> None:
    """Take a token back. Raises the RemoteError family where the server does not."""
    content = urlencode(parameters).encode()
    response = await exchange(
        http, "POST", endpoint, headers=FORM, content=content, service=service
    )
    if not response.is_success:
        raise refusal(response, json_object(response), service)


def token_in(
    answer: dict[str, Any],
    *,
    service: str,
    asked: frozenset[str] = frozenset(),
    before: Token | None = None,
) -> Token:
    """Return the token of an answer, as `token_from` does. Raises Misconfigured without one."""
    try:
        return token_from(answer, asked=asked, before=before)
    except ValueError as error:
        raise Misconfigured(f"{service} answered without a usable token ({error})") from error


def refusal(response: HttpResponse, answer: dict[str, Any] | None, service: str) -> Exception:
    """Return the error for an answer without a token."""
    code = (answer or {}).get("error")
    if code in _TRANSIENT:
        return Transient(f"{service} cannot answer now", status=response.status)
    if isinstance(code, str):
        what, hint = _REFUSALS.get(code, ("it was refused", None))
        return NotAuthorised(f"{service} refused the sign-in: {what}", hint=hint)
    if response.is_success:
        return Transient(
            f"something answered in place of {service}, but not as it should",
            status=response.status,
            hint="check the network: a sign-in page or a proxy may stand in between",
        )
    return error_for_status(response, service)


def json_object(response: HttpResponse) -> dict[str, Any] | None:
    """Return the JSON object in an answer, or None."""
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
