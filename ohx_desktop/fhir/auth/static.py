"""The methods whose proof never changes: no sign-in, a password, a token that an admin keeps.

Source: FHIR R5 security; RFC 7617 (Basic), RFC 6750 (Bearer).
"""

from base64 import b64encode
from collections.abc import Callable

from ohx_desktop.domain.errors import ConfigurationError

# Names under which `ohx-desktop secret set` keeps what a method needs.
PASSWORD_SECRET = "ehr.password"  # noqa: S105 - the name of a secret
TOKEN_SECRET = "ehr.token"  # noqa: S105 - the name of a secret


def authorization_headers(
    method: str, client_id: str | None, secret: Callable[[str], str | None]
) -> dict[str, str]:
    """Return the headers that sign requests in; `secret` looks a name up and may block.

    Raises ConfigurationError where a part is missing or the method is another one.
    """
    match method:
        case "none":
            return {}
        case "bearer":
            return {"Authorization": f"Bearer {needed_secret(secret, TOKEN_SECRET)}"}
        case "basic":
            if not client_id:
                raise ConfigurationError("ehr.auth.client_id is missing: it is the user name")
            pair = f"{client_id}:{needed_secret(secret, PASSWORD_SECRET)}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    raise ConfigurationError(f"there is no sign-in method {method}")


def needed_secret(secret: Callable[[str], str | None], name: str, hint: str | None = None) -> str:
    """Return a secret. Raises ConfigurationError where it is not kept, with what to do."""
    value = secret(name)
    if not value:
        raise ConfigurationError(
            f"the secret {name} is not in the keyring",
            hint=hint or f"keep it there: ohx-desktop secret set {name}",
        )
    return value
