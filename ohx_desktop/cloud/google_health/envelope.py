"""Answers of the Google Health API: the object that was asked for, or a `google.rpc.Status`. Pure.

Source: Google API, error model (AIP-193); Google Health API, errors.
"""

from http import HTTPStatus

from ohx_desktop.cloud.answers import Answer, Json, is_success, json_object
from ohx_desktop.cloud.errors import (
    AccountNotLinked,
    AdminSetup,
    AuthExpired,
    CloudError,
    CloudTransient,
    InvalidRequest,
    Malformed,
    NeedsConsent,
    ProviderGone,
    RateLimited,
    ScopeMissing,
    reason_of,
)

SERVICE = "Google Health"
# What its clients do without a Retry-After, after some short tries.
QUOTA_PAUSE_S = 60.0

_BY_REASON: dict[str, type[CloudError]] = {
    "ACCOUNT_NOT_LINKED": AccountNotLinked,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": ScopeMissing,
    "MISSING_OAUTH_SCOPE": ScopeMissing,
    "SERVICE_DISABLED": AdminSetup,
    "USER_PROJECT_DENIED": AdminSetup,
}
_BY_STATUS: dict[int, type[CloudError]] = {
    HTTPStatus.UNAUTHORIZED: AuthExpired,
    # Without a reason: an account that was not moved from Fitbit, or scopes of an older kind.
    HTTPStatus.FORBIDDEN: NeedsConsent,
    HTTPStatus.NOT_FOUND: InvalidRequest,
    HTTPStatus.REQUEST_TIMEOUT: CloudTransient,
    HTTPStatus.GONE: ProviderGone,
    # No profile yet.
    HTTPStatus.PRECONDITION_FAILED: AccountNotLinked,
}


def object_of(answer: Answer, *, retry_after_s: float | None = None) -> Json:
    """Return the object of a 2xx answer. Raises CloudError for any other."""
    if not is_success(answer):
        raise _error(answer, retry_after_s)
    try:
        return json_object(answer)
    except ValueError:
        raise Malformed(SERVICE, status=answer.status) from None


def _error(answer: Answer, retry_after_s: float | None) -> CloudError:
    status = answer.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        pause_s = QUOTA_PAUSE_S if retry_after_s is None else retry_after_s
        return RateLimited(SERVICE, status=status, retry_after_s=pause_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CloudTransient(SERVICE, status=status, retry_after_s=retry_after_s)
    try:
        error = json_object(answer).get("error")
    except ValueError:
        error = None
    reason = _reason(error) if isinstance(error, dict) else None
    return _class(status, reason, is_envelope=isinstance(error, dict))(
        SERVICE, status=status, vendor_reason=reason
    )


def _class(status: int, reason: str | None, *, is_envelope: bool) -> type[CloudError]:
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    # A 404 or 410 may come from the front, in HTML. Whatever else is no envelope, is not Google's.
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE} or is_envelope:
        return _BY_STATUS.get(status, InvalidRequest)
    return Malformed


def _reason(error: Json) -> str | None:
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        reason = reason_of(detail.get("reason")) if isinstance(detail, dict) else None
        if reason:
            return reason
    return reason_of(error.get("status"))
