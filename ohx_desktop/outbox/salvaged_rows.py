"""Which rows the whole pages of a damaged queue hold, of which table, and which rows are lost.

Rows are found page by page, so that a broken page costs only what lies on it. Whose they are is
told by the pointer maps and the list of tables; where those are lost, by the form of the rows, as
long as one table only has it. Rows that an index names and no page holds are lost, and known by
what the index says of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ohx_desktop.domain.errors import StoreTooNew
from ohx_desktop.outbox.schema import MIGRATIONS, migrate
from ohx_desktop.storage.btree import Btrees, PageUse, Row, Value
from ohx_desktop.storage.database import Connection, connect_memory
from ohx_desktop.storage.migrating import Version
from ohx_desktop.storage.whole_pages import WholePages

_LIST_ROOT = 1
_USER_VERSION = slice(60, 64)
_HOLD_ROWS = frozenset({PageUse.ROOT, PageUse.INSIDE, PageUse.UNKNOWN})
_TYPES: Mapping[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "TEXT": (str,),
    "BLOB": (bytes,),
    "REAL": (float, int),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of ours. `is_rowid`: its value is the row's id and stored nowhere else."""

    name: str
    type: str
    is_required: bool
    is_rowid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of ours."""

    columns: Sequence[Column]
    has_rowid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The tables and indexes of one version, as this program makes them."""

    version: Version
    tables: Mapping[str, Table]
    indexes: Mapping[str, tuple[str, Sequence[str]]]
    """The table and the columns of each index."""
    full_indexes: frozenset[str]
    """Those that have every row of their table."""

    def full_indexes_of(self, table: str) -> set[str]:
        """Return the indexes that have every row of this table."""
        return {name for name in self.full_indexes if self.indexes[name][0] == table}


@dataclass(slots=True)
class FoundRows:
    """What was found of one table.

    Attributes:
        rows: the column values of each row, by name; a `cut` row lacks its last columns.
        lost: what an index says of rows that are on no whole page, by row id.
        may_lack_more: a damaged page may have held rows that no index names.
    """

    rows: list[tuple[Row, dict[str, Value]]] = field(default_factory=list)
    lost: dict[int, dict[str, Value]] = field(default_factory=dict)
    may_lack_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All tables of a damaged file."""

    version: Version
    tables: Mapping[str, FoundRows]
    unattributed: int
    """Rows on whole pages of which nobody can tell whose they are."""


def form_of(version: Version) -> Form:
    """Return what the tables of a version look like."""
    connection = connect_memory()
    try:
        migrate(connection, {v: steps for v, steps in MIGRATIONS.items() if v <= version})
        listed = connection.execute("PRAGMA table_list").fetchall()
        own = [
            (name, not without) for _, name, kind, _, without, _ in listed if _is_own(name, kind)
        ]
        tables = {name: _table(connection, name, has_rowid=has_rowid) for name, has_rowid in own}
        indexes, full = {}, set()
        for table in tables:
            for _, name, _, _, is_partial in connection.execute(f"PRAGMA index_list('{table}')"):
                told = connection.execute(f"PRAGMA index_info('{name}')").fetchall()
                indexes[name] = (table, [column for _, _, column in told])
                if not is_partial:
                    full.add(name)
    finally:
        connection.close()
    return Form(version=version, tables=tables, indexes=indexes, full_indexes=frozenset(full))


def find_rows(whole: WholePages) -> Found:
    """Return all rows of ours on whole pages. Raises StoreTooNew for a newer program's file."""
    trees = Btrees(whole.pages, whole.old)
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for number in whole.pages:
        if (top := trees.top_of(number)) is not None:
            groups[top].extend(trees.rows(number))
    names = _names(groups.pop(_LIST_ROOT, []))
    form = _form(whole, names, groups)
    return _Sorting(whole, trees, names, form).sort(groups)


