"""How many entries wait and need a person, without counting them at each look."""

from collections import Counter

from ohx_desktop.outbox import sql
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.storage.database import Connection, pragma


class Tally:
    """Counts once, then follows the store's own changes; counts anew after another's.

    Only the states `queued`, `sending` and `needs-attention` are counted.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._counts: Counter[EntryState] | None = None
        self._version: int | None = None

    def moved(self, before: EntryState | None, after: EntryState | None, number: int = 1) -> None:
        """Follow a change that will be committed; None for what was not there or is gone."""
        if self._counts is not None:
            if before is not None:
                self._counts[before] -= number
            if after is not None:
                self._counts[after] += number

    def forget(self) -> None:
        """Count anew at the next look: a change was not committed."""
        self._counts = None

    def counts(self) -> Counter[EntryState]:
        """Return the number of entries in each state."""
        version = int(pragma(self._connection, "data_version"))
        if self._counts is None or version != self._version:
            self._counts = Counter()
            for statement in (sql.COUNT_HELD, sql.COUNT_ERASED):
                for state, number in self._connection.execute(statement):
                    self._counts[EntryState(state)] += number
            self._version = version
        return self._counts
