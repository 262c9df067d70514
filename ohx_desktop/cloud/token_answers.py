"""What a token endpoint gave, before anything is kept. Pure.

Source: RFC 6749 section 5.1; Withings and Google, token response.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """The tokens of an account. Nothing of it is ever shown.

    `refresh_token` is None where the service sent none and the one before goes on.
    `refresh_expires_in_s` is told where the link ends by itself after a time.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in_s: int
    scopes: frozenset[str]
    user_id: str | None = field(default=None, repr=False)
    refresh_expires_in_s: int | None = None

    def missing(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return what was wanted and not granted."""
        return wanted - self.scopes
