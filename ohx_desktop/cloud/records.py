"""A cloud service's records as this program takes them: values, circumstances, and a judgement.

A record is one act of measuring, as the service groups it. The judgement says what may happen to
it before any person has looked: nothing is filed by it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ohx_desktop.cloud.moments import When
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Original, Quantity, Unit
from ohx_desktop.domain.reading import Reading, Source


class Origin(StrEnum):
    """How a value came about."""

    DEVICE = "device"
    MANUAL = "manual"
    DERIVED = "derived"
    UNKNOWN = "unknown"


class Owner(StrEnum):
    """Whose reading the service says it is."""

    SURE = "sure"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class Judgement(StrEnum):
    """What may happen to a record."""

    OFFER = "offer"
    """It may be shown as the patient's, to be confirmed."""
    AMBIGUOUS = "ambiguous"
    """Only a person can say whose it is or what it is: it waits in the tray."""


class Reason(StrEnum):
    """Why something that came is no reading."""

    GOAL = "goal_not_reading"
    ACCOUNT_CREATION = "account_creation_entry"
    EMPTY_GROUP = "empty_group"
    SEGMENTAL = "segmental"
    UNKNOWN_TYPE = "unknown_type"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNCLEAR_OBJECT = "unclear_object"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    INCOMPLETE_PRESSURE = "incomplete_bp"
    INCOMPLETE_NIGHT = "incomplete_night"
    INCOMPLETE_DAY = "incomplete_day"
    NO_VALUE = "no_value"
    NO_TIME_ZONE = "no_time_zone"
    IMPLAUSIBLE = "implausible"
    IMPLAUSIBLE_ENCODING = "implausible_encoding"
    IMPLAUSIBLE_TIME = "implausible_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudValue:
    """One value, and what names it at the service."""

    id: str
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRecord:
    """One act of measuring at a service. `key` names it there, with its account.

    `revision` changes when the service changes the record, and may be empty where it does not tell.
    `group` is what the service calls a group of values, None where it has none.
    """

    source: Source
    key: str
    values: tuple[CloudValue, ...]
    when: When
    origin: Origin
    owner: Owner
    flags: frozenset[Flag] = frozenset()
    device: DeviceIdentity | None = None
    group: str | None = None
    revision: str = ""

    @property
    def judgement(self) -> Judgement:
        """What may happen to it: nothing is guessed where owner or origin is in doubt."""
        in_doubt = self.owner is Owner.AMBIGUOUS or self.origin is Origin.UNKNOWN
        return Judgement.AMBIGUOUS if in_doubt else Judgement.OFFER

    def reading(self, received_at: datetime) -> Reading:
        """Return the record as a Reading. The service's clock is one that is kept right."""
        return Reading(
            source=self.source,
            device=self.device,
            measured_at=self.when.at,
            received_at=received_at,
            clock=DeviceClock(trust=ClockTrust.DEVICE),
            quantities=tuple(_in_whole_minutes(value.quantity) for value in self.values),
            flags=self.flags,
            period_start=self.when.start,
            source_id=self.key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What came and is no reading: `key` of the record, and `part` where it is one value of it."""

    key: str
    part: str | None = None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What one answer held."""

    records: tuple[CloudRecord, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def _in_whole_minutes(quantity: Quantity) -> Quantity:
    """Return a duration in minutes, with `original`, where its seconds are whole minutes.

    Anything else would have to be rounded, and stays as it came.
    """
    seconds = quantity.value
    if quantity.unit is not Unit.SECOND or seconds % 60:
        return quantity
    return Quantity(
        kind=quantity.kind,
        value=seconds // 60,
        unit=Unit.MINUTE,
        original=quantity.original or Original(value=seconds, unit=Unit.SECOND),
    )
