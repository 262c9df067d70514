"""Names of resources: the same submission gives the same names on every station and retry.

Business identifiers are what a conditional create looks for, so they hold the patient: a reading
first sent for the wrong person must not be found as "already there" for the right one. `fullUrl`
is only the placeholder inside one Bundle; it is never the identifier, because servers replace
placeholders in conditions too (HAPI does).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote
from uuid import UUID, uuid5

from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import UUID_SYSTEM

# Fixed for ever: another namespace would send every waiting reading a second time.
FHIR_NAMESPACE = UUID("3f1c0d5e-7b0a-5d43-9b61-0c6f4f2b8a77")

_LONGEST_OFFSET = timedelta(hours=14)


def named_uuid(*parts: str) -> UUID:
    """Return the version 5 UUID of these parts."""
    return uuid5(FHIR_NAMESPACE, "|".join(parts))


def placeholder(identifier: Json) -> str:
    """Return the `fullUrl` of the resource that carries this identifier."""
    return _placeholder(identifier["system"], identifier["value"])


# Each is asked for some times in one Bundle. Neither part tells of a person.
@lru_cache(maxsize=64)
def _placeholder(system: str, value: str) -> str:
    return f"urn:uuid:{named_uuid('entry', system, value)}"


def uuid_identifier(value: UUID) -> Json:
    """Return an Identifier that is a UUID."""
    return {"system": UUID_SYSTEM, "value": f"urn:uuid:{value}"}


def observation_identifier(reading_id: UUID, patient: str, key: str) -> Json:
    """Return the Identifier of what a reading tells of one kind (`key`) for this patient."""
    return uuid_identifier(named_uuid("observation", str(reading_id), patient, key))


def condition(identifier: Json) -> str:
    """Return the `ifNoneExist` query for this identifier, with its bar percent-encoded."""
    return "identifier=" + quote(f"{identifier['system']}|{identifier['value']}", safe=":/")


def tag_condition(tag: Json) -> str:
    """Return the `ifNoneExist` query for a resource that has no identifier but this tag."""
    return "_tag=" + quote(f"{tag['system']}|{tag['code']}", safe=":/")


def moment(time: datetime, *, timespec: str = "seconds") -> str:
    """Return a FHIR dateTime or instant with offset; `timespec` as for datetime.isoformat.

    Offsets that FHIR cannot write (seconds in them, beyond 14 hours) become UTC.
    """
    offset = time.utcoffset()
    if offset is None:
        raise ValueError("a FHIR time has a UTC offset")
    if offset % timedelta(minutes=1) or abs(offset) > _LONGEST_OFFSET:
        time = time.astimezone(UTC)
    return time.isoformat(timespec=timespec)
