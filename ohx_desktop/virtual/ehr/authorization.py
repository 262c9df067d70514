"""The authorization server of the sandbox EHR: who is registered, which tokens hold. No HTTP.

It is strict where real ones are: an assertion lives five minutes at most and is taken once, a code
is exchanged once and with its verifier, a refresh token is replaced at each use.

Source: RFC 6749, 7523, 7636, 7009; SMART App Launch 2.2; OpenID Connect Core 1.0.
"""

import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from ohx_desktop.oauth.client_key import ASSERTION_TYPE

TOKEN_LIFETIME_S = 300
CODE_LIFETIME_S = 60
LONGEST_ASSERTION_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered program: by secret, by public keys, or public with neither."""

    client_id: str
    secret: str | None = None
    jwks: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a browser brought to the authorization page."""

    client_id: str
    redirect_uri: str
    state: str
    scope: str
    challenge: str
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token allows, until when (Unix seconds), and for whom."""

    client_id: str
    scopes: frozenset[str]
    expires_at: float
    staff: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedError(Exception):
    """A refusal by its OAuth error code."""

    code: str
    status: int = 400


@dataclass(slots=True)
class _Code:
    asked: Asked
    staff: str
    expires_at: float


@dataclass(kw_only=True)
class AuthorizationServer:
    """Keeps clients, codes and tokens in memory. `now` gives Unix seconds.

    `withheld` are scopes that are not granted whoever asks.
    """

    now: Callable[[], float]
    clients: dict[str, Client] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    base_url: str = ""
    issuer: str = ""
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    _codes: dict[str, _Code] = field(default_factory=dict)
    _tokens: dict[str, Granted] = field(default_factory=dict)
    _refresh: dict[str, Granted] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    @property
    def token_url(self) -> str:
        """Where tokens are asked for; the audience of assertions."""
        return f"{self.issuer}/token"

    def register(self, client: Client) -> None:
        """Let a program ask for tokens."""
        self.clients[client.client_id] = client

    def end_all(self) -> None:
        """Have all access tokens end now; refresh tokens hold."""
        self._tokens.clear()

    def revoke_all(self) -> None:
        """Take all tokens back."""
        self._tokens.clear()
        self._refresh.clear()

    def revoke(self, token: str) -> None:
        """Take one token back; one that is not known is no error (RFC 7009)."""
        self._tokens.pop(token, None)
        self._refresh.pop(token, None)

    def granted(self, token: str) -> Granted | None:
        """Return what a token allows, None for one that does not hold."""
        granted = self._tokens.get(token)
        return granted if granted is not None and granted.expires_at > self.now() else None

    def jwks(self) -> dict[str, Any]:
        """Return the public key of ID tokens."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self._key.thumbprint(), "use": "sig", "alg": "RS256"}]}

    def approve(self, asked: Asked, staff: str) -> str:
        """Return a code for a person who signed in."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(asked, staff, self.now() + CODE_LIFETIME_S)
        return code

    def token(self, form: dict[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        """Answer a token request. Raises RefusedError."""
        match form.get("grant_type"):
            case "client_credentials":
                client = self._proven(form, basic)
                return self._issued(client.client_id, form.get("scope", "").split())
            case "authorization_code":
                return self._exchanged(form)
            case "refresh_token":
                return self._refreshed(form)
        raise RefusedError(code="unsupported_grant_type")

    def _proven(self, form: dict[str, str], basic: tuple[str, str] | None) -> Client:
        if basic is not None:
            client = self.clients.get(basic[0])
            if client and client.secret and hmac.compare_digest(client.secret, basic[1]):
                return client
            raise RefusedError(code="invalid_client", status=401)
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise RefusedError(code="invalid_client", status=401)
        return self._asserted(form.get("client_assertion", ""))

    def _asserted(self, assertion: str) -> Client:
        now = self.now()
        for client in self.clients.values():
            if client.jwks is None:
                continue
            try:
                keys = KeySet.import_key_set(client.jwks)  # type: ignore[arg-type] # as registered
                claims = jwt.decode(assertion, keys, algorithms=["ES384", "RS384"]).claims
                jwt.JWTClaimsRegistry(
                    now=int(now),
                    iss={"essential": True, "value": client.client_id},
                    sub={"essential": True, "value": client.client_id},
                    aud={"essential": True, "value": self.token_url},
                    exp={"essential": True},
                    jti={"essential": True},
                ).validate(claims)
            except (JoseError, ValueError):
                continue
            if claims["exp"] > now + LONGEST_ASSERTION_S or claims["jti"] in self._used:
                break
            self._used.add(claims["jti"])
            return client
        raise RefusedError(code="invalid_client", status=401)

    def _exchanged(self, form: dict[str, str]) -> dict[str, Any]:
        from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

        held = self._codes.pop(form.get("code", ""), None)
        if held is None or held.expires_at < self.now():
            raise RefusedError(code="invalid_grant")
        asked = held.asked
        fits = (
            form.get("client_id") == asked.client_id
            and form.get("redirect_uri") == asked.redirect_uri
            and create_s256_code_challenge(form.get("code_verifier", "")) == asked.challenge
        )
        if not fits:
            raise RefusedError(code="invalid_grant")
        answer = self._issued(asked.client_id, asked.scope.split(), staff=held.staff)
        if "openid" in asked.scope.split():
            answer["id_token"] = self.id_token(asked, held.staff)
        return answer

    def _refreshed(self, form: dict[str, str]) -> dict[str, Any]:
        granted = self._refresh.pop(form.get("refresh_token", ""), None)
        if granted is None or granted.client_id != form.get("client_id"):
            raise RefusedError(code="invalid_grant")
        return self._issued(granted.client_id, granted.scopes, staff=granted.staff)

    def _issued(
        self, client_id: str, scopes: Collection[str], *, staff: str | None = None
    ) -> dict[str, Any]:
        allowed = frozenset(scopes) - self.withheld
        if not allowed:
            raise RefusedError(code="invalid_scope")
        access, expires = secrets.token_urlsafe(32), self.now() + TOKEN_LIFETIME_S
        granted = Granted(client_id=client_id, scopes=allowed, expires_at=expires, staff=staff)
        self._tokens[access] = granted
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME_S,
            "scope": " ".join(sorted(allowed)),
        }
        if "offline_access" in allowed:
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self._refresh[answer["refresh_token"]] = granted
        return answer

    def id_token(self, asked: Asked, staff: str) -> str:
        """Return the signed ID token of a person who signed in."""
        now = int(self.now())
        claims = {
            "iss": self.issuer,
            "sub": staff,
            "aud": asked.client_id,
            "iat": now,
            "exp": now + TOKEN_LIFETIME_S,
            "fhirUser": f"{self.base_url}/{staff}",
            **({"nonce": asked.nonce} if asked.nonce else {}),
        }
        return jwt.encode({"alg": "RS256", "kid": self._key.thumbprint()}, claims, self._key)
