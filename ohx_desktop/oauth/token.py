"""An access token and what came with it. Nothing of it is ever shown.

Source: RFC 6749, successful response; SMART App Launch 2.2, access token response.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

# A token may end on its way; servers' clocks and ours are not the same.
MARGIN_S = 30.0
# What servers that name no end usually mean.
UNSTATED_LIFETIME_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; `expires_at_s` is by the loop's clock. `scopes` are those that were granted.

    `context` holds what else the answer told, such as the patient of the launch.
    """

    access_token: str = field(repr=False)
    expires_at_s: float
    scopes: frozenset[str] = frozenset()
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    context: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_fresh(self) -> bool:
        """Tell whether it will still be accepted when it arrives."""
        return _loop_time_s() < self.expires_at_s - min(MARGIN_S, self.expires_at_s / 2)


def token_from(
    answer: dict[str, Any], *, asked: frozenset[str] = frozenset(), before: Token | None = None
) -> Token:
    """Return the token of a token endpoint's answer.

    `asked` are the scopes that hold where the answer names none; `before` is the token that was
    refreshed, whose refresh token stays where no new one came. Raises ValueError for an answer that
    has no bearer token.
    """
    access_token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("no access token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ValueError("not a bearer token")
    scope, refresh = answer.get("scope"), answer.get("refresh_token")
    earlier = before.refresh_token if before else None
    granted = before.scopes if before else asked
    id_token = answer.get("id_token")
    known = {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    return Token(
        access_token=access_token,
        expires_at_s=_loop_time_s() + _lifetime_s(answer.get("expires_in")),
        scopes=frozenset(scope.split()) if isinstance(scope, str) and scope.strip() else granted,
        refresh_token=refresh if isinstance(refresh, str) and refresh else earlier,
        id_token=id_token if isinstance(id_token, str) else None,
        context={name: value for name, value in answer.items() if name not in known},
    )


def _lifetime_s(told: object) -> float:
    try:
        seconds = float(told)  # type: ignore[arg-type] # whatever it is, it may be no number
    except (TypeError, ValueError):
        return UNSTATED_LIFETIME_S
    return seconds if 0 < seconds < float("inf") else UNSTATED_LIFETIME_S


def _loop_time_s() -> float:
    return asyncio.get_running_loop().time()
