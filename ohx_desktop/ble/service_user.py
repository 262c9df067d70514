"""The user slot that this computer took in a scale, as it is kept: index and consent code."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUser:
    """Our slot in a scale. The code is a secret: it is kept in the keyring."""

    index: int
    code: int = field(repr=False)


def service_user_of(kept: str | None) -> ServiceUser | None:
    """Return the user that was kept as text, None for none and for anything else."""
    index, _, code = (kept or "").partition(":")
    if not (index.isdecimal() and code.isdecimal()):
        return None
    return ServiceUser(index=int(index), code=int(code))


def kept_form(user: ServiceUser) -> str:
    """Return the text to keep of a user."""
    return f"{user.index}:{user.code}"
