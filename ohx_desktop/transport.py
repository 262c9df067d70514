"""The one HTTP client: TLS trust, proxy, deadlines, bounds, and what a failure means.

No other module imports httpx, so that its successor is a change in this file. Foreign exceptions
end here: `exchange` raises the RemoteError family only.
"""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import truststore

from ohx_desktop.domain.errors import (
    ConfigurationError,
    Misconfigured,
    NotAuthorised,
    Refused,
    RemoteError,
    Transient,
)
from ohx_desktop.tls_refusal import why_refused

HttpClient = httpx.AsyncClient
HttpAuth = httpx.Auth
HttpRequest = httpx.Request
RawResponse = httpx.Response

# A clinic's EHR is near; whoever does not take a connection in this time is down.
CONNECT_TIMEOUT_S = 10.0
# Between two pieces of an answer. Validation of a transaction takes slow servers some seconds.
READ_TIMEOUT_S = 30.0
# For one whole exchange: drip-fed answers end here.
EXCHANGE_DEADLINE_S = 60.0
# Requests are sequential but for a search beside an upload.
MAX_CONNECTIONS = 8
# Twenty patients with narrative are some hundred kB; a larger answer is not meant for us.
MAX_BODY_BYTES = 8 * 1024 * 1024
# A server may ask for patience, not switch the queue off for a day.
MAX_RETRY_AFTER_S = 3600.0

_TRANSIENT_STATUS = frozenset({408, 425, 429})
# These say that the request was not begun (RFC 9110, RFC 8470, RFC 6585); any other that is not a
# refusal may come from a gateway that has lost sight of the request.
_NOT_BEGUN = frozenset({425, 429, 503})
_MISCONFIGURED_STATUS = frozenset({403, 404, 405, 406, 410, 415, 501})
_REDIRECT_HINT = "the address has moved: an administrator must correct it in the settings"
# The connection was closed, which says nothing about certificates.
_TLS_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NEVER_VALID = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer read to its end. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


async def build_client(
    *,
    headers: Mapping[str, str] | None = None,
    auth: HttpAuth | None = None,
    proxy: str | None = None,
    extra_ca: Path | None = None,
    client_certificate: tuple[Path, Path] | None = None,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    read_timeout_s: float = READ_TIMEOUT_S,
) -> HttpClient:
    """Return a pooled client that trusts the system's certificate store and `extra_ca` (PEM).

    `client_certificate` is certificate and key (PEM) for mutual TLS. Without `proxy` those of the
    environment are used. Certificates are read off the event loop. Raises ConfigurationError for a
    certificate file or proxy address that cannot be used. The caller closes the client.
    """

    def build() -> HttpClient:
        if proxy is not None and not httpx.URL(proxy).host:
            raise ValueError("no host")
        return httpx.AsyncClient(
            headers=headers,
            auth=auth,
            proxy=proxy,
            verify=_tls_context(extra_ca, client_certificate),
            timeout=httpx.Timeout(read_timeout_s, connect=connect_timeout_s),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            follow_redirects=False,
        )

    for library in ("httpx", "httpcore"):
        # Their INFO and DEBUG lines hold URLs and headers: names of patients, tokens.
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        return await asyncio.to_thread(build)
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError("the address of the proxy is not valid") from None


async def exchange(
    client: HttpClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    service: str = "the EHR",
    deadline_s: float = EXCHANGE_DEADLINE_S,
) -> HttpResponse:
    """Send one request and read the whole answer, whatever its status.

    `service` names the other side in error texts. Raises Transient or Misconfigured when there is
    no answer, Transient when it exceeds MAX_BODY_BYTES or `deadline_s`.
    """
    try:
        async with (
            asyncio.timeout(deadline_s),
            client.stream(method, url, headers=headers, content=content) as response,
        ):
            body = await _bounded_body(response, service)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ssl.SSLError, OSError) as failure:
        # The cause holds the request and so the reading: only its kind is told.
        raise error_for_failure(failure, service) from None
    # A repeated header arrives joined by commas; names arrive in lower case.
    return HttpResponse(status=response.status_code, headers=dict(response.headers), body=body)


def error_for_failure(failure: BaseException, service: str) -> RemoteError:
    """Return the error for an exchange that brought no answer."""
    for cause in _chain(failure):
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _TLS_CLOSED):
            what, hint = why_refused(cause, service)
            return Misconfigured(what, hint=hint)
    if isinstance(failure, _NEVER_VALID):
        return Misconfigured(f"the address of {service} is not a valid one")
    kind = type(failure).__name__
    if isinstance(failure, httpx.ProxyError) and str(failure).startswith("407"):
        return Misconfigured("the proxy asks for a sign-in", status=407)
    if isinstance(failure, _NOTHING_SENT):
        return Transient(f"{service} cannot be reached ({kind}), nothing was sent")
    return Transient(
        f"the connection to {service} was lost before an answer came ({kind})", is_doubtful=True
    )


def error_for_status(
    response: HttpResponse, service: str, *, now: datetime | None = None
) -> RemoteError:
    """Return the error that an answer other than 2xx means, by its status alone.

    Of a Transient it tells whether what was asked for may have been done.
    """
    status = response.status
    what = f"{service} answered {_phrase(status)}"
    if status == HTTPStatus.UNAUTHORIZED:
        return NotAuthorised(what, status=status)
    if status < HTTPStatus.BAD_REQUEST:
        return Misconfigured(what, status=status, hint=_REDIRECT_HINT)
    if status in _MISCONFIGURED_STATUS:
        return Misconfigured(what, status=status)
    if status in _TRANSIENT_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Transient(
            what,
            status=status,
            retry_after_s=retry_after_s(response.headers, now),
            is_doubtful=status not in _NOT_BEGUN,
        )
    return Refused(what, status=status)


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the wait that `Retry-After` asks for, at most MAX_RETRY_AFTER_S, None without one.

    A date is measured against the server's own `Date`, so that a wrong clock here does no harm;
    `now` is used where that is missing.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wait_s = float(value)
    else:
        until, since = _http_date(value), _http_date(headers.get("date", ""))
        if until is None:
            return None
        wait_s = (until - (since or now or datetime.now(UTC))).total_seconds()
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return when the server says it answered, None where it does not say."""
    return _http_date(headers.get("date", ""))


def is_within(base_url: str, url: str) -> bool:
    """Return whether `url` lies under `base_url`: same scheme, host, port and path prefix.

    Whatever is not certain (user names, dots that climb, unreadable ports) does not.
    """
    try:
        base, other = urlsplit(base_url), urlsplit(url)
        same_origin = _origin(base.scheme, base.hostname, base.port) == _origin(
            other.scheme, other.hostname, other.port
        )
    except ValueError:
        return False
    climbs = any(part in {".", ".."} for part in unquote(other.path).replace("\\", "/").split("/"))
    prefix = base.path.rstrip("/") + "/"
    under = f"{other.path.rstrip('/')}/".startswith(prefix)
    return same_origin and under and not climbs and "@" not in other.netloc


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int | None]:
    return scheme, (host or "").lower(), port or {"https": 443, "http": 80}.get(scheme)


def _tls_context(
    extra_ca: Path | None, client_certificate: tuple[Path, Path] | None
) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if extra_ca:
            context.load_verify_locations(cafile=extra_ca)
        if client_certificate:
            context.load_cert_chain(*client_certificate)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError("a certificate or key file cannot be read") from error
    return context


async def _bounded_body(response: RawResponse, service: str) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise Transient(
                f"the answer of {service} is far too long",
                status=response.status_code,
                is_doubtful=True,
            )
    return bytes(body)


def _chain(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
