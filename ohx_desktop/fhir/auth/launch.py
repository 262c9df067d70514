"""Signing in as a person: SMART App Launch, standalone, in the system's browser.

Source: SMART App Launch 2.2, standalone launch; OpenID Connect Core 1.0.
"""

import secrets
from dataclasses import dataclass

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised
from ohx_desktop.fhir.auth.discovery import SERVICE, SmartConfiguration, discover
from ohx_desktop.fhir.auth.id_token import Expected, StaffIdentity, staff_in
from ohx_desktop.fhir.auth.scopes import IDENTITY, Subject, needed, own_record, require
from ohx_desktop.oauth.authorization import (
    SIGN_IN_S,
    Grant,
    OpenBrowser,
    authorize,
    open_system_browser,
)
from ohx_desktop.oauth.client_key import key_set
from ohx_desktop.oauth.token import Token
from ohx_desktop.oauth.token_endpoint import json_object, request_token, revoke, token_in
from ohx_desktop.transport import HttpClient, error_for_status, exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person who signed in, and their token."""

    staff: StaffIdentity
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartLaunch:
    """Signs one person in at a time. `http` carries no credentials; `port` 0 is any."""

    http: HttpClient
    base_url: str
    client_id: str
    port: int = 0
    stays: bool = False
    open_browser: OpenBrowser = open_system_browser

    async def sign_in(self, *, deadline_s: float = SIGN_IN_S) -> SignedIn:
        """Have a person sign in with the browser.

        Raises NotAuthorised where they do not or are no practitioner, Misconfigured for a server
        that cannot do it safely, Transient where it does not answer.
        """
        told = await discover(self.http, self.base_url)
        if told.authorization_endpoint is None or not told.has_s256:
            raise Misconfigured(
                "the EHR offers no safe sign-in by browser (authorization code with PKCE)",
                hint="choose another ehr.auth.method",
            )
        scopes = needed(Subject.USER, told.scopes) | own_record(told.scopes) | set(IDENTITY)
        scopes |= {"offline_access"} if self.stays else set()
        nonce = secrets.token_urlsafe(32)
        grant = await authorize(
            told.authorization_endpoint,
            client_id=self.client_id,
            service=SERVICE,
            port=self.port,
            open_browser=self.open_browser,
            deadline_s=deadline_s,
            scope=" ".join(sorted(scopes)),
            aud=self.base_url,
            nonce=nonce,
            # The browser of a shared workstation remembers whoever was there before.
            prompt="login",
        )
        token = await self._exchanged(told, grant, frozenset(scopes))
        require(token.scopes, Subject.USER)
        return SignedIn(staff=await self._staff(told, token, nonce), token=token)

    async def refreshed(self, ended: Token | None) -> Token:
        """Return a new token for one that ended. Raises NotAuthorised: sign in again."""
        if ended is None:
            raise NotAuthorised(
                "nobody is signed in at the EHR",
                meaning="the readings stay safe on this computer and are sent by themselves later",
                hint="sign in",
            )
        if ended.refresh_token is None:
            raise NotAuthorised("the sign-in at the EHR has ended", hint="sign in again")
        told = await discover(self.http, self.base_url)
        answer = await request_token(
            self.http,
            told.token_endpoint,
            "refresh_token",
            service=SERVICE,
            refresh_token=ended.refresh_token,
            client_id=self.client_id,
        )
        return token_in(answer, service=SERVICE, before=ended)

    async def revoke(self, token: Token) -> None:
        """Take a token back at the server, where it can. Raises the RemoteError family."""
        told = await discover(self.http, self.base_url)
        if told.revocation_endpoint is None:
            return
        await revoke(
            self.http,
            told.revocation_endpoint,
            service=SERVICE,
            token=token.refresh_token or token.access_token,
            client_id=self.client_id,
        )

    async def _exchanged(
        self, told: SmartConfiguration, grant: Grant, asked: frozenset[str]
    ) -> Token:
        answer = await request_token(
            self.http,
            told.token_endpoint,
            "authorization_code",
            service=SERVICE,
            code=grant.code,
            redirect_uri=grant.redirect_uri,
            client_id=self.client_id,
            code_verifier=grant.verifier,
        )
        return token_in(answer, service=SERVICE, asked=asked)

    async def _staff(self, told: SmartConfiguration, token: Token, nonce: str) -> StaffIdentity:
        if token.id_token is None or told.jwks_uri is None:
            raise Misconfigured(
                "the EHR does not tell who signed in (no ID token, or no keys to check it)",
                hint="an administrator must allow openid and fhirUser for this program",
            )
        response = await exchange(self.http, "GET", told.jwks_uri, service=SERVICE)
        if not response.is_success:
            raise error_for_status(response, SERVICE)
        try:
            keys = key_set(json_object(response) or {})
        except ValueError as error:
            raise Misconfigured(f"the keys of {SERVICE} cannot be read") from error
        expected = Expected(
            issuer=told.issuer,
            client_id=self.client_id,
            nonce=nonce,
            clock_ahead_s=told.clock_ahead_s,
        )
        return staff_in(token.id_token, keys, expected, self.base_url)
