"""What a sync of one link came to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ohx_desktop.cloud.errors import CloudError
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.domain.reading import Reading


@dataclass(slots=True, kw_only=True)
class SyncReport:
    """Counts and what is new. `readings` were offered for review; they are health data.

    `edited` and `withdrawn` are readings that had been filed and were then changed or taken away
    at the provider: a person has to look. `replaced` and `taken_back` had not been confirmed yet.
    `errors` has the error of each stream that did not come whole; `streams` those that did.
    """

    link_id: UUID
    provider: Provider
    readings: list[Reading] = field(default_factory=list, repr=False)
    unchanged: int = 0
    replaced: int = 0
    taken_back: int = 0
    edited: list[UUID] = field(default_factory=list)
    withdrawn: list[UUID] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    streams: list[str] = field(default_factory=list)
    errors: dict[str, CloudError] = field(default_factory=dict)
    last_data_at: datetime | None = None

    def measured_up_to(self, moments: Iterable[datetime]) -> None:
        """Note when the newest of some records was measured."""
        newest = max(moments, default=self.last_data_at)
        if newest is not None:
            self.last_data_at = max(newest, self.last_data_at or newest)

    @property
    def is_whole(self) -> bool:
        """True where every stream came whole."""
        return not self.errors

    @property
    def is_partial(self) -> bool:
        """True where some streams came whole and others did not."""
        return bool(self.errors and self.streams)

    @property
    def worst(self) -> CloudError | None:
        """The error that stands for the sync: one that a person must see to comes first."""
        return min(self.errors.values(), key=lambda error: error.link_state is None, default=None)
