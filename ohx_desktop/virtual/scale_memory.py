"""What a scale remembers of its users, and whom it takes the person standing on it for."""

from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.virtual.scale_encoding import ScaleRecord
from ohx_desktop.virtual.scale_users import UNKNOWN_USER, ScaleUsers

_SAME_PERSON_KG = Decimal(3)
"""The weight threshold of the settings as delivered."""


@dataclass(slots=True, eq=False)
class StoredWeighing:
    """A record, and whether a host has had all of it."""

    record: ScaleRecord
    is_delivered: bool = False


class ScaleMemory:
    """Records of all users, oldest first; at most `depth` of each."""

    def __init__(self, users: ScaleUsers, *, depth: int) -> None:
        self._users = users
        self._depth = depth
        self._stored: list[StoredWeighing] = []

    @property
    def records(self) -> tuple[ScaleRecord, ...]:
        """Everything remembered."""
        return tuple(stored.record for stored in self._stored)

    @property
    def users_with_news(self) -> list[int]:
        """Users who have records that no host has had."""
        return sorted({each.record.user for each in self._stored if not each.is_delivered})

    def waiting_for(self, user: int | None) -> list[StoredWeighing]:
        """Return the records of a user that no host has had."""
        return [each for each in self._of(user) if not each.is_delivered]

    def user_for(self, weight_kg: Decimal) -> int:
        """Return the active user, else the one who weighed about the same last time."""
        if self._users.active is not None:
            return self._users.active
        for index in self._users.indexes:
            last_kg = self._users[index].last_weight_kg
            if last_kg is not None and abs(last_kg - weight_kg) <= _SAME_PERSON_KG:
                return index
        return UNKNOWN_USER

    def store(self, record: ScaleRecord) -> StoredWeighing | None:
        """Keep a record, unless it is of nobody the scale knows."""
        if record.user not in self._users:
            return None
        stored = StoredWeighing(record)
        self._stored.append(stored)
        self._users[record.user].last_weight_kg = record.weight_kg
        of_user = self._of(record.user)
        if len(of_user) > self._depth:
            self._stored.remove(of_user[0])
        return stored

    def clear(self) -> None:
        """Forget everything."""
        self._stored.clear()

    def _of(self, user: int | None) -> list[StoredWeighing]:
        return [each for each in self._stored if each.record.user == user]
