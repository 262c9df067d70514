"""Certificates made for a test, and a TLS end before a server, as a clinic's proxy is one."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from select import select
from socket import SHUT_RDWR, SHUT_WR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Pair = tuple[Path, Path]
_USAGE = {
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


@dataclass(frozen=True)
class Authority:
    """A certificate authority; `file` is its certificate in PEM."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def issue(self, name: str, *, host: str = "127.0.0.1", days: int = 30) -> Pair:
        """Return certificate and key (PEM) that are valid from 60 days ago until in `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder(name, key, self.certificate.subject, days)
            .add_extension(_alternative(host), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        certificate_file = self.folder / f"{self.name}-{name}.pem"
        key_file = self.folder / f"{self.name}-{name}.key"
        certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate_file, key_file


def authority(folder: Path, name: str) -> Authority:
    """Make an authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, **_USAGE)
    certificate = (
        _builder(name, key, _subject(name), 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Authority(folder, name, key, certificate)
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


@contextmanager
def tls_end(
    base_url: str, certificate: Pair, clients: Path, *, newest: ssl.TLSVersion, port: int = 0
) -> Iterator[str]:
    """Yield an https address before a plain one, for clients with a certificate of `clients`.

    It lives on threads: a server of asyncio closes without the alert that tells a client why.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(*certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(clients)
    plain = urlsplit(base_url)
    connected: list[socket] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with context.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            ) as near:
                connected.append(near)
                try:
                    near.do_handshake()
                except OSError:  # the client has been told by an alert, or is gone
                    _linger(near)
                    return
                with create_connection((plain.hostname, plain.port)) as far:
                    _pass_on(near, far)

    with _Server(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}{plain.path}"
        finally:
            server.shutdown()
            thread.join()
            for connection in connected:
                with suppress(OSError):  # it may have ended by itself
                    connection.shutdown(SHUT_RDWR)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _linger(connection: socket) -> None:
    """Read what still comes, so that an alert is not lost to a reset."""
    with suppress(OSError):
        connection.shutdown(SHUT_WR)
        while connection.recv(65536):
            pass


def _pass_on(near: ssl.SSLSocket, far: socket) -> None:
    """Pass on in both directions until a side ends."""
    while True:
        ready = [near] if near.pending() else select([near, far], [], [])[0]
        for source, target in ((near, far), (far, near)):
            if source in ready:
                piece = source.recv(65536)
                if not piece:
                    return
                target.sendall(piece)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.SubjectAlternativeName:
    numeric = host.replace(".", "").isdigit()
    return x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address(host)) if numeric else x509.DNSName(host)]
    )


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )
