"""What keeps paging honest: no page twice, no cursor twice, an end in any case.

A record that a server repeats is given once; a cursor that does not move is a malformed answer.
"""

from collections.abc import Hashable
from datetime import datetime

from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.ports import Page
from ohx_desktop.cloud.records import Records

# A page of Withings has up to some hundred groups, one of Google thousands of points.
MAX_PAGES = 500


class Paging:
    """Remembers what one fetch has seen."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._cursors: set[Hashable] = set()
        self._keys: set[str] = set()

    def page(self, found: Records, *, cursor: Hashable | None, mark: datetime) -> Page:
        """Return a page without what came before; with `mark` when no cursor leads on.

        Raises Malformed where the cursor has been met already, or pages have no end.
        """
        if cursor is not None:
            if cursor in self._cursors or len(self._cursors) >= MAX_PAGES:
                raise Malformed(self._service)
            self._cursors.add(cursor)
        records = []
        for record in found.records:
            if record.key not in self._keys:
                self._keys.add(record.key)
                records.append(record)
        return Page(
            records=tuple(records),
            skipped=found.skipped,
            mark=mark if cursor is None else None,
        )
