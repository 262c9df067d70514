"""Asks a provider's token endpoint: the exchange of a code, a renewal, the end of a consent.

Source: RFC 6749 sections 4.1.3 and 6, RFC 7009; Withings API, OAuth 2.0; Google Identity.
"""

from http import HTTPStatus

from ohx_desktop.cloud.calls import Call, unsigned
from ohx_desktop.cloud.google_health import envelope as google
from ohx_desktop.cloud.google_health import tokens as google_tokens
from ohx_desktop.cloud.ports import Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.registration import Registration
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.withings import revoking as withings_revoking
from ohx_desktop.cloud.withings import tokens as withings_tokens
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.transport import HttpClient, HttpResponse


class TokenEndpoint:
    """The token endpoint of one provider. Methods raise CloudError."""

    def __init__(
        self,
        http: HttpClient,
        registration: Registration,
        permit: Permit,
        *,
        now: Now = system_now,
    ) -> None:
        self._http = http
        self._registration = registration
        self._permit = permit
        self._now = now

    async def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> TokenAnswer:
        """Return the tokens for a code that a consent has just brought."""
        return await self._ask(
            self._permit,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            # Withings documents no PKCE and does not mind it.
            code_verifier=verifier,
        )

    async def renew(self, refresh_token: str) -> TokenAnswer:
        """Return new tokens for a refresh token. The caller has awaited the permit."""
        return await self._ask(_permitted, grant_type="refresh_token", refresh_token=refresh_token)

    async def revoke(self, account: str, token: str | None) -> None:
        """Take a consent back: all of the account's at Withings, that of the token at Google."""
        told = self._registration
        if told.provider is Provider.WITHINGS:
            await withings_revoking.revoke(
                self._http,
                told.addresses.api,
                client_id=told.client_id,
                secret=told.client_secret,
                user_id=account,
                permit=self._permit,
                now=self._now,
            )
            return
        call = Call(method="POST", path="", form={"token": token or ""})
        await unsigned(
            self._http,
            told.revoke_url,
            call,
            _revoked_at_google,
            service=told.provider.service,
            permit=self._permit,
        )

    async def _ask(self, permit: Permit, **form: str) -> TokenAnswer:
        told = self._registration
        is_withings = told.provider is Provider.WITHINGS
        client = {"client_id": told.client_id, "client_secret": told.client_secret}
        action = {"action": "requesttoken"} if is_withings else {}
        return await unsigned(
            self._http,
            told.addresses.token,
            Call(method="POST", path="", form=action | client | form),
            _token_of_withings if is_withings else _token_of_google,
            service=told.provider.service,
            permit=permit,
        )


async def _permitted() -> None:
    """Stand for a permit that the caller has."""


def _token_of_withings(response: HttpResponse, _wait_s: float | None) -> TokenAnswer:
    return withings_tokens.decode_token(response)


def _token_of_google(response: HttpResponse, wait_s: float | None) -> TokenAnswer:
    return google_tokens.decode_token(response, retry_after_s=wait_s)


def _revoked_at_google(response: HttpResponse, wait_s: float | None) -> None:
    """Take 400 as done: the token was gone already."""
    if response.status != HTTPStatus.BAD_REQUEST:
        google.object_of(response, retry_after_s=wait_s)
