"""One call to a cloud service: a permit, a token, a bounded answer, and one renewal of the token.

The token goes to the service's own address and nowhere else; a redirect is never followed, so that
it cannot be carried away.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

from ohx_desktop.cloud.errors import (
    AuthExpired,
    CloudTransient,
    Malformed,
    NeedsConsent,
)
from ohx_desktop.cloud.ports import AccessToken, Permit
from ohx_desktop.domain.errors import Misconfigured, Transient
from ohx_desktop.transport import HttpClient, HttpResponse, exchange, is_within, retry_after_s

_T = TypeVar("_T")
Decode = Callable[[HttpResponse, float | None], _T]
"""Makes something of an answer, given the wait that it asks for. Raises CloudError."""

FORM = "application/x-www-form-urlencoded"
# A page of measurements is some hundred kB and comes in seconds.
CALL_DEADLINE_S = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked: a path under the service's address, and what goes with it."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    json: object = None


class Calls:
    """Makes calls for one linked account. `base_url` is https, or this computer itself."""

    def __init__(
        self,
        http: HttpClient,
        base_url: str,
        *,
        service: str,
        access_token: AccessToken,
        permit: Permit,
        deadline_s: float = CALL_DEADLINE_S,
    ) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._service = service
        self._access_token = access_token
        self._permit = permit
        self._deadline_s = deadline_s

    async def ask(self, call: Call, decode: Decode[_T]) -> _T:
        """Return what `decode` makes of the answer.

        A token that is not accepted is renewed once; if the new one is not accepted either, the
        consent has ended. Raises CloudError.
        """
        token = await self._access_token()
        try:
            return await self._once(call, decode, token)
        except AuthExpired:
            renewed = await self._access_token(refused=token)
        try:
            return await self._once(call, decode, renewed)
        except AuthExpired as error:
            raise NeedsConsent(
                self._service, status=error.status, vendor_reason=error.vendor_reason
            ) from error

    async def _once(self, call: Call, decode: Decode[_T], token: str) -> _T:
        return await unsigned(
            self._http,
            self._base_url,
            call,
            decode,
            service=self._service,
            permit=self._permit,
            headers={"Authorization": f"Bearer {token}"},
            deadline_s=self._deadline_s,
        )


async def unsigned(
    http: HttpClient,
    base_url: str,
    call: Call,
    decode: Decode[_T],
    *,
    service: str,
    permit: Permit,
    headers: Mapping[str, str] | None = None,
    deadline_s: float = CALL_DEADLINE_S,
) -> _T:
    """Make a call that needs no token of an account, and decode its answer. Raises CloudError."""
    url = f"{base_url}{call.path}"
    if not is_within(base_url, url):
        raise ValueError("a call goes to its own service")
    if call.query:
        url = f"{url}?{urlencode(call.query)}"
    content, kind = _content(call)
    await permit()
    try:
        response = await exchange(
            http,
            call.method,
            url,
            headers={"Accept": "application/json", **kind, **(headers or {})},
            content=content,
            service=service,
            deadline_s=deadline_s,
        )
    except Transient as error:
        raise CloudTransient(service, status=error.status) from error
    except Misconfigured as error:
        # A certificate nobody vouches for, a proxy that wants a sign-in: it is not the service.
        refused = Malformed(service, status=error.status)
        refused.hint = error.hint
        raise refused from error
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        # No call of these services is redirected; a guest network's are.
        raise Malformed(service, status=response.status)
    return decode(response, retry_after_s(response.headers))


def _content(call: Call) -> tuple[bytes | None, Mapping[str, str]]:
    if call.form is not None:
        return urlencode(call.form).encode(), {"Content-Type": FORM}
    if call.json is not None:
        return json.dumps(call.json).encode(), {"Content-Type": "application/json"}
    return None, {}
