"""What an FFE0 scale remembers: persons, their records, and records of nobody it knows."""

from decimal import Decimal

from ohx_desktop.virtual.ffe0_records import Ffe0Record, Ffe0User

_SAME_PERSON_KG = Decimal(2)
"""The weight threshold in the captured status."""


class Ffe0Memory:
    """Persons by their uid, and at most `depth` records of each."""

    def __init__(self, *, max_users: int, depth: int) -> None:
        self.users: dict[bytes, Ffe0User] = {}
        self.stored: dict[bytes, list[Ffe0Record]] = {}
        self.unknown: list[Ffe0Record] = []
        self._max_users = max_users
        self._depth = depth
        self._last_kg: dict[bytes, Decimal] = {}

    def add_user(self, user: Ffe0User) -> int:
        """Make a person known; returns 0, or 1 full, 2 uid taken, 3 name taken."""
        if len(self.users) >= self._max_users:
            return 1
        if user.uid in self.users:
            return 2
        if any(known.name == user.name for known in self.users.values()):
            return 3
        self.users[user.uid] = user
        self.stored[user.uid] = []
        return 0

    def person_of(self, weight_kg: Decimal) -> Ffe0User | None:
        """Return who weighed about the same last time."""
        for uid, last_kg in self._last_kg.items():
            if abs(last_kg - weight_kg) <= _SAME_PERSON_KG:
                return self.users[uid]
        return None

    def recognise(self, record: Ffe0Record, user: Ffe0User | None) -> None:
        """Keep the weight by which the person is recognised next time."""
        if user is not None:
            self._last_kg[user.uid] = record.weight_kg

    def store(self, record: Ffe0Record, user: Ffe0User | None) -> bool:
        """Keep a record; tells whether there was room."""
        self.recognise(record, user)
        memory = self.unknown if user is None else self.stored[user.uid]
        if len(memory) >= self._depth:
            return False
        memory.append(record)
        return True
