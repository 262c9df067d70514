"""Who signed in: the claims of an ID token, believed only when all of them fit.

Source: OpenID Connect Core 1.0, ID token validation; SMART App Launch 2.2, fhirUser.
"""

import re
from dataclasses import dataclass
from time import time
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ohx_desktop.domain.errors import NotAuthorised
from ohx_desktop.transport import is_within

# Signatures by a public key only: a shared secret proves nothing here.
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "PS256")
_LEEWAY_S = 60
_STAFF = re.compile(r"(?:.*/)?((?:Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffIdentity:
    """A member of staff as the EHR knows them: Practitioner/ID or PractitionerRole/ID."""

    reference: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an ID token must say. `issuer` None: the server did not tell it beforehand."""

    issuer: str | None
    client_id: str
    nonce: str
    clock_ahead_s: float = 0.0


def staff_in(id_token: str, keys: KeySet, expected: Expected, base_url: str) -> StaffIdentity:
    """Return who an ID token is about. Raises NotAuthorised for one that is not to be believed."""
    try:
        claims = jwt.decode(id_token, keys, algorithms=list(_ALGORITHMS)).claims
        _registry(expected).validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAuthorised(
            f"who signed in is not certain (the ID token: {type(error).__name__})",
            hint="sign in again; if it stays, check this computer's clock",
        ) from None
    return StaffIdentity(
        reference=_reference(claims.get("fhirUser") or claims.get("profile"), base_url),
        name=name if isinstance(name := claims.get("name"), str) and name else None,
    )


def _registry(expected: Expected) -> jwt.JWTClaimsRegistry:
    issuer: jwt.ClaimsOption = {"essential": True}
    if expected.issuer:
        issuer["value"] = expected.issuer
    return jwt.JWTClaimsRegistry(
        now=int(time() + expected.clock_ahead_s),
        leeway=_LEEWAY_S,
        iss=issuer,
        sub={"essential": True},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )


def _reference(told: object, base_url: str) -> str:
    """Return the reference in a fhirUser claim, which may be an address under the base."""
    found = _STAFF.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        raise NotAuthorised(
            "the EHR does not know the person who signed in as a practitioner",
            hint="sign in with a staff account, or have an administrator link it to a practitioner",
        )
    if isinstance(told, str) and urlsplit(told).scheme and not is_within(base_url, told):
        raise NotAuthorised(
            "the person who signed in belongs to another FHIR server",
            hint="sign in with an account of this EHR",
        )
    return found[1]
