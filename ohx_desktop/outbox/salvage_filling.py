"""A new queue filled with what was found of a damaged one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ohx_desktop.outbox.salvage_report import SalvageReport
from ohx_desktop.outbox.salvage_rules import (
    Values,
    is_sealed,
    may_change_by_itself,
    sealed_anew,
    uncertain,
    without_content,
)
from ohx_desktop.outbox.salvaged_audit import audit_break
from ohx_desktop.outbox.salvaged_rows import Found, FoundRows
from ohx_desktop.outbox.schema import MIGRATIONS, migrate
from ohx_desktop.storage.btree import Value
from ohx_desktop.storage.database import (
    Connection,
    connect,
    is_refused_row,
    pragma,
    transaction,
)
from ohx_desktop.storage.sealing import Seal
from ohx_desktop.storage.whole_pages import WholePages

_SALT = "salt"


class Filling:
    """Fills a new file from what was found."""

    def __init__(self, whole: WholePages, found: Found) -> None:
        self._whole = whole
        self._found = found
        self._report = SalvageReport(
            pages=len(whole.pages) + len(whole.lost),
            damaged_pages=len(whole.damaged),
            old_pages=len(whole.old),
            has_torn_end=whole.log.has_torn_end,
            unattributed=found.unattributed,
        )
        salt = self._salt()
        self._report.lost_salt = salt is None
        self._seal = None if salt is None else Seal(salt)
        self._new_seal: Seal | None = None

    def into(self, path: Path, key: bytes) -> SalvageReport:
        """Make the new file, whole, in the version of the old one and then in ours."""
        version = self._found.version
        connection = connect(path, key)
        try:
            migrate(connection, {v: steps for v, steps in MIGRATIONS.items() if v <= version})
            with transaction(connection):
                salts = connection.execute("SELECT value FROM salt").fetchall()
                if self._seal is None and salts:
                    self._new_seal = Seal(*salts[0])
                with _without_triggers(connection):
                    for name, rows in self._found.tables.items():
                        self._fill(connection, name, rows)
            self._report.audit_break = audit_break(self._found.tables)
            migrate(connection)
            pragma(connection, "wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        return self._report

    # ── one table ────────────────────────────────────────────────────────────────────────────

    def _fill(self, connection: Connection, name: str, rows: FoundRows) -> None:
        if rows.rows:
            # What a new file begins with gives way to what was there.
            connection.execute(f"DELETE FROM {name}")  # noqa: S608 - the name of our own table
        for row, values in rows.rows:
            is_old = bool(self._whole.old.intersection(row.pages))
            # Without the salt the pages' own codes are the proof.
            is_whole = self._seal is None or is_sealed(self._seal, name, values)
            is_whole = is_whole and not row.cut
            if not self._add(connection, name, values, is_whole=is_whole, is_old=is_old):
                self._report.note_lost(name, values)
        for lost in rows.lost.values():
            self._report.note_lost(name, lost)
        if rows.may_lack_more:
            self._report.note_gap(name)

    def _add(
        self, connection: Connection, name: str, values: Values, *, is_whole: bool, is_old: bool
    ) -> bool:
        """Add a row, as it was or as what is certain of it; tell whether all of it is there."""
        if not is_whole:
            if name == "entry":
                self._insert(connection, name, without_content(values))
            return False
        if is_old and may_change_by_itself(name, values):
            self._report.to_check += 1
            values = uncertain(values)
        if self._new_seal is not None:
            values = sealed_anew(self._new_seal, name, values)
        if not self._insert(connection, name, values):
            return False
        self._report.note_saved(name, values)
        return True

    def _insert(self, connection: Connection, name: str, values: Mapping[str, Value]) -> bool:
        columns = ", ".join(values)
        places = ", ".join("?" * len(values))
        statement = f"INSERT INTO {name} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own tables
        try:
            connection.execute(statement, tuple(values.values()))
        except Exception as error:
            if is_refused_row(error):
                return False
            raise
        return True

    def _salt(self) -> bytes | None:
        rows = self._found.tables[_SALT].rows if _SALT in self._found.tables else []
        for _, values in rows:
            if isinstance(values["value"], bytes):
                return values["value"]
        return None


@contextmanager
def _without_triggers(connection: Connection) -> Iterator[None]:
    """Let rows in that follow a gap: what is left of the audit stays, and its check tells of it."""
    told = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = told.fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _, statement in triggers:
        connection.execute(statement)
