"""Rows of SQLite tables read from single pages, without a way from the root. Pure.

Source: sqlite.org/fileformat2.html ("B-tree Pages", "Record Format", "Pointer Map"). All files of
ours keep pointer maps (`auto_vacuum`), which tell of each page what it is and whose.
"""

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from ohx_desktop.storage.page_cipher import USABLE

Value = str | bytes | int | float | None

_FIRST_HEADER = 100
_TABLE_INNER, _INDEX_INNER = 0x05, 0x02
TABLE_LEAF, _INDEX_LEAF = 0x0D, 0x0A
_INNER = frozenset({_TABLE_INNER, _INDEX_INNER})
_KINDS = frozenset({_TABLE_INNER, _INDEX_INNER, TABLE_LEAF, _INDEX_LEAF})
_MAP_ENTRY = 5
# A map page and the pages it tells of.
_MAP_STRIDE = USABLE // _MAP_ENTRY + 1
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
# Of a variable-length integer: more bytes follow.
_MORE = 0x80
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12


class PageUse(IntEnum):
    """What a pointer map says of a page."""

    ROOT = 1
    FREE = 2
    OVERFLOW_FIRST = 3
    OVERFLOW_NEXT = 4
    INSIDE = 5
    MAP = 6
    UNKNOWN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: of a table with its row id, or of an index, where the id is the last value.

    `page` is where it begins, `pages` are all it lies on. It is `cut` where a part of it is lost;
    `values` are those before that.
    """

    page: int
    pages: tuple[int, ...]
    rowid: int | None
    values: tuple[Value, ...]
    cut: bool = False


class Broken(Exception):  # noqa: N818 - never leaves this module
    """A page or record has not the form it must have."""


class Btrees:
    """The trees in the whole pages of a file."""

    def __init__(self, pages: Mapping[int, bytes], old: Collection[int] = ()) -> None:
        """`old` are pages that may be out of date: as maps they are worth nothing."""
        self._pages = pages
        self._old = old
        self._parents: dict[int, int] = {}
        for number in pages:
            if self._kind(number) in _INNER and not self.is_map(number):
                self._parents.update(dict.fromkeys(self._children(number), number))

    @staticmethod
    def is_map(number: int) -> bool:
        """Tell whether a page is a pointer map."""
        return number > 1 and (number - 2) % _MAP_STRIDE == 0

    def use(self, number: int) -> tuple[PageUse, int]:
        """Return what a page is and, of a part of something, the page that points to it."""
        if number == 1:
            return PageUse.ROOT, 0
        if self.is_map(number):
            return PageUse.MAP, 0
        map_page = (number - 2) // _MAP_STRIDE * _MAP_STRIDE + 2
        told = self._pages.get(map_page)
        if told is None or map_page in self._old:
            parent = self._parents.get(number)
            return (PageUse.UNKNOWN, 0) if parent is None else (PageUse.INSIDE, parent)
        begin = (number - map_page - 1) * _MAP_ENTRY
        use, parent = struct.unpack_from(">BI", told, begin)
        return (PageUse(use), parent) if use in set(PageUse) else (PageUse.UNKNOWN, 0)

    def top_of(self, number: int) -> int | None:
        """Return the highest page known above a page: the root of its tree, where all is well.

        None for a page that is free or a map.
        """
        seen: set[int] = set()
        while True:
            use, parent = self.use(number)
            if use in {PageUse.FREE, PageUse.MAP}:
                return None
            if use in {PageUse.ROOT, PageUse.UNKNOWN} or parent in seen:
                return number
            seen.add(number)
            number = parent

    def has_children(self, number: int, count: int) -> bool:
        """Tell whether another of the file's pages says that it hangs below this one."""
        return any(self.use(other) == (PageUse.INSIDE, number) for other in range(2, count + 1))

    def rows(self, number: int) -> Iterator[Row]:
        """Yield the records that begin on a page; a record without any sense is left out."""
        kind = self._kind(number)
        use, _ = self.use(number)
        if kind not in _KINDS - {_TABLE_INNER} or use not in {
            PageUse.ROOT,
            PageUse.INSIDE,
            PageUse.UNKNOWN,
        }:
            return
        for begin in self._cells(number):
            try:
                yield self._row(number, begin, kind)
            except (Broken, struct.error, IndexError, UnicodeDecodeError):
                continue

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _kind(self, number: int) -> int:
        return self._pages[number][_header(number)]

    def _cells(self, number: int) -> Iterator[int]:
        page, header = self._pages[number], _header(number)
        (count,) = struct.unpack_from(">H", page, header + 3)
        begin = header + (12 if page[header] in _INNER else 8)
        if begin + 2 * count > USABLE:
            return
        for position in struct.unpack_from(f">{count}H", page, begin):
            if begin + 2 * count <= position < USABLE:
                yield position

    def _children(self, number: int) -> Iterator[int]:
        page = self._pages[number]
        for begin in self._cells(number):
            if begin + 4 <= USABLE:
                yield int.from_bytes(page[begin : begin + 4], "big")
        header = _header(number)
        yield int.from_bytes(page[header + 8 : header + 12], "big")

    def _row(self, number: int, begin: int, kind: int) -> Row:
        page = self._pages[number]
        if kind == _INDEX_INNER:
            begin += 4
        size, begin = _varint(page, begin)
        rowid = None
        if kind == TABLE_LEAF:
            rowid, begin = _varint(page, begin)
        here = _local(size, is_table=kind == TABLE_LEAF)
        content = page[begin : begin + here]
        if len(content) < here:
            raise Broken
        pages = [number]
        if here < size:
            first = int.from_bytes(page[begin + here : begin + here + 4], "big")
            content += self._overflow(first, size - here, pages)
        values = tuple(_values(content, size))
        return Row(
            page=number,
            pages=tuple(pages),
            rowid=rowid,
            values=values,
            cut=len(content) < size,
        )

    def _overflow(self, number: int, left: int, pages: list[int]) -> bytes:
        """Return what is whole of a record's rest, up to the first page that is lost."""
        parts = []
        expected = PageUse.OVERFLOW_FIRST
        while left > 0:
            page = self._pages.get(number)
            is_ours = self.use(number) in {(expected, pages[-1]), (PageUse.UNKNOWN, 0)}
            if page is None or not is_ours or number in pages:
                break
            part = page[4 : 4 + min(left, USABLE - 4)]
            parts.append(part)
            left -= len(part)
            pages.append(number)
            number = int.from_bytes(page[:4], "big")
            expected = PageUse.OVERFLOW_NEXT
        return b"".join(parts)


