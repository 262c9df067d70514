"""Telling the new measurement from what lay in the device's memory.

This decides whose reading it is, so it errs to one side: a record counts as new only where the
device's clock proves it, or where it is the only one that can be new. In the second case the
reading's clock trust is unknown or received, and a person compares it with the display.

With a clock that could be measured (Current Time, 0x2A2B) each record is judged by itself. Without
one, only the whole burst tells: a later record may prove that the clock runs ahead, and then an
older patient's record would look new.

Source: Bluetooth SIG health services, time stamps: when is a reading "now"?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.ble.arrival import can_be_newest
from ohx_desktop.ble.record import FUTURE_TOLERANCE, Record
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.reading import Reading, Source

# A clock this close to ours is used as it is; beyond, its times are shifted by the offset.
CLOCK_TOLERANCE = timedelta(seconds=60)
# Reading the clock takes a moment, and its fractions of a second may be cut off.
_MEASURING_ERROR = timedelta(seconds=2)
# No record is later than the very clock that stamps it: one further ahead was made before a reset.
_BEFORE_RESET = timedelta(days=1)
# How far a clock set by hand may be behind for its newest record to be worth a person's look.
_HAND_SET_BEHIND = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges the records of one connection.

    `session_began` (aware) is the moment the person was called. `offset` is the device's clock
    minus the host's, None where it could not be measured.
    """

    identity: DeviceIdentity
    session_began: datetime
    offset: timedelta | None

    def judge_at_once(self, record: Record) -> Reading | None:
        """Return the reading of a record that is new for certain, None if that takes the burst."""
        if record.is_old:
            return None
        if record.is_live:
            return self._measured_now(record)
        instant = self._instant(record)
        if instant is None or not self._is_of_this_session(instant):
            return None
        return self._timed_by_clock(record, instant, stored=False)

    def judge_burst(self, records: Sequence[Record]) -> tuple[tuple[Record, Reading], ...]:
        """Return all other records with their readings, sorted by the device's time.

        `records` holds every record of the connection as they arrived, refused ones included.
        """
        waiting = [r for r in records if r.quantities and self.judge_at_once(r) is None]
        waiting.sort(key=lambda record: record.stamp or datetime.min)  # noqa: DTZ901 - sort key
        proven = self._proven_by_stamp(records)
        any_is_new = proven or any(self.judge_at_once(r) for r in records if r.quantities)
        candidate = None if any_is_new else self._candidate(records)
        return tuple((record, self._judged(record, candidate, proven)) for record in waiting)

    def unjudged(self, record: Record, *, stored: bool) -> Reading:
        """Return the reading of a record as it is to be kept until the burst judges it."""
        instant = self._instant(record)
        if instant is not None:
            return self._timed_by_clock(record, instant, stored=stored)
        return self._reading(record, record.credible_time, ClockTrust.UNKNOWN, stored=stored)

    def lay_in_memory(self, record: Record) -> bool:
        """Tell whether a record, refused or not, is surely older than this session."""
        if record.is_old or record.is_live:
            return record.is_old
        if self._was_before_reset(record):
            return True
        instant = self._instant(record)
        if instant is not None:
            return not self._is_of_this_session(instant)
        return record.credible_stamp is not None and self._recent(record) is None

    # ── with a measured clock ────────────────────────────────────────────────────────────────

    def _instant(self, record: Record) -> datetime | None:
        """Return the aware moment of measuring, None where the clock cannot tell it.

        Counted back from the reception by the device's clock alone, so that a change to or from
        summer time in between does no harm.
        """
        if self.offset is None or record.stamp is None:
            return None
        age = record.wall(record.received_at) - record.stamp + self.offset
        try:
            instant = (record.received_at - age).astimezone()
        except (OverflowError, ValueError, OSError):  # a date the host's calendar does not know
            return None
        return instant if instant - record.received_at <= FUTURE_TOLERANCE else None

    def _was_before_reset(self, record: Record) -> bool:
        """Tell whether the device's clock was set back since, as by a change of batteries."""
        if self.offset is None or record.stamp is None:
            return False
        return record.stamp - record.wall(record.received_at) - self.offset > _BEFORE_RESET

    def _is_of_this_session(self, instant: datetime) -> bool:
        return instant >= self.session_began - _MEASURING_ERROR

    def _timed_by_clock(self, record: Record, instant: datetime, *, stored: bool) -> Reading:
        if record.stamp is None or self.offset is None:
            raise ValueError("only a measured clock times a record")
        if abs(self.offset) > CLOCK_TOLERANCE:
            # The device counts in seconds; fractions would be those of our exchange with it.
            second = (instant + timedelta(seconds=0.5)).replace(microsecond=0)
            return self._reading(record, second, ClockTrust.CORRECTED, stored=stored)
        # In the hour that clocks show twice a year, the device means the nearer one.
        nearest = min(record.moments(), key=lambda moment: abs(moment - instant))
        return self._reading(record, nearest, ClockTrust.DEVICE, stored=stored)

    # ── by the device's own word ─────────────────────────────────────────────────────────────

    def _measured_now(self, record: Record) -> Reading:
        """Return the reading of what was measured before our eyes, at a time that can be meant."""
        when = record.credible_time
        if when is not None and record.received_at - when <= CLOCK_TOLERANCE:
            return self._reading(record, when, ClockTrust.DEVICE, stored=False)
        return self._reading(record, record.received_at, ClockTrust.RECEIVED, stored=False)

    # ── without one ──────────────────────────────────────────────────────────────────────────

    def _proven_by_stamp(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that a clock nobody could measure shows to be new.

        None at all when one stamp proves that this clock runs ahead.
        """
        if self.offset is not None or any(record.proves_clock_ahead for record in records):
            return []
        return [r for r in records if r.quantities and not r.is_old and self._fits(r)]

    def _fits(self, record: Record) -> bool:
        """Tell whether the stamp lies between the session's beginning and the reception."""
        stamp, when = record.credible_stamp, record.credible_time
        if stamp is None or when is None:
            return False
        began = self.session_began
        if stamp.second == 0:  # many cuffs keep minutes only
            began = began.replace(second=0, microsecond=0)
        return when >= began

    def _candidate(self, records: Sequence[Record]) -> Record | None:
        """Return the one record that may be new though no clock proves it, if there is just one."""
        recent = self._recent(_newest([r for r in records if self._has_usable_time(r)]))
        timeless = [r for r in records if self._may_be_of_unset_clock(r)]
        if not timeless or recent is not None:
            return None if timeless else recent
        newest = _newest(timeless)
        if newest is None or newest.is_old or not can_be_newest(newest, records):
            return None
        return newest

    def _may_be_of_unset_clock(self, record: Record) -> bool:
        """Tell whether a record may be new though no usable time says so.

        One that an earlier session met is not, but its stamp may show another one to be older.
        """
        if record.is_live is False or self._has_usable_time(record):
            return False
        return not (record.is_old if record.stamp is None else self._was_before_reset(record))

    def _has_usable_time(self, record: Record) -> bool:
        by_clock = self._instant(record) is not None
        return by_clock if self.offset is not None else record.credible_stamp is not None

    def _recent(self, record: Record | None) -> Record | None:
        if record is None or record.stamp is None:
            return None
        if record.is_old or self.offset is not None:
            return None
        recent = record.stamp >= record.wall(self.session_began) - _HAND_SET_BEHIND
        return record if recent else None

    # ── readings ─────────────────────────────────────────────────────────────────────────────

    def _judged(
        self, record: Record, candidate: Record | None, proven: Sequence[Record]
    ) -> Reading:
        if record is candidate:
            return self._reading_to_check(record)
        if any(record is one for one in proven):
            return self._reading(record, record.credible_time, ClockTrust.DEVICE, stored=False)
        instant = self._instant(record)
        if instant is not None:
            return self._timed_by_clock(record, instant, stored=True)
        return self._reading(record, record.credible_time, ClockTrust.UNKNOWN, stored=True)

    def _reading_to_check(self, record: Record) -> Reading:
        if not record.has_time:
            return self._reading(record, record.received_at, ClockTrust.RECEIVED, stored=False)
        return self._reading(record, record.credible_time, ClockTrust.UNKNOWN, stored=False)

    def _reading(
        self, record: Record, when: datetime | None, trust: ClockTrust, *, stored: bool
    ) -> Reading:
        if record.quantities is None:
            raise ValueError("a refused record has no reading")
        # A tenth of a second is what the exchange can tell; adding zero makes -0.0 a plain zero.
        offset_s = None if self.offset is None else round(self.offset.total_seconds(), 1) + 0.0
        return Reading(
            source=Source.BLUETOOTH,
            device=self.identity,
            measured_at=when,
            received_at=record.received_at,
            clock=DeviceClock(device=record.stamp, offset_s=offset_s, trust=trust),
            user_slot=record.user_slot,
            sequence=record.sequence,
            quantities=record.quantities,
            flags=record.flags,
            stored=stored,
        )


def _newest(records: Sequence[Record]) -> Record | None:
    """Return the newest record, None where that cannot be told or it was refused."""
    if len(records) == 1:
        newest = records[0]
    else:
        stamps = [record.stamp for record in records]
        known = [stamp for stamp in stamps if stamp is not None]
        if not records or len(known) < len(records) or known.count(max(known)) > 1:
            return None
        newest = records[stamps.index(max(known))]
    return newest if newest.quantities is not None else None
