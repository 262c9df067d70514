"""Codes and tokens of a virtual service, with the lifetimes and the rotation of the real ones.

At Withings every refresh gives a new refresh token; the one before works until the new access token
is used, and eight hours at most. At Google the refresh token stays.

Source: Withings developer guide, get and refresh access; Google Identity, OAuth 2.0.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

GRACE_S = 8 * 3600


class GrantRefusedError(Exception):
    """A code or refresh token that is not accepted; the text says which."""


@dataclass(slots=True, kw_only=True)
class _Grant:
    user_id: str
    scopes: tuple[str, ...]
    refresh: str
    before: str | None = None
    before_ends_s: float = 0.0
    access: dict[str, float] = field(default_factory=dict)
    newest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    ends_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token endpoint hands out. `refresh` is None where the one before stays."""

    user_id: str
    scopes: tuple[str, ...]
    access: str
    refresh: str | None


class TokenBook:
    """Who may read what. `now` gives seconds; nothing here sleeps."""

    def __init__(
        self, *, now: Callable[[], float], rotates: bool, code_s: float, access_s: int
    ) -> None:
        self._now = now
        self._rotates = rotates
        self._code_s = code_s
        self.access_s = access_s
        self._codes: dict[str, _Code] = {}
        self._grants: list[_Grant] = []

    def code(self, user_id: str, scopes: tuple[str, ...], redirect_uri: str) -> str:
        """Return a code for a person who has just consented."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = _Code(
            user_id=user_id,
            scopes=scopes,
            redirect_uri=redirect_uri,
            ends_s=self._now() + self._code_s,
        )
        return code

    def exchange(self, code: str, redirect_uri: str) -> Tokens:
        """Return the first tokens of a code: once, and in time. Raises GrantRefusedError."""
        known = self._codes.pop(code, None)
        if known is None or known.ends_s < self._now() or known.redirect_uri != redirect_uri:
            raise GrantRefusedError("code")
        grant = _Grant(user_id=known.user_id, scopes=known.scopes, refresh=_new())
        self._grants.append(grant)
        return self._tokens(grant, grant.refresh)

    def refresh(self, token: str) -> Tokens:
        """Return new tokens. Raises GrantRefusedError."""
        for grant in self._grants:
            is_before = token == grant.before and self._now() <= grant.before_ends_s
            if token != grant.refresh and not is_before:
                continue
            if not self._rotates:
                return self._tokens(grant, None)
            grant.before, grant.before_ends_s = token, self._now() + GRACE_S
            grant.refresh = _new()
            return self._tokens(grant, grant.refresh)
        raise GrantRefusedError("refresh_token")

    def user_of(self, access: str) -> tuple[str, tuple[str, ...]] | None:
        """Return whose account an access token opens, and for what; None where for nothing."""
        for grant in self._grants:
            if grant.access.get(access, 0.0) > self._now():
                if access == grant.newest:
                    grant.before = None
                return grant.user_id, grant.scopes
        return None

    def revoke(self, user_id: str) -> None:
        """End all grants of a user."""
        self._grants = [grant for grant in self._grants if grant.user_id != user_id]

    def revoke_token(self, token: str) -> bool:
        """End the grant that a token belongs to; False where there is none."""
        kept = [each for each in self._grants if token not in {each.refresh, *each.access}]
        ended = len(kept) < len(self._grants)
        self._grants = kept
        return ended

    def _tokens(self, grant: _Grant, refresh: str | None) -> Tokens:
        grant.newest = _new()
        grant.access[grant.newest] = self._now() + self.access_s
        return Tokens(
            user_id=grant.user_id, scopes=grant.scopes, access=grant.newest, refresh=refresh
        )


def _new() -> str:
    return secrets.token_urlsafe(24)
