"""One token for all requests: asked for once, renewed once, however many requests wait for it."""

import asyncio
from collections.abc import Awaitable, Callable

from ohx_desktop.oauth.token import Token

Obtain = Callable[[Token | None], Awaitable[Token]]
"""Obtains a token; given the one that ended, whose refresh token may serve."""


class TokenSource:
    """Keeps the token of one sign-in in memory. `obtain` raises the RemoteError family."""

    def __init__(self, obtain: Obtain, token: Token | None = None) -> None:
        self._obtain = obtain
        self._token = token
        self._lock = asyncio.Lock()

    @property
    def token(self) -> Token | None:
        """The token as it is, None before the first request."""
        return self._token

    async def fresh(self) -> Token:
        """Return a token that will be accepted for a while."""
        async with self._lock:
            if self._token is None or not self._token.is_fresh:
                return await self._obtained()
            return self._token

    async def renewed(self, refused: Token) -> Token:
        """Return another token than one that the server refused."""
        async with self._lock:
            if self._token is None or self._token.access_token == refused.access_token:
                return await self._obtained()
            return self._token

    def use(self, token: Token) -> None:
        """Use the token of a person who has just signed in."""
        self._token = token

    def restore(self, token: Token | None) -> None:
        """Go back to what was used before `use`."""
        self._token = token

    def forget(self) -> None:
        """Forget the token, as when a person signs out."""
        self._token = None

    async def _obtained(self) -> Token:
        """Obtain a token; what comes for a person who signed out meanwhile is thrown away."""
        while True:
            before = self._token
            token = await self._obtain(before)
            if self._token is before:
                self._token = token
                return token
            if self._token is not None:
                return self._token
