"""One record of a connection, and what its time can tell by itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Self

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.weight_scale_values import without_foreign_profile
from ohx_desktop.ble.device_clock import FIRST_CREDIBLE_YEAR, was_never_set
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity

# No measurement is later than its reception; clocks set by hand are some minutes off.
FUTURE_TOLERANCE = timedelta(minutes=5)
# Further ahead than a day is a date that was never set and tells nothing of the clock's pace.
_NEVER_SET_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a connection, whatever device it came from. `received_at` is aware.

    `stamp` is the device's own naive time, `zone` that of its clock (None: the time on the wall).
    `has_time` is False where no time was sent; with a time that names no moment it is True and
    `stamp` None; `is_clock_set` is False where nobody ever set the clock that made it.
    `quantities` is None for a record that was refused: it may still have been the newest one.
    `is_live` is True where the device showed that it measured now, False where the record surely
    lay in its memory, and None where only the time can tell. `content` is what two copies of it
    have in common, None where that is all of its frames.
    """

    frames: tuple[bytes, ...] = field(repr=False)
    received_at: datetime
    quantities: tuple[Quantity, ...] | None = field(repr=False)
    has_time: bool = True
    is_clock_set: bool = True
    stamp: datetime | None = None
    zone: tzinfo | None = None
    flags: frozenset[Flag] = frozenset()
    user_slot: int | None = None
    sequence: int | None = None
    is_live: bool | None = None
    content: bytes | None = field(default=None, repr=False)
    seen_before: bool = False

    @classmethod
    def of(
        cls,
        measured: Measured,
        frames: tuple[bytes, ...],
        *,
        received_at: datetime,
        zone: tzinfo | None = None,
        is_live: bool | None = None,
        content: bytes | None = None,
    ) -> Self:
        """Return the record of a measurement that was decoded.

        Height and body mass index of a scale's own profile are left out: nobody knows whose they
        are.
        """
        return cls(
            frames=frames,
            received_at=received_at,
            quantities=without_foreign_profile(measured.quantities, patient_height_cm=None),
            has_time=measured.has_time,
            stamp=measured.timestamp,
            zone=zone,
            flags=measured.flags,
            user_slot=measured.user_id,
            sequence=measured.sequence,
            is_live=is_live,
            content=content,
        )

    @property
    def is_old(self) -> bool:
        """True for what an earlier session met, and for what the device calls stored.

        What was measured before our eyes is new, though it may have the bytes of an earlier one.
        """
        return self.is_live is False or (self.seen_before and self.is_live is None)

    def wall(self, moment: datetime) -> datetime:
        """Return what a right clock of the device's kind shows at an aware moment."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def moments(self) -> tuple[datetime, ...]:
        """Return the aware moments the stamp may name: two in the hour that comes twice a year."""
        if self.stamp is None:
            return ()
        if self.zone is not None:
            return (self.stamp.replace(tzinfo=self.zone).astimezone(),)
        return tuple(self.stamp.replace(fold=fold).astimezone() for fold in (0, 1))

    @property
    def credible_stamp(self) -> datetime | None:
        """The stamp, unless it comes from a clock that was never set or runs far ahead."""
        stamp = self.stamp
        if stamp is None or not self.is_clock_set or was_never_set(stamp, self.received_at):
            return None
        return stamp if stamp - self.wall(self.received_at) <= FUTURE_TOLERANCE else None

    @property
    def is_clock_surely_unset(self) -> bool:
        """True when nobody can have meant the stamp, on whatever day it was measured."""
        if self.stamp is None:
            return False
        return not self.is_clock_set or self.stamp.year < FIRST_CREDIBLE_YEAR

    @property
    def credible_time(self) -> datetime | None:
        """The aware time of a credible stamp that is not later than the reception."""
        stamp = self.credible_stamp
        if stamp is None or stamp > self.wall(self.received_at):
            return None
        return self.moments()[0]

    @property
    def proves_clock_ahead(self) -> bool:
        """True when the device's clock must run ahead of ours."""
        if self.stamp is None or not self.is_clock_set:
            return False
        return timedelta(0) < self.stamp - self.wall(self.received_at) <= _NEVER_SET_AHEAD
