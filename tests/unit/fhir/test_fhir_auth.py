"""Signing in: the right header for each method, a clear word where a part is missing."""

import pytest

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.fhir.auth.static import authorization_headers

SECRETS = {"ehr.token": "t0ken", "ehr.password": "pässword"}


def test_each_method_has_its_header() -> None:
    assert authorization_headers("none", None, SECRETS.get) == {}
    assert authorization_headers("bearer", None, SECRETS.get) == {"Authorization": "Bearer t0ken"}
    basic = authorization_headers("basic", "ohx", SECRETS.get)
    assert basic == {"Authorization": "Basic b2h4OnDDpHNzd29yZA=="}


@pytest.mark.parametrize(
    ("method", "client", "secrets", "named"),
    [
        ("bearer", None, {}, "ehr.token"),
        ("basic", "ohx", {}, "ehr.password"),
        ("basic", None, SECRETS, "client_id"),
        ("smart-backend", "ohx", SECRETS, "smart-backend"),
    ],
)
def test_what_is_missing_is_named_and_no_secret_is(
    method: str, client: str | None, secrets: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        authorization_headers(method, client, secrets.get)
    assert not any(secret in str(caught.value) for secret in SECRETS.values())
