"""What has been read of a link before: enough to tell new, changed, vanished and doubled. Pure.

Of a record stay a digest of its name at the provider, the id of its reading, when it was measured,
and a digest of each value; no value and no name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

from ohx_desktop.domain.quantity import Quantity

# The same measurement by way of two providers: their clocks differ by no more.
TWIN_WITHIN = timedelta(minutes=2)
_KEY_BYTES = 16
_VALUE_BYTES = 8


class Notice(StrEnum):
    """What happened at the provider to a reading that had been filed: told, never acted on."""

    EDITED = "edited"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record that was read. `values` are digests, in no order."""

    key: bytes
    reading: UUID
    measured_at: datetime
    values: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What was known of a record when it came.

    `before` is the reading it was, None where it is new. `twin` is the reading of another link of
    the same patient that has the same value at the same time.
    """

    before: UUID | None
    twin: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something that happened at the provider to a filed reading. `reading` is the filed one."""

    link_id: UUID
    reading: UUID
    notice: Notice
    measured_at: datetime


def digest(name: str) -> bytes:
    """Return what stands for the name of a record."""
    return blake2b(name.encode(), digest_size=_KEY_BYTES).digest()


def value_digests(quantities: Iterable[Quantity], *, patient: str) -> frozenset[bytes]:
    """Return what stands for values of a patient: equal where kind, number and unit are."""
    key = blake2b(patient.encode(), digest_size=_KEY_BYTES).digest()
    return frozenset(
        blake2b(
            f"{each.kind}|{each.value.normalize():f}|{each.unit}".encode(),
            digest_size=_VALUE_BYTES,
            key=key,
        ).digest()
        for each in quantities
    )


def packed(values: frozenset[bytes]) -> bytes:
    """Return digests as one value."""
    return b"".join(sorted(values))


def unpacked(told: bytes) -> frozenset[bytes]:
    """Return the digests of one value."""
    return frozenset(
        told[place : place + _VALUE_BYTES] for place in range(0, len(told), _VALUE_BYTES)
    )
