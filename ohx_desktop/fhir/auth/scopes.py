"""What this program needs to be allowed, as SMART scopes of either version.

Source: SMART App Launch 2.2, scopes (v2 `cruds`, v1 read and write).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import NotAuthorised


class Subject(StrEnum):
    """For whom a scope holds."""

    USER = "user"
    SYSTEM = "system"


class ScopeVersion(StrEnum):
    """How a server wants scopes to be written."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """What is done with one type: letters of c, r, u, d, s. Without it, `essential` says no."""

    resource_type: str
    permissions: str
    essential: bool = True


# A conditional create searches, and update as create updates.
_NEEDS = (
    _Need(resource_type="Patient", permissions="rs"),
    _Need(resource_type="Encounter", permissions="rs", essential=False),
    _Need(resource_type="ServiceRequest", permissions="rs", essential=False),
    _Need(resource_type="Appointment", permissions="rs", essential=False),
    _Need(resource_type="Observation", permissions="crus"),
    _Need(resource_type="Device", permissions="crus"),
    _Need(resource_type="Provenance", permissions="crus"),
)
IDENTITY = ("openid", "fhirUser")
_V1 = {"read": frozenset("rs"), "write": frozenset("cud"), "*": frozenset("cruds")}


def needed(subject: Subject, version: ScopeVersion) -> frozenset[str]:
    """Return the scopes to ask for."""
    if version is ScopeVersion.V2:
        return frozenset(f"{subject}/{need.resource_type}.{need.permissions}" for need in _NEEDS)
    return frozenset(
        f"{subject}/{need.resource_type}.{word}"
        for need in _NEEDS
        for word in (("read", "write") if set("cud") & set(need.permissions) else ("read",))
    )


def own_record(version: ScopeVersion) -> frozenset[str]:
    """Return the scopes by which a person's own name is read; it is also shown without them."""
    word = "r" if version is ScopeVersion.V2 else "read"
    return frozenset(f"user/{kind}.{word}" for kind in ("Practitioner", "PractitionerRole"))


def missing(granted: Collection[str], subject: Subject) -> tuple[str, ...]:
    """Return what is needed and was not granted, as v2 scopes; whatever version was granted."""
    return tuple(
        f"{subject}/{need.resource_type}.{''.join(lacking)}"
        for need in _NEEDS
        if (lacking := _lacking(need, granted, subject))
    )


def require(granted: Collection[str], subject: Subject) -> None:
    """Raise NotAuthorised where a scope is missing without which no reading can be filed."""
    essential = {need.resource_type for need in _NEEDS if need.essential}
    lacking = [scope for scope in missing(granted, subject) if _resource_type(scope) in essential]
    if lacking:
        raise NotAuthorised(
            f"the EHR does not grant {', '.join(lacking)}",
            hint="an administrator must allow these scopes for this program",
        )


def _lacking(need: _Need, granted: Collection[str], subject: Subject) -> list[str]:
    allowed: set[str] = set()
    for scope in granted:
        kind, _, rest = scope.partition("/")
        resource_type, _, permissions = rest.partition("?")[0].partition(".")
        if kind == subject and resource_type in {need.resource_type, "*"} and "?" not in rest:
            allowed |= _V1.get(permissions, frozenset(permissions))
    return [letter for letter in need.permissions if letter not in allowed]


def _resource_type(scope: str) -> str:
    return scope.partition("/")[2].partition(".")[0]
