"""The key pair by which this installation proves who it is, and its public half for the server.

Source: SMART App Launch 2.2, asymmetric client authentication (ES384 or RS384; `exp` at most five
minutes ahead; `jti` once); RFC 7517, RFC 7638 (thumbprint as `kid`).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from authlib.oauth2.rfc7523.assertion import private_key_jwt_sign
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from ohx_desktop.domain.errors import ConfigurationError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# SMART allows five minutes; a little less leaves room for clocks.
LIFETIME_S = 240
_RSA_BITS = 3072


class Algorithm(StrEnum):
    """Signature algorithms that every SMART server supports at least one of."""

    ES384 = "ES384"
    RS384 = "RS384"


def new_key(algorithm: Algorithm) -> str:
    """Return a new private key as PEM. Blocking: an RSA key takes some tenths of a second."""
    key = (
        ECKey.generate_key("P-384")
        if algorithm is Algorithm.ES384
        else RSAKey.generate_key(_RSA_BITS)
    )
    return key.as_pem(private=True).decode()


class ClientKey:
    """A private key with its algorithm and key id. Raises ConfigurationError for what is no key."""

    def __init__(self, pem: str) -> None:
        self._key, self.algorithm = _loaded(pem)
        self.key_id: str = self._key.thumbprint()

    def assertion(self, client_id: str, token_url: str, *, issued_at: int) -> str:
        """Return a signed assertion for the token endpoint; `issued_at` in Unix seconds."""
        signed: str = private_key_jwt_sign(
            self._key,
            client_id,
            token_url,
            alg=self.algorithm.value,
            header={"kid": self.key_id, "typ": "JWT"},
            issued_at=issued_at,
            expires_at=issued_at + LIFETIME_S,
        )
        return signed

    def public_jwk(self) -> dict[str, Any]:
        """Return the public half as a JWK."""
        return {
            **self._key.as_dict(private=False),
            "kid": self.key_id,
            "use": "sig",
            "alg": self.algorithm.value,
        }


def jwks(keys: Sequence[ClientKey]) -> dict[str, Any]:
    """Return the JWK Set to register with the server."""
    return {"keys": [key.public_jwk() for key in keys]}


def key_set(document: dict[str, Any]) -> KeySet:
    """Return the keys of a JWK Set document. Raises ValueError."""
    try:
        return KeySet.import_key_set(document)  # type: ignore[arg-type] # checked by the call
    except (JoseError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a set of keys") from error


def _loaded(pem: str) -> tuple[ECKey | RSAKey, Algorithm]:
    for kind, algorithm in ((ECKey, Algorithm.ES384), (RSAKey, Algorithm.RS384)):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError, AssertionError):
            continue
        if isinstance(key, ECKey) and key.curve_name != "P-384":
            break
        return key, algorithm
    raise ConfigurationError(
        "the private key of this client is neither a P-384 nor an RSA key",
        hint="make a new one: ohx-desktop ehr key",
    )
