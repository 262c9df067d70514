"""Answers of Google's token endpoint. Pure.

Source: Google Identity, OAuth 2.0 for desktop applications; RFC 6749 sections 5.1 and 5.2.
"""

from http import HTTPStatus

from ohx_desktop.cloud.answers import Answer, Json, is_success, json_object
from ohx_desktop.cloud.errors import (
    AdminSetup,
    CloudError,
    CloudTransient,
    InvalidRequest,
    Malformed,
    NeedsConsent,
    RateLimited,
    reason_of,
)
from ohx_desktop.cloud.google_health.envelope import QUOTA_PAUSE_S, SERVICE
from ohx_desktop.cloud.numbers import integer
from ohx_desktop.cloud.token_answers import TokenAnswer

_REFUSALS: dict[str, type[CloudError]] = {
    "invalid_grant": NeedsConsent,
    "access_denied": NeedsConsent,
    "invalid_client": AdminSetup,
    "deleted_client": AdminSetup,
    "unauthorized_client": AdminSetup,
    "redirect_uri_mismatch": AdminSetup,
    "temporarily_unavailable": CloudTransient,
}


def decode_token(answer: Answer, *, retry_after_s: float | None = None) -> TokenAnswer:
    """Return the tokens of an exchange or a refresh. Raises CloudError.

    A refresh normally brings no refresh token: then the one before stays.
    """
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            SERVICE, status=answer.status, retry_after_s=retry_after_s or QUOTA_PAUSE_S
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CloudTransient(SERVICE, status=answer.status, retry_after_s=retry_after_s)
    try:
        told = json_object(answer)
    except ValueError:
        raise Malformed(SERVICE, status=answer.status) from None
    if not is_success(answer) or "error" in told:
        raise _refusal(answer, told)
    return _token(answer, told)


def _token(answer: Answer, told: Json) -> TokenAnswer:
    access, refresh, scope = (
        told.get(member) for member in ("access_token", "refresh_token", "scope")
    )
    expires_in = integer(told.get("expires_in"))
    if not (isinstance(access, str) and access) or expires_in is None or expires_in <= 0:
        raise Malformed(SERVICE, status=answer.status)
    return TokenAnswer(
        access_token=access,
        refresh_token=refresh if isinstance(refresh, str) and refresh else None,
        expires_in_s=expires_in,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else frozenset(),
        refresh_expires_in_s=integer(told.get("refresh_token_expires_in")),
    )


def _refusal(answer: Answer, told: Json) -> CloudError:
    reason = reason_of(told.get("error"))
    kind = _REFUSALS.get(reason, InvalidRequest) if reason else Malformed
    return kind(SERVICE, status=answer.status, vendor_reason=reason)
