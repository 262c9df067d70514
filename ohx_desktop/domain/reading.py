"""A Reading: one act of measuring, with all its values.

Its id is computed from what the device itself said, so that the same measurement read twice, over
another link or after a crash, has the same id, and two measurements never share one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID, uuid5

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity, QuantityKind

# Namespace of reading ids; fixed for ever, as every station must agree.
READING_NAMESPACE = UUID("6a1d3a52-6c9c-5b3e-9f0e-8d7a0f4b2c11")


class Source(StrEnum):
    """Where a reading came from."""

    BLUETOOTH = "bluetooth"
    WITHINGS = "withings"
    FITBIT = "fitbit"
    GOOGLE_HEALTH = "google-health"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One measurement (`ohx.reading/1`). Aware datetimes only; quantities in the device's order.

    `stored` is true when it lay in the device's memory before this session began. What counts or
    sums up over a time (steps, sleep) has `period_start`, and `measured_at` is the period's end.
    `source_id` is what a cloud service calls the measurement, with the account it belongs to.
    """

    source: Source
    device: DeviceIdentity | None
    measured_at: datetime | None
    received_at: datetime
    clock: DeviceClock
    user_slot: int | None = None
    sequence: int | None = None
    quantities: tuple[Quantity, ...]
    flags: frozenset[Flag] = frozenset()
    stored: bool = False
    period_start: datetime | None = None
    source_id: str | None = None

    def __post_init__(self) -> None:
        for moment in (self.measured_at, self.received_at, self.period_start):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError("a reading's times have a UTC offset")
        if self.period_start is not None and (
            self.measured_at is None or self.period_start > self.measured_at
        ):
            raise ValueError("a period has an end, and it begins before that")
        if self.source_id is not None and not (self.source_id and self.source_id.isprintable()):
            raise ValueError("what names a measurement is printable")
        if not self.quantities:
            raise ValueError("a reading has at least one quantity")
        kinds = [quantity.kind for quantity in self.quantities]
        if len(set(kinds)) != len(kinds):
            raise ValueError("a reading has each kind once")

    @cached_property
    def id(self) -> UUID:
        """Version 5 UUID over device, device-reported time, sequence, kinds and values.

        A device without a clock and a sequence cannot tell two equal measurements apart; there the
        moment of reception joins the key. What a cloud service names goes by that name, whatever
        the service tells of the device.
        """
        when = self.clock.device.isoformat() if self.clock.device else ""
        if self.source_id is not None:
            when = self.measured_at.astimezone(UTC).isoformat() if self.measured_at else ""
        elif not when and self.sequence is None:
            arrived = self.received_at.astimezone(UTC).isoformat(timespec="milliseconds")
            when = f"received:{arrived}"
        if self.period_start is not None:
            when += f"|since:{self.period_start.astimezone(UTC).isoformat()}"
        values = sorted(_as_measured(quantity) for quantity in self.quantities)
        device = self.source_id or (self.device.key if self.device else self.source.value)
        sequence = "" if self.sequence is None else str(self.sequence)
        return uuid5(READING_NAMESPACE, "|".join([device, when, sequence, *values]))

    @property
    def needs_display_check(self) -> bool:
        """True when only a look at the device's display can tell that this is the new reading."""
        if self.stored:
            return False
        has_no_clock = self.clock.trust in {ClockTrust.UNKNOWN, ClockTrust.RECEIVED}
        return has_no_clock or Flag.UNPROVEN_MODEL in self.flags

    def quantity(self, kind: QuantityKind) -> Quantity | None:
        """Return the quantity of this kind, or None."""
        return next((q for q in self.quantities if q.kind is kind), None)


def _as_measured(quantity: Quantity) -> str:
    measured = quantity.original or quantity
    return f"{quantity.kind}={measured.value:f}{measured.unit}"
