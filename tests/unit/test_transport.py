"""The HTTP client: what it trusts, where it ends, and what each failure means."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ohx_desktop import transport
from ohx_desktop.domain.errors import (
    ConfigurationError,
    Misconfigured,
    NotAuthorised,
    Refused,
    RemoteError,
    Transient,
)
from ohx_desktop.transport import (
    MAX_BODY_BYTES,
    MAX_RETRY_AFTER_S,
    HttpResponse,
    build_client,
    error_for_status,
    exchange,
    is_within,
    retry_after_s,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://ehr.example.org/fhir"
Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _response(status: int = 200, **headers: str) -> HttpResponse:
    lower = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=lower, body=b"")


async def _failing(failure: Exception) -> RemoteError:
    def raise_it(_request: httpx.Request) -> httpx.Response:
        raise failure

    async with httpx.AsyncClient(transport=httpx.MockTransport(raise_it)) as client:
        with pytest.raises(RemoteError) as caught:
            await exchange(client, "POST", URL, content=b"secret")
    return caught.value


# ── failures without an answer ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("[Errno 111] refused"),
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ConnectTimeout(""),
        httpx.PoolTimeout(""),
        httpx.ProxyError("502 Bad Gateway"),
    ],
)
async def test_what_cannot_be_reached_got_nothing_and_is_tried_again(failure: Exception) -> None:
    error = await _failing(failure)
    assert type(error) is Transient
    assert "nothing was sent" in error.what


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout(""),
        httpx.WriteTimeout(""),
        httpx.ReadError("reset"),
        httpx.WriteError(""),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.DecodingError("not gzip"),
        TimeoutError(),
    ],
)
async def test_a_connection_lost_midway_is_tried_again_and_told_apart(failure: Exception) -> None:
    error = await _failing(failure)
    assert type(error) is Transient
    assert "before an answer came" in error.what


@pytest.mark.parametrize(
    "failure",
    [
        httpx.UnsupportedProtocol("ftp"),
        httpx.LocalProtocolError("bad header"),
        httpx.InvalidURL("x"),
        httpx.ProxyError("407 Proxy Authentication Required"),
    ],
)
async def test_what_no_patience_heals_is_a_matter_for_an_administrator(failure: Exception) -> None:
    assert type(await _failing(failure)) is Misconfigured


async def test_the_error_holds_neither_request_nor_cause() -> None:
    error = await _failing(httpx.ReadError("secret"))
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "secret" not in str(error)


async def test_a_cancelled_exchange_is_cancelled_and_no_error() -> None:
    started = asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(hang)) as client:
        task = asyncio.create_task(exchange(client, "GET", URL))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# ── answers ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Transient) for status in (408, 425, 429, 500, 502, 503, 504, 599)),
        (401, NotAuthorised),
        *((status, Misconfigured) for status in (301, 302, 303, 307, 308)),
        *((status, Misconfigured) for status in (403, 404, 405, 406, 410, 415, 501)),
        *((status, Refused) for status in (400, 409, 412, 413, 418, 422, 499)),
    ],
)
def test_every_status_has_its_meaning(status: int, expected: type[RemoteError]) -> None:
    error = error_for_status(_response(status), "the EHR")
    assert type(error) is expected
    assert error.status == status
    assert error.what.startswith(f"the EHR answered {status}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999", MAX_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_understood_in_both_forms_and_capped(
    value: str, expected: float | None
) -> None:
    assert retry_after_s({"retry-after": value}, NOW) == expected


def test_a_wrong_clock_here_does_not_change_the_wait() -> None:
    server_now = NOW + timedelta(days=400)
    headers = {
        "retry-after": format_datetime(server_now + timedelta(seconds=30), usegmt=True),
        "date": format_datetime(server_now, usegmt=True),
    }
    assert retry_after_s(headers, NOW) == 30.0


def test_no_retry_after_is_no_wait() -> None:
    assert retry_after_s({}, NOW) is None


# ── addresses ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"{URL}/",
        f"{URL}?page=2",
        f"{URL}/Patient/1?x=//y",
        "https://EHR.example.org/fhir/Patient",
        "https://ehr.example.org:443/fhir/Patient",
    ],
)
def test_addresses_below_the_base_are_within(url: str) -> None:
    assert is_within(URL, url)


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example.org/fhir",
        "https://ehr.example.org/fhirx",
        "https://ehr.example.org/",
        "https://ehr.example.org:444/fhir",
        "https://ehr.example.org.evil.example/fhir",
        "https://evil.example/?u=https://ehr.example.org/fhir",
        "https://user:pw@ehr.example.org/fhir",
        "https://ehr.example.org/fhir/../admin",
        "https://ehr.example.org/fhir/%2E%2e/admin",
        "https://ehr.example.org/fhir/..%5Cadmin",
        "https://ehr.example.org:nine/fhir",
        "/fhir/Patient",
        "",
    ],
)
def test_every_other_address_is_not(url: str) -> None:
    assert not is_within(URL, url)


# ── the real thing ───────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _raw_server(reply: Reply) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await reply(reader, writer)
        except ConnectionError:
            return  # the client hung up first, as some tests want it
        finally:
            writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _caught(url: str, *, deadline_s: float = 5.0) -> RemoteError:
    async with await build_client() as client:
        with pytest.raises(RemoteError) as caught:
            await exchange(client, "GET", url, deadline_s=deadline_s)
    return caught.value


async def test_a_closed_port_is_not_reached() -> None:
    async with _raw_server(lambda _r, _w: asyncio.sleep(0)) as url:
        pass
    error = await _caught(url)
    assert type(error) is Transient
    assert "nothing was sent" in error.what


async def test_a_connection_dropped_after_the_request_is_told_apart() -> None:
    async with _raw_server(lambda _r, _w: asyncio.sleep(0)) as url:
        error = await _caught(url)
    assert type(error) is Transient
    assert "before an answer came" in error.what


async def test_an_answer_cut_short_is_no_answer() -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        await writer.drain()

    async with _raw_server(cut) as url:
        assert type(await _caught(url)) is Transient


async def test_an_answer_that_never_ends_is_cut_off() -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(MAX_BODY_BYTES // 0x10000 + 64):
            writer.write(piece)
            await writer.drain()
        await asyncio.Event().wait()

    async with _raw_server(flood) as url:
        error = await _caught(url)
    assert type(error) is Transient
    assert "too long" in error.what


async def test_a_server_that_says_nothing_meets_the_deadline() -> None:
    gone = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    async with _raw_server(wait) as url:
        error = await _caught(url, deadline_s=0.05)
        await asyncio.wait_for(gone.wait(), 5)
    assert type(error) is Transient


async def test_redirects_are_not_followed() -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=303, headers={"Location": "/elsewhere"})

    async with _app(redirect) as url, await build_client() as client:
        response = await exchange(client, "POST", url, content=b"{}")
    assert response.status == 303
    assert asked == ["/"]


async def test_headers_of_the_client_go_with_every_request() -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.headers["X-Station"] + request.headers["Accept"])

    async with _app(echo) as url, await build_client(headers={"X-Station": "3"}) as client:
        response = await exchange(client, "GET", url, headers={"Accept": "x/y"})
    assert response.body == b"3x/y"


async def test_urls_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def empty(_request: web.Request) -> web.Response:
        return web.Response()

    async with _app(empty) as url, await build_client() as client:
        await exchange(client, "GET", f"{url}?family=secret")
    assert not [r for r in caplog.records if r.name.split(".")[0] in {"httpx", "httpcore"}]


@asynccontextmanager
async def _app(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write a clinic's own certificate for 127.0.0.1, which no system trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "clinic")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    certificate_file, key_file = folder / "clinic.pem", folder / "clinic.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def _server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


async def test_an_unknown_certificate_stops_everything(certificate: tuple[Path, Path]) -> None:
    async with _app(_ok, _server_tls(certificate)) as url:
        error = await _caught(url)
    assert type(error) is Misconfigured
    assert "certificate" in error.what


async def test_the_clinics_own_authority_is_trusted_when_configured(
    certificate: tuple[Path, Path],
) -> None:
    async with (
        _app(_ok, _server_tls(certificate)) as url,
        await build_client(extra_ca=certificate[0]) as client,
    ):
        assert (await exchange(client, "GET", url)).body == b"ok"


async def test_a_certificate_for_another_name_stops_everything(
    certificate: tuple[Path, Path],
) -> None:
    async with (
        _app(_ok, _server_tls(certificate)) as url,
        await build_client(extra_ca=certificate[0]) as client,
    ):
        with pytest.raises(Misconfigured):
            await exchange(client, "GET", url.replace("127.0.0.1", "localhost"))


async def test_a_server_that_speaks_no_tls_is_a_matter_for_an_administrator() -> None:
    async with _app(_ok) as url:
        error = await _caught(url.replace("http:", "https:"))
    assert type(error) is Misconfigured


async def test_a_client_certificate_is_presented(certificate: tuple[Path, Path]) -> None:
    tls = _server_tls(certificate)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate[0])
    async with _app(_ok, tls) as url:
        async with await build_client(
            extra_ca=certificate[0], client_certificate=certificate
        ) as client:
            assert (await exchange(client, "GET", url)).body == b"ok"
        async with await build_client(extra_ca=certificate[0]) as client:
            # TLS 1.3 refuses after the request; whether its reason or a reset arrives is chance.
            with pytest.raises((Misconfigured, Transient)):
                await exchange(client, "GET", url)


async def test_an_unreadable_certificate_file_is_told_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("not a certificate")
    for extra_ca in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError):
            await build_client(extra_ca=extra_ca)
    with pytest.raises(ConfigurationError):
        await build_client(client_certificate=(broken, broken))


async def test_a_proxy_address_that_is_none_is_told() -> None:
    for proxy in ("nonsense", "http://", "http://a:b:c"):
        with pytest.raises(ConfigurationError):
            await build_client(proxy=proxy)


async def test_a_proxy_gets_the_request() -> None:
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(text="by proxy")

    async with _app(proxy) as url, await build_client(proxy=url) as client:
        response = await exchange(client, "GET", "http://ehr.invalid/fhir/metadata")
    assert response.body == b"by proxy"
    assert asked == ["http://ehr.invalid/fhir/metadata"]


def test_no_other_module_knows_the_http_library() -> None:
    package = Path(transport.__file__).parent
    importing = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(
            line.split()[:2] in (["import", "httpx"], ["from", "httpx"]) for line in _lines(path)
        )
    ]
    assert importing == ["transport.py"]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
