"""The envelope of every Withings answer: `{"status": int, "body": {…}, "error": "…"}`. Pure.

HTTP says 200 to nearly everything; the outcome is `status`.

Source: Withings API, response status; what several clients saw of its texts.
"""

from collections.abc import Iterable
from http import HTTPStatus

from ohx_desktop.cloud.answers import Answer, Json, is_success, json_object
from ohx_desktop.cloud.errors import (
    AdminSetup,
    AuthExpired,
    CloudError,
    CloudTransient,
    DuplicateRequest,
    InvalidRequest,
    Malformed,
    NeedsConsent,
    RateLimited,
    ScopeMissing,
)
from ohx_desktop.cloud.numbers import integer

SERVICE = "Withings"
# The documented quota is by the minute; the same arguments are refused for ten seconds.
QUOTA_PAUSE_S = 60.0
DUPLICATE_PAUSE_S = 11.0

_OK = 0
_INVALID_PARAMETERS = 503
_TOO_MANY = 601
_UNKNOWN_ERROR = 2555


def _ranges(*ranges: int | tuple[int, int]) -> frozenset[int]:
    return frozenset(
        number
        for each in ranges
        for number in (range(each[0], each[1] + 1) if isinstance(each, tuple) else (each,))
    )


_AUTH = _ranges((100, 102), 200, 401)
_NOT_PERMITTED = _ranges(214, 277, 2553, _UNKNOWN_ERROR)
# Unknown or deactivated users: the account is no longer there to be read.
_NO_USER = _ranges(247, 328)
# A wrong signature or a wrong callback: the registration, or this computer's clock.
_SETUP = _ranges(342, 343)
_INVALID = _ranges(
    *((201, 213), (216, 252), 254, (260, 267), (271, 276), 286, (283, 304), 305, 321),
    *((323, 353), (380, 382), 400, (501, 502), (504, 511), 523, 532, 2554, (3017, 3019)),
)
_PLAIN: dict[type[CloudError], frozenset[int]] = {
    AuthExpired: _AUTH,
    NeedsConsent: _NO_USER,
    AdminSetup: _SETUP,
    InvalidRequest: _INVALID - _NO_USER - _SETUP - _NOT_PERMITTED,
}


def body_of(
    answer: Answer,
    *,
    granted: Iterable[str] | None = None,
    needed: str = "",
    retry_after_s: float | None = None,
) -> Json:
    """Return the body of an answer that says it succeeded. Raises CloudError for any other.

    `needed` is the scope that the call takes, `granted` are those of the link where they are known.
    """
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CloudTransient(SERVICE, status=answer.status, retry_after_s=retry_after_s)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            SERVICE, status=answer.status, retry_after_s=retry_after_s or QUOTA_PAUSE_S
        )
    try:
        envelope = json_object(answer)
    except ValueError:
        raise Malformed(SERVICE, status=answer.status) from None
    status, body = integer(envelope.get("status")), envelope.get("body")
    if status is None:
        raise Malformed(SERVICE, status=answer.status)
    if status != _OK:
        lacks_scope = bool(needed) and granted is not None and needed not in granted
        raise _error(status, _text(envelope), lacks_scope=lacks_scope)
    if not is_success(answer) or not isinstance(body, dict):
        raise Malformed(SERVICE, status=answer.status)
    return body


def _error(status: int, text: str, *, lacks_scope: bool) -> CloudError:
    reason = str(status)
    if status == _TOO_MANY:
        if "same arguments" in text:
            return DuplicateRequest(SERVICE, vendor_reason=reason, retry_after_s=DUPLICATE_PAUSE_S)
        return RateLimited(SERVICE, vendor_reason=reason, retry_after_s=QUOTA_PAUSE_S)
    return _class(status, text, lacks_scope=lacks_scope)(SERVICE, vendor_reason=reason)


def _class(status: int, text: str, *, lacks_scope: bool) -> type[CloudError]:
    for kind, numbers in _PLAIN.items():
        if status in numbers:
            return kind
    if status == _INVALID_PARAMETERS:
        is_grant = "invalid refresh_token" in text or "invalid code" in text
        return NeedsConsent if is_grant else InvalidRequest
    if status in _NOT_PERMITTED:
        if lacks_scope:
            return ScopeMissing
        # Seen for passing trouble as well, and then it says so.
        is_passing = status == _UNKNOWN_ERROR and "unknown error" in text
        return CloudTransient if is_passing else NeedsConsent
    return CloudTransient


def _text(envelope: Json) -> str:
    told = envelope.get("error")
    return told.lower() if isinstance(told, str) else ""