def _header(number: int) -> int:
    return _FIRST_HEADER if number == 1 else 0


def _varint(data: bytes, begin: int) -> tuple[int, int]:
    value = 0
    for position in range(begin, begin + 8):
        byte = data[position]
        value = value << 7 | byte & ~_MORE
        if not byte & _MORE:
            return value, position + 1
    value = value << 8 | data[begin + 8]
    return (value - (1 << 64) if value >> 63 else value), begin + 9


def _local(size: int, *, is_table: bool) -> int:
    """Return how many bytes of a record lie on its own page."""
    most = USABLE - 35 if is_table else (USABLE - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (USABLE - 12) * 32 // 255 - 23
    here = least + (size - least) % (USABLE - 4)
    return here if here <= most else least


def _values(content: bytes, size: int) -> Iterator[Value]:
    """Yield the values of a record as far as its bytes go."""
    end_of_header, position = _varint(content, 0)
    if not 0 < end_of_header <= min(size, len(content)):
        raise Broken
    begin = end_of_header
    while position < end_of_header:
        kind, position = _varint(content, position)
        end = begin + _width(kind)
        if end > size:
            raise Broken
        if end > len(content):
            return
        yield _value(kind, content[begin:end])
        begin = end


def _width(kind: int) -> int:
    if kind >= _FIRST_BLOB:
        return (kind - _FIRST_BLOB) // 2
    return 8 if kind == _REAL else _INTEGER_BYTES.get(kind, 0)


def _value(kind: int, data: bytes) -> Value:
    if kind >= _FIRST_BLOB:
        return data.decode() if kind % 2 else data
    if kind == _REAL:
        value: float = struct.unpack(">d", data)[0]
        return value
    if kind in {_ZERO, _ONE}:
        return kind - _ZERO
    if kind in _INTEGER_BYTES:
        return int.from_bytes(data, "big", signed=True)
    if kind:
        raise Broken
    return None
