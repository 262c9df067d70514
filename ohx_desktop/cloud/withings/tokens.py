"""Answers of Withings' token and signature endpoints. Pure.

Source: Withings API, OAuth 2.0 (requesttoken) and signature (getnonce).
"""

from ohx_desktop.cloud.answers import Answer
from ohx_desktop.cloud.errors import AuthExpired, Malformed, NeedsConsent
from ohx_desktop.cloud.numbers import integer, name
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.withings.envelope import SERVICE, body_of


def decode_token(answer: Answer) -> TokenAnswer:
    """Return the tokens of an exchange or a refresh. Raises CloudError.

    Each refresh brings a new refresh token; an answer without one is none.
    """
    try:
        body = body_of(answer)
    except AuthExpired as error:
        # There is nothing left to renew it with.
        raise NeedsConsent(SERVICE, vendor_reason=error.vendor_reason) from error
    access, refresh = body.get("access_token"), body.get("refresh_token")
    expires_in, scope = integer(body.get("expires_in")), body.get("scope")
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise Malformed(SERVICE, status=answer.status)
    if expires_in is None or expires_in <= 0:
        raise Malformed(SERVICE, status=answer.status)
    return TokenAnswer(
        access_token=access,
        refresh_token=refresh,
        expires_in_s=expires_in,
        scopes=frozenset(filter(None, scope.replace(",", " ").split()))
        if isinstance(scope, str)
        else frozenset(),
        user_id=name(body.get("userid")),
    )


def decode_nonce(answer: Answer) -> str:
    """Return the nonce of `getnonce`: valid for one signed call. Raises CloudError."""
    nonce = name(body_of(answer).get("nonce"))
    if nonce is None:
        raise Malformed(SERVICE, status=answer.status)
    return nonce
