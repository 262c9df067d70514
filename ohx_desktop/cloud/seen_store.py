"""What has been read of each link, in the file of the links.

All methods block and belong to the thread that opened the store. What a link has seen goes with it.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from ohx_desktop.cloud.link_rows import milliseconds, time_of
from ohx_desktop.cloud.seen import TWIN_WITHIN, Met, Notice, Noticed, Seen, packed, unpacked
from ohx_desktop.storage.database import Connection, translated

# No fetch reaches farther back, and a change of something older is shown as new.
KEPT_FOR = timedelta(days=100)
# Both providers have a measurement within days; then the digests of values have served.
VALUES_KEPT_FOR = timedelta(days=14)

TABLES = (
    """
    CREATE TABLE seen (
        link TEXT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
        key BLOB NOT NULL,
        stream TEXT NOT NULL,
        reading TEXT NOT NULL,
        measured_at INTEGER NOT NULL,
        digests BLOB,
        notice TEXT,
        PRIMARY KEY (link, key)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seen_by_time ON seen (link, measured_at)",
    "CREATE INDEX seen_with_notice ON seen (link) WHERE notice IS NOT NULL",
)
_BEFORE = "SELECT reading FROM seen WHERE link = ? AND key = ?"
_TWINS = """
    SELECT seen.reading, seen.digests FROM seen JOIN link ON link.id = seen.link
    WHERE link.patient = ? AND link.id <> ? AND seen.digests IS NOT NULL
        AND seen.measured_at BETWEEN ? AND ?
    ORDER BY seen.measured_at
"""
_KEEP = """
    INSERT INTO seen (link, key, stream, reading, measured_at, digests)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (link, key) DO UPDATE SET reading = excluded.reading,
        measured_at = excluded.measured_at, digests = excluded.digests
"""
_WITHIN = """
    SELECT key, reading, measured_at, digests FROM seen
    WHERE link = ? AND stream = ? AND measured_at >= ? AND measured_at < ?
        AND notice IS NOT 'withdrawn'
    ORDER BY measured_at
"""
_BY_KEY = "SELECT key, reading, measured_at, digests FROM seen WHERE link = ? AND key = ?"
_NOTE = """
    UPDATE seen SET notice = ? WHERE link = ? AND key = ?
"""
_NOTICED = """
    SELECT link, reading, notice, measured_at FROM seen WHERE notice IS NOT NULL
    ORDER BY measured_at
"""
_SETTLE = "UPDATE seen SET notice = NULL WHERE reading = ?"
_FORGET = "DELETE FROM seen WHERE link = ? AND key = ?"
FORGET_LINK = "DELETE FROM seen WHERE link = ?"
_PRUNE = "DELETE FROM seen WHERE link = ? AND measured_at < ? AND notice IS NULL"
_PRUNE_VALUES = """
    UPDATE seen SET digests = NULL
    WHERE link = ? AND measured_at < ? AND digests IS NOT NULL
"""


class SeenStore:
    """What has been read of each link. `changing` opens a transaction of the file."""

    def __init__(
        self, connection: Connection, changing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._connection = connection
        self._changing = changing

    def met(self, link_id: UUID, patient: str, records: Sequence[Seen]) -> list[Met]:
        """Return what was known of each record."""
        with translated():
            return [self._met(str(link_id), patient, record) for record in records]

    def keep(self, link_id: UUID, stream: str, records: Sequence[Seen]) -> None:
        """Remember records, durably."""
        with self._changing():
            for record in records:
                row = (
                    str(link_id),
                    record.key,
                    stream,
                    str(record.reading),
                    milliseconds(record.measured_at),
                    packed(record.values),
                )
                self._connection.execute(_KEEP, row)

    def known(self, link_id: UUID, key: bytes) -> Seen | None:
        """Return what is known of one record, None where it was never read."""
        with translated():
            row = self._connection.execute(_BY_KEY, (str(link_id), key)).fetchone()
        return None if row is None else _seen(row)

    def missing(
        self,
        link_id: UUID,
        stream: str,
        *,
        since: datetime,
        before: datetime,
        came: Collection[bytes],
    ) -> list[Seen]:
        """Return what was read before, was measured within this time, and did not come now."""
        values = (str(link_id), stream, milliseconds(since), milliseconds(before))
        with translated():
            rows = self._connection.execute(_WITHIN, values).fetchall()
        return [_seen(row) for row in rows if row[0] not in came]

    def forget(self, link_id: UUID, key: bytes) -> None:
        """Forget a record, so that it is new if it comes again."""
        with self._changing():
            self._connection.execute(_FORGET, (str(link_id), key))

    def note(self, link_id: UUID, key: bytes, notice: Notice | None) -> None:
        """Note what happened at the provider to a reading that had been filed."""
        with self._changing():
            self._connection.execute(_NOTE, (notice, str(link_id), key))

    def noticed(self) -> list[Noticed]:
        """Return what staff have yet to look at."""
        with translated():
            rows = self._connection.execute(_NOTICED).fetchall()
        return [
            Noticed(
                link_id=UUID(link),
                reading=UUID(reading),
                notice=Notice(notice),
                measured_at=time_of(at),
            )
            for link, reading, notice, at in rows
        ]

    def settle(self, reading: UUID) -> None:
        """Forget a notice that somebody has looked at."""
        with self._changing():
            self._connection.execute(_SETTLE, (str(reading),))

    def prune(self, link_id: UUID, now: datetime) -> None:
        """Forget what no fetch reaches any more, and the digests of values that have served."""
        with self._changing():
            for statement, age in ((_PRUNE, KEPT_FOR), (_PRUNE_VALUES, VALUES_KEPT_FOR)):
                self._connection.execute(statement, (str(link_id), milliseconds(now - age)))

    def _met(self, link: str, patient: str, record: Seen) -> Met:
        row = self._connection.execute(_BEFORE, (link, record.key)).fetchone()
        begin, end = (milliseconds(record.measured_at + way) for way in (-TWIN_WITHIN, TWIN_WITHIN))
        near = self._connection.execute(_TWINS, (patient, link, begin, end)).fetchall()
        twins = (UUID(reading) for reading, told in near if unpacked(told) & record.values)
        return Met(before=None if row is None else UUID(row[0]), twin=next(twins, None))


def _seen(row: tuple[bytes, str, int, bytes | None]) -> Seen:
    key, reading, measured_at, told = row
    return Seen(
        key=key,
        reading=UUID(reading),
        measured_at=time_of(measured_at),
        values=unpacked(told or b""),
    )
