"""Whether the token of a request allows what it asks for.

Source: RFC 6750; SMART App Launch 2.2, scopes.
"""

from aiohttp import web

from ohx_desktop.virtual.ehr.authorization import AuthorizationServer
from ohx_desktop.virtual.ehr.outcome import IssueCode, Refusal, refusal

# What a transaction of a reading writes.
_IN_A_TRANSACTION = ("Device", "Observation", "Provenance")


def require_token(server: AuthorizationServer, request: web.Request) -> None:
    """Raise Refusal (401, 403) unless the request is open to all or its token allows it."""
    segments = [part for part in request.path.split("/")[2:] if part]
    if segments[:1] == ["metadata"]:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    granted = server.granted(token) if kind.lower() == "bearer" else None
    if granted is None:
        raise _sign_in()
    letter, types = _needed(request.method, segments)
    for type_ in types:
        if not any(_allows(scope, type_, letter) for scope in granted.scopes):
            text = f"The token does not allow {type_}.{letter}"
            raise refusal(403, IssueCode.FORBIDDEN, text)


def _needed(method: str, segments: list[str]) -> tuple[str, tuple[str, ...]]:
    if not segments:
        return "c", _IN_A_TRANSACTION
    searches = segments[-1] in {"_search", "$match"} or (method == "GET" and len(segments) == 1)
    letter = "s" if searches else {"POST": "c", "PUT": "u", "DELETE": "d"}.get(method, "r")
    return letter, (segments[0],)


def _allows(scope: str, type_: str, letter: str) -> bool:
    """Tell whether a v2 scope allows one thing with one type."""
    _, _, rest = scope.partition("/")
    allowed_type, _, letters = rest.partition(".")
    return allowed_type in {type_, "*"} and letter in letters.partition("?")[0]


def _sign_in() -> Refusal:
    refused = refusal(401, IssueCode.LOGIN, "Sign in first")
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused
