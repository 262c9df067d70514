"""From a method and its secrets to what signs the requests to the EHR.

Source: FHIR R5 security; SMART App Launch 2.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.fhir.auth.launch import SmartLaunch
from ohx_desktop.fhir.auth.machine import by_key, by_secret
from ohx_desktop.fhir.auth.static import authorization_headers, needed_secret
from ohx_desktop.oauth.bearer_auth import BearerAuth
from ohx_desktop.oauth.client_key import ClientKey
from ohx_desktop.oauth.token_source import TokenSource
from ohx_desktop.transport import HttpAuth, HttpClient

# Names under which `ohx-desktop secret set` and `ehr key` keep what a method needs.
CLIENT_SECRET = "ehr.client_secret"  # noqa: S105 - the name of a secret
CLIENT_KEY = "ehr.client_key"
EARLIER_CLIENT_KEY = "ehr.client_key.earlier"

Secret = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How this installation is registered with the EHR. `redirect_port` 0 is any."""

    method: str
    client_id: str | None = None
    redirect_port: int = 0
    stays_signed_in: bool = False
    certificate: Path | None = None
    certificate_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client of the EHR is built with.

    `tokens` is there where tokens are used, `launch` where a person signs in by browser.
    """

    headers: dict[str, str]
    auth: HttpAuth | None = None
    certificate: tuple[Path, Path] | None = None
    tokens: TokenSource | None = None
    launch: SmartLaunch | None = None


def credentials(
    registration: Registration, base_url: str, http: HttpClient, secret: Secret
) -> Credentials:
    """Return what signs requests in. `http` carries none of it; it asks for tokens. May block.

    Raises ConfigurationError where a part is missing, and the KeystoreError family.
    """
    method, client_id = registration.method, registration.client_id
    match method:
        case "client-credentials":
            obtain = by_secret(
                http,
                base_url,
                client_id=_named(client_id),
                secret=needed_secret(secret, CLIENT_SECRET),
            )
            return _by_token(TokenSource(obtain), base_url)
        case "smart-backend":
            key = ClientKey(needed_secret(secret, CLIENT_KEY, "make one: ohx-desktop ehr key"))
            obtain = by_key(http, base_url, client_id=_named(client_id), key=key)
            return _by_token(TokenSource(obtain), base_url)
        case "smart-launch":
            launch = SmartLaunch(
                http=http,
                base_url=base_url,
                client_id=_named(client_id),
                port=registration.redirect_port,
                stays=registration.stays_signed_in,
            )
            return _by_token(TokenSource(launch.refreshed), base_url, launch)
        case "mtls":
            return Credentials(headers={}, certificate=_certificate(registration))
    return Credentials(headers=authorization_headers(method, client_id, secret))


def _by_token(tokens: TokenSource, base_url: str, launch: SmartLaunch | None = None) -> Credentials:
    return Credentials(headers={}, auth=BearerAuth(tokens, base_url), tokens=tokens, launch=launch)


def _named(client_id: str | None) -> str:
    if not client_id:
        raise ConfigurationError(
            "ehr.auth.client_id is missing: it is the name of this program at the EHR"
        )
    return client_id


def _certificate(registration: Registration) -> tuple[Path, Path]:
    certificate, key = registration.certificate, registration.certificate_key
    if certificate is None or key is None:
        raise ConfigurationError(
            "ehr.auth.certificate and ehr.auth.certificate_key are missing",
            hint="set both to PEM files that only this account may read",
        )
    return certificate, key
