"""A cuff's clock and memory: what it remembers, when it thinks it was, and what it sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.virtual.encoding import CuffRecord
from ohx_desktop.virtual.profiles import Delivery


class CuffClock:
    """The cuff's own clock: local, without a zone, right or wrong.

    `offset` is how far it is ahead of the host. With `started_at` it was never set and runs from
    that moment on, as after a battery change.
    """

    def __init__(
        self,
        *,
        now: Now = system_now,
        offset: timedelta = timedelta(),
        started_at: datetime | None = None,
    ) -> None:
        self._now = now
        self._offset = offset if started_at is None else started_at - self._host_time()
        self.is_set = started_at is None

    def read(self) -> datetime:
        """Return what the display shows."""
        return self._host_time() + self._offset

    def set(self, moment: datetime) -> None:
        """Set the clock."""
        self._offset = moment - self._host_time()
        self.is_set = True

    def _host_time(self) -> datetime:
        return self._now().replace(tzinfo=None)


@dataclass(slots=True, kw_only=True, eq=False)
class StoredRecord:
    """A record with its place in the user's sequence."""

    record: CuffRecord
    sequence: int
    is_delivered: bool = False


class CuffMemory:
    """Records of all users, oldest first; the oldest of a user gives way to the newest."""

    def __init__(self, users: Iterable[int], depth: int, delivery: Delivery) -> None:
        self._depth = depth
        self._delivery = delivery
        self._last_sequence = dict.fromkeys(users, 0)
        self._stored: list[StoredRecord] = []

    @property
    def records(self) -> tuple[CuffRecord, ...]:
        """Everything remembered, oldest first."""
        return tuple(stored.record for stored in self._stored)

    @property
    def unsent(self) -> Mapping[int, tuple[int, int]]:
        """User number to the last sequence number and the count of records not yet delivered."""
        return {
            user: (last, sum(not stored.is_delivered for stored in self._of(user)))
            for user, last in self._last_sequence.items()
        }

    def add(self, record: CuffRecord) -> StoredRecord:
        """Remember a record."""
        sequence = self._last_sequence.get(record.user, 0) + 1
        self._last_sequence[record.user] = sequence
        stored = StoredRecord(record=record, sequence=sequence)
        self._stored.append(stored)
        of_user = self._of(record.user)
        if len(of_user) > self._depth:
            self._stored.remove(of_user[0])
        return stored

    def to_send(self) -> tuple[StoredRecord, ...]:
        """Return what a host that subscribes now gets, in order."""
        if self._delivery is Delivery.WHOLE_MEMORY:
            return tuple(self._stored)
        return tuple(stored for stored in self._stored if not stored.is_delivered)

    def _of(self, user: int) -> list[StoredRecord]:
        return [stored for stored in self._stored if stored.record.user == user]