class _Sorting:
    """Gives each row to its table."""

    def __init__(
        self, whole: WholePages, trees: Btrees, names: Mapping[int, str], form: Form
    ) -> None:
        self._whole = whole
        self._trees = trees
        self._names = names
        self._form = form
        self._tables = {name: FoundRows() for name in form.tables}

    def sort(self, groups: Mapping[int, Sequence[Row]]) -> Found:
        """Return all of them."""
        unattributed = 0
        indexed: list[tuple[str, Sequence[Row]]] = []
        for top, rows in groups.items():
            name = self._names.get(top)
            if name is None:
                unattributed += sum(not self._take_by_form(row) for row in rows)
            elif name in self._form.indexes:
                indexed.append((name, rows))
            elif name in self._form.tables:
                self._take(name, rows)
        for each in self._tables.values():
            _drop_doubles(each, self._whole.old)
        for name, rows in indexed:
            self._note_lost(name, rows)
        self._note_lost_pages()
        return Found(version=self._form.version, tables=self._tables, unattributed=unattributed)

    def _take(self, name: str, rows: Iterable[Row]) -> None:
        table = self._form.tables[name]
        for row in rows:
            if fits(table, row):
                self._tables[name].rows.append((row, _named(table.columns, row)))

    def _take_by_form(self, row: Row) -> bool:
        """Give a row to the one table whose rows look like it; tell whether it may be one at all.

        What belongs to an index or to nobody is left where it is.
        """
        fitting = [n for n, table in self._form.tables.items() if fits(table, row)]
        if len(fitting) == 1:
            self._take(fitting[0], [row])
        return len(fitting) <= 1

    def _note_lost(self, name: str, rows: Iterable[Row]) -> None:
        table, columns = self._form.indexes[name]
        found = self._tables[table]
        here = {row.rowid for row, _ in found.rows}
        for row in rows:
            rowid = row.values[-1] if row.values else None
            # An index that may be out of date names rows that were pruned since.
            is_sure = not row.cut and not self._whole.old.intersection(row.pages)
            if is_sure and isinstance(rowid, int) and rowid not in here:
                told = dict(zip(columns, row.values, strict=False))
                found.lost.setdefault(rowid, {}).update(told)

    def _note_lost_pages(self) -> None:
        """Note the tables that may have had rows on damaged pages which no index tells of."""
        trees, broken = self._trees, self._whole.damaged
        count = max([*self._whole.pages, *broken], default=0)
        damaged = {self._names.get(trees.top_of(page) or 0) for page in broken}
        for page in broken - {_LIST_ROOT}:
            use, _ = trees.use(page)
            # What only led to other pages held nothing itself.
            if use not in _HOLD_ROWS or trees.has_children(page, count):
                continue
            owner = self._names.get(trees.top_of(page) or 0)
            for name in self._tables if owner is None else {owner} & self._tables.keys():
                whole = self._form.full_indexes_of(name) - damaged
                self._tables[name].may_lack_more |= not (whole and self._names)


def fits(table: Table, row: Row) -> bool:
    """Tell whether a row has the form that a table asks of it."""
    missing = len(table.columns) - len(row.values)
    if missing < 0 or (missing and not row.cut) or table.has_rowid != (row.rowid is not None):
        return False
    return all(map(_may_be, table.columns, row.values))


def _may_be(column: Column, value: Value) -> bool:
    if column.is_rowid or value is None:
        return value is None and (column.is_rowid or not column.is_required)
    return isinstance(value, _TYPES[column.type])


def _named(columns: Sequence[Column], row: Row) -> dict[str, Value]:
    values = [*row.values, *[None] * (len(columns) - len(row.values))]
    return {
        column.name: row.rowid if column.is_rowid else value
        for column, value in zip(columns, values, strict=True)
    }


def _drop_doubles(found: FoundRows, old: frozenset[int]) -> None:
    """Keep one of the rows with one id: from a page that is up to date, if there is such."""
    found.rows.sort(key=lambda each: (each[0].rowid or 0, bool(old.intersection(each[0].pages))))
    seen: set[int] = set()
    kept = []
    for row, values in found.rows:
        if row.rowid is None or row.rowid not in seen:
            kept.append((row, values))
        if row.rowid is not None:
            seen.add(row.rowid)
    found.rows = kept


def _names(listed: Iterable[Row]) -> dict[int, str]:
    """Return the names of the tables and indexes by their roots."""
    names = {}
    for row in listed:
        match row.values:
            case (str(), str(name), str(), int(root), *_):
                names[root] = name
    return names


def _form(whole: WholePages, names: Mapping[int, str], groups: Mapping[int, Sequence[Row]]) -> Form:
    """Return the form of the file's version, which its first page tells, or else its rows."""
    first = whole.pages.get(1)
    if first is not None and 1 not in whole.old:
        version = Version(*divmod(int.from_bytes(first[_USER_VERSION], "big"), 1000))
        if version > max(MIGRATIONS):
            raise StoreTooNew("the queue's file was written by a newer program")
        return form_of(version)
    forms = [form_of(version) for version in sorted(MIGRATIONS, reverse=True)]
    return max(forms, key=lambda form: _fitting(form, names, groups))


def _fitting(
    form: Form, names: Mapping[int, str], groups: Mapping[int, Sequence[Row]]
) -> tuple[int, int]:
    known = sum(name in form.tables or name in form.indexes for name in names.values())
    rows = [row for rows in groups.values() for row in rows if not row.cut]
    return sum(any(fits(table, row) for table in form.tables.values()) for row in rows), known


def _is_own(name: str, kind: str) -> bool:
    return kind == "table" and not name.startswith("sqlite_")


def _table(connection: Connection, name: str, *, has_rowid: bool) -> Table:
    told = connection.execute(f"PRAGMA table_info('{name}')").fetchall()
    columns = [
        Column(
            name=column,
            type=type_,
            is_required=bool(not_null),
            is_rowid=bool(key) and type_ == "INTEGER" and has_rowid,
        )
        for _, column, type_, not_null, _, key in told
    ]
    return Table(columns=columns, has_rowid=has_rowid)
