"""The way to a server, looked at by itself: proxy, certificate, clock."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import truststore

_DEADLINE_S = 5.0
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What was seen on the way. None where it could not be seen, as behind a proxy.

    `clock_ahead_s` is the server's clock minus this computer's.
    """

    proxy: str | None = None
    certificate_days: int | None = None
    clock_ahead_s: float | None = None


async def examine(base_url: str) -> Connection:
    """Look at the way to a server. Whatever fails here fails again, with its reason, later."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    proxy = await asyncio.to_thread(_proxy, parts.scheme, host)
    if proxy is not None:
        return Connection(proxy=proxy)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            return await _look(host, parts.port or _PORTS[parts.scheme], parts.scheme, parts.path)
    except (OSError, TimeoutError, ssl.SSLError, ValueError, EOFError):
        return Connection()


def _proxy(scheme: str, host: str) -> str | None:
    """Return the host of the proxy that is used; never its user and password."""
    if proxy_bypass(host):
        return None
    address = getproxies().get(scheme)
    return urlsplit(address).hostname if address else None


async def _look(host: str, port: int, scheme: str, path: str) -> Connection:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if scheme == "https" else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        days = _days_left(writer.get_extra_info("ssl_object"))
        request = (
            f"HEAD {path or '/'}/metadata HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    return Connection(certificate_days=days, clock_ahead_s=_clock_ahead_s(head.decode("latin-1")))


def _days_left(tls: ssl.SSLObject | None) -> int | None:
    certificate = tls.getpeercert() if tls else None
    if not certificate:
        return None
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return (datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)).days


def _clock_ahead_s(head: str) -> float | None:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "date":
            return parsedate_to_datetime(value.strip()).timestamp() - time()
    return None
