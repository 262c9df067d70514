"""Taking back all consent of one Withings user to this clinic's application: a signed call.

Source: Withings API, OAuth 2.0 revoke, signature getnonce.
"""

from datetime import datetime, timedelta

from ohx_desktop.cloud.calls import Call, unsigned
from ohx_desktop.cloud.errors import AdminSetup
from ohx_desktop.cloud.ports import Permit
from ohx_desktop.cloud.withings.envelope import SERVICE, body_of
from ohx_desktop.cloud.withings.signing import nonce_form, signed_form
from ohx_desktop.cloud.withings.tokens import decode_nonce
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.transport import HttpClient, HttpResponse, server_time

# A signature is refused for a wrong secret, too; then the service's clock is of no help.
_CLOCKS_AGREE = timedelta(minutes=1)


async def revoke(
    http: HttpClient,
    base_url: str,
    *,
    client_id: str,
    secret: str,
    user_id: str,
    permit: Permit,
    now: Now = system_now,
) -> None:
    """Take back the consent of a user. Raises CloudError; AdminSetup where the clock is wrong."""
    nonce = await _nonce(http, base_url, client_id, secret, permit=permit, now=now)
    signed = signed_form("revoke", client_id=client_id, secret=secret, nonce=nonce, userid=user_id)
    await unsigned(
        http,
        base_url,
        Call(method="POST", path="/v2/oauth2", form=signed),
        lambda response, wait_s: body_of(response, retry_after_s=wait_s),
        service=SERVICE,
        permit=permit,
    )


async def _nonce(
    http: HttpClient, base_url: str, client_id: str, secret: str, *, permit: Permit, now: Now
) -> str:
    """Return a nonce. Where this computer's clock is wrong the service's own is taken, once."""
    told_at: datetime | None = None

    def decode(response: HttpResponse, _wait_s: float | None) -> str:
        nonlocal told_at
        told_at = server_time(response.headers)
        return decode_nonce(response)

    async def ask(at: datetime) -> str:
        form = nonce_form(client_id=client_id, secret=secret, timestamp_s=int(at.timestamp()))
        call = Call(method="POST", path="/v2/signature", form=form)
        return await unsigned(http, base_url, call, decode, service=SERVICE, permit=permit)

    asked_at = now()
    try:
        return await ask(asked_at)
    except AdminSetup:
        if told_at is None or abs(told_at - asked_at) < _CLOCKS_AGREE:
            raise
        server_says = told_at
    return await ask(server_says)
