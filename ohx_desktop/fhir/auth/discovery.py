"""Where a FHIR server's authorization server is, and what it can.

Source: SMART App Launch 2.2, .well-known/smart-configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

from ohx_desktop.domain.errors import Misconfigured
from ohx_desktop.fhir.auth.scopes import ScopeVersion
from ohx_desktop.oauth.token_endpoint import json_object
from ohx_desktop.transport import HttpClient, error_for_status, exchange

SERVICE = "the sign-in server of the EHR"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartConfiguration:
    """What a server tells. `clock_ahead_s` is its clock minus ours, where it tells its time."""

    token_endpoint: str
    authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    issuer: str | None = None
    jwks_uri: str | None = None
    scopes: ScopeVersion = ScopeVersion.V2
    algorithms: frozenset[str] = frozenset()
    has_s256: bool = False
    clock_ahead_s: float = 0.0


async def discover(http: HttpClient, base_url: str) -> SmartConfiguration:
    """Ask a FHIR server for its SMART configuration; no sign-in is needed for it.

    Raises Misconfigured for a server that has none or tells addresses that are not safe.
    """
    url = f"{base_url.rstrip('/')}/.well-known/smart-configuration"
    headers = {"Accept": "application/json"}
    response = await exchange(http, "GET", url, headers=headers, service=SERVICE)
    if not response.is_success:
        raise error_for_status(response, SERVICE)
    told = json_object(response)
    if told is None or "token_endpoint" not in told:
        raise Misconfigured(
            "the EHR tells no SMART configuration",
            hint="choose another ehr.auth.method, or correct ehr.base_url",
        )
    return SmartConfiguration(
        token_endpoint=_address(told, "token_endpoint") or _missing("token_endpoint"),
        authorization_endpoint=_address(told, "authorization_endpoint"),
        revocation_endpoint=_address(told, "revocation_endpoint"),
        issuer=_address(told, "issuer"),
        jwks_uri=_address(told, "jwks_uri"),
        scopes=_scope_version(told),
        algorithms=frozenset(_texts(told.get("token_endpoint_auth_signing_alg_values_supported"))),
        has_s256="S256" in _texts(told.get("code_challenge_methods_supported")),
        clock_ahead_s=_clock_ahead_s(response.headers),
    )


def _missing(name: str) -> str:
    raise Misconfigured(f"the SMART configuration of the EHR has no {name}")


def _address(told: dict[str, Any], name: str) -> str | None:
    """Return an address to which a secret may be sent."""
    address = told.get(name)
    if address is None:
        return None
    parts = urlsplit(address) if isinstance(address, str) else None
    is_local = parts is not None and parts.scheme == "http" and parts.hostname in _LOOPBACK
    if parts is None or not parts.hostname or not (parts.scheme == "https" or is_local):
        raise Misconfigured(f"the SMART configuration of the EHR has no safe {name}")
    return str(address)


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _scope_version(told: dict[str, Any]) -> ScopeVersion:
    capabilities = set(_texts(told.get("capabilities")))
    only_v1 = "permission-v1" in capabilities and "permission-v2" not in capabilities
    return ScopeVersion.V1 if only_v1 else ScopeVersion.V2


def _clock_ahead_s(headers: Mapping[str, str]) -> float:
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp() - time()
    except ValueError:
        return 0.0
