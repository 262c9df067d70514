"""`ehr key` and `ehr jwks`: the key by which this installation signs in, and its public half."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ohx_desktop.audit.events import Event
from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ConfigurationError, ExitCode

if TYPE_CHECKING:
    from ohx_desktop.oauth.client_key import ClientKey


def add_commands(ehr: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both to the group `ehr`."""
    key = ehr("key", _key, "make a new key pair for ehr.auth.method = smart-backend")
    key.add_argument(
        "--algorithm",
        choices=("ES384", "RS384"),
        default="ES384",
        help="what the EHR supports (default ES384)",
    )
    ehr("jwks", _jwks, "print the public keys (JWK Set) to register with the EHR")


def _key(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.fhir.auth.credentials import CLIENT_KEY, EARLIER_CLIENT_KEY
    from ohx_desktop.keystore import get_secret, set_secret
    from ohx_desktop.oauth.client_key import Algorithm, new_key

    data = _data(options)
    earlier = get_secret(data, CLIENT_KEY)
    if earlier is not None:
        # It stays in the set, so that nothing stops until the server has the new one.
        set_secret(data, EARLIER_CLIENT_KEY, earlier)
    set_secret(data, CLIENT_KEY, new_key(Algorithm(options.algorithm)))
    tell_audit(options.profile, Event.SECRET_SET, CLIENT_KEY, out)
    out.note("register these public keys with the EHR; the private ones never leave the keyring")
    return _jwks(options, out)


def _jwks(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.oauth.client_key import jwks

    keys = _keys(_data(options))
    if not keys:
        raise ConfigurationError(
            "there is no key of this installation", hint="make one: ohx-desktop ehr key"
        )
    out.raw(json.dumps(jwks(keys), indent=None if out.as_json else 2))
    return ExitCode.DONE


def _keys(data: Path) -> "list[ClientKey]":
    from ohx_desktop.fhir.auth.credentials import CLIENT_KEY, EARLIER_CLIENT_KEY
    from ohx_desktop.keystore import get_secret
    from ohx_desktop.oauth.client_key import ClientKey

    kept = (get_secret(data, name) for name in (CLIENT_KEY, EARLIER_CLIENT_KEY))
    return [ClientKey(pem) for pem in kept if pem]


def _data(options: Any) -> Path:
    from ohx_desktop.settings.profile import Profile

    return Profile.at(options.profile).data
