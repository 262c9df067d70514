"""A realm of a clinic as an administrator of Keycloak would set it up for this program.

Keycloak grants a scope only when it knows it by name, tells no `fhirUser` and puts no FHIR address
into `aud` unless it is told to; all three are set up here.
"""

import json
from typing import Any

from ohx_desktop.fhir.auth.scopes import IDENTITY, ScopeVersion, Subject, needed, own_record
from ohx_desktop.oauth.client_key import ClientKey, jwks

Json = dict[str, Any]

REALM = "clinic"
AUDIENCE = "https://ehr.clinic.example/fhir"
SECRET = "a secret of this test"  # noqa: S105 - it opens nothing
PERSON, PASSWORD = "adeyemi", "a password of this test"
PATIENT_PERSON = "bennett"
STAFF = "Practitioner/prac-12"
SHORT_S = 2

_SYSTEM = sorted(needed(Subject.SYSTEM, ScopeVersion.V2))
_USER = sorted(needed(Subject.USER, ScopeVersion.V2) | own_record(ScopeVersion.V2))
_PROFILE = "org.keycloak.userprofile.UserProfileProvider"


def realm(es_key: ClientKey, rs_key: ClientKey) -> Json:
    """Return the realm, with clients for each way to sign in."""
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "clientScopes": [
            _scope("basic", _mapper("oidc-sub-mapper"), _mapper("oidc-full-name-mapper")),
            _scope("ehr", _mapper("oidc-audience-mapper", **_AUDIENCE)),
            _scope("offline_access"),
            _scope("fhirUser", _mapper("oidc-usermodel-attribute-mapper", **_FHIR_USER)),
            *(_scope(name) for name in (*_SYSTEM, *_USER)),
        ],
        "clients": [
            _by_secret("kiosk"),
            _by_secret("short", attributes={"access.token.lifespan": str(SHORT_S)}),
            _by_secret("elsewhere", scopes=["basic"]),
            _by_secret("narrow", optional=[name for name in _SYSTEM if "Device" not in name]),
            _by_secret("silent", serviceAccountsEnabled=False),
            _by_key("backend-es", es_key),
            _by_key("backend-rs", rs_key),
            _client(
                "desk",
                optional=[*_USER, "offline_access", "fhirUser"],
                publicClient=True,
                standardFlowEnabled=True,
                redirectUris=["http://127.0.0.1/callback"],
                attributes={"pkce.code.challenge.method": "S256"},
            ),
        ],
        "users": [
            _person(PERSON, "Grace", "Adeyemi", STAFF),
            _person(PATIENT_PERSON, "Margaret", "Bennett", "Patient/pat-4711"),
        ],
        "components": {_PROFILE: [_any_attribute()]},
    }


_AUDIENCE = {"included.custom.audience": AUDIENCE, "access.token.claim": "true"}
_FHIR_USER = {
    "user.attribute": "fhirUser",
    "claim.name": "fhirUser",
    "jsonType.label": "String",
    "id.token.claim": "true",
}


def _scope(name: str, *mappers: Json) -> Json:
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true"},
        "protocolMappers": list(mappers),
    }


def _mapper(kind: str, **config: str) -> Json:
    in_tokens = {"access.token.claim": "true", "id.token.claim": "true"}
    return {
        "name": kind,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": config or in_tokens,
    }


def _client(
    name: str, *, scopes: list[str] | None = None, optional: list[str], **more: Any
) -> Json:
    return {
        "clientId": name,
        "protocol": "openid-connect",
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": True,
        "defaultClientScopes": scopes or ["basic", "ehr"],
        "optionalClientScopes": optional,
        **more,
    }


def _by_secret(name: str, *, optional: list[str] | None = None, **more: Any) -> Json:
    return _client(
        name,
        **{
            "optional": optional or _SYSTEM,
            "secret": SECRET,
            "serviceAccountsEnabled": True,
            **more,
        },
    )


def _by_key(name: str, key: ClientKey) -> Json:
    return _client(
        name,
        optional=_SYSTEM,
        serviceAccountsEnabled=True,
        clientAuthenticatorType="client-jwt",
        attributes={
            "use.jwks.string": "true",
            "jwks.string": json.dumps(jwks([key])),
            "token.endpoint.auth.signing.alg": key.algorithm.value,
        },
    )


def _person(name: str, given: str, family: str, fhir_user: str) -> Json:
    return {
        "username": name,
        "enabled": True,
        "firstName": given,
        "lastName": family,
        "email": f"{name}@clinic.example",
        "emailVerified": True,
        "attributes": {"fhirUser": [fhir_user]},
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        "realmRoles": ["offline_access"],
    }


def _any_attribute() -> Json:
    """Let users have attributes, which Keycloak's user profile drops by default."""
    names = ("username", "email", "firstName", "lastName")
    profile = {
        "attributes": [{"name": name, "displayName": name} for name in names],
        "unmanagedAttributePolicy": "ENABLED",
    }
    return {
        "providerId": "declarative-user-profile",
        "config": {"kc.user.profile.config": [json.dumps(profile)]},
    }


assert set(IDENTITY) == {"openid", "fhirUser"}  # openid is Keycloak's own
