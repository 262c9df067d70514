"""Signs requests with the token of a TokenSource; a 401 renews it once.

Source: RFC 6750.
"""

from collections.abc import AsyncGenerator
from http import HTTPStatus

from ohx_desktop.oauth.token import Token
from ohx_desktop.oauth.token_source import TokenSource
from ohx_desktop.transport import HttpAuth, HttpRequest, RawResponse, is_within


class BearerAuth(HttpAuth):
    """Gives the token to requests under one base address, and to no other."""

    def __init__(self, source: TokenSource, base_url: str) -> None:
        self._source = source
        self._base_url = base_url

    async def async_auth_flow(
        self, request: HttpRequest
    ) -> AsyncGenerator[HttpRequest, RawResponse]:
        """Sign a request; if it is refused, once more with a new token."""
        if not is_within(self._base_url, str(request.url)):
            yield request
            return
        token = await self._source.fresh()
        response = yield _signed(request, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            yield _signed(request, await self._source.renewed(token))


def _signed(request: HttpRequest, token: Token) -> HttpRequest:
    request.headers["Authorization"] = f"Bearer {token.access_token}"
    return request
