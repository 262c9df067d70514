"""Taking back all consent of one Withings user to this clinic's application: a signed call.

Source: Withings API, OAuth 2.0 revoke, signature getnonce.
"""

from ohx_desktop.cloud.calls import Call, unsigned
from ohx_desktop.cloud.ports import Permit
from ohx_desktop.cloud.withings.envelope import SERVICE, body_of
from ohx_desktop.cloud.withings.signing import nonce_form, signed_form
from ohx_desktop.cloud.withings.tokens import decode_nonce
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.transport import HttpClient


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
    form = nonce_form(client_id=client_id, secret=secret, timestamp_s=int(now().timestamp()))
    nonce = await unsigned(
        http,
        base_url,
        Call(method="POST", path="/v2/signature", form=form),
        lambda response, _wait_s: decode_nonce(response),
        service=SERVICE,
        permit=permit,
    )
    signed = signed_form("revoke", client_id=client_id, secret=secret, nonce=nonce, userid=user_id)
    await unsigned(
        http,
        base_url,
        Call(method="POST", path="/v2/oauth2", form=signed),
        lambda response, wait_s: body_of(response, retry_after_s=wait_s),
        service=SERVICE,
        permit=permit,
    )
