"""All pages of a damaged file that can be proven, each in its newest whole version.

The newest version of a page is in the log where the log has one, else in the file. Where the newest
is broken an older one may be whole; it is handed out and named as possibly out of date.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ohx_desktop.domain.errors import StoreDamaged, StoreKeyWrong
from ohx_desktop.storage.damage import damaged
from ohx_desktop.storage.page_cipher import (
    PAGE,
    SALT,
    PageCipher,
    is_same_writing,
    key_fits_header,
    salts_near,
)
from ohx_desktop.storage.salt_copy import kept_salt
from ohx_desktop.storage.write_ahead_log import Frame, Log, log_of, read_log

_PAGE_COUNT = slice(28, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePages:
    """What can be proven of a file.

    Attributes:
        pages: the 4016 usable bytes of each whole page, by its number from 1.
        old: pages whose newest version is broken; what is handed out may be out of date.
        lost: pages of which no version is whole.
        log: what the log holds.
        has_broken_salt: the salt at the beginning of the file is not the one that proves it.
    """

    pages: dict[int, bytes]
    old: frozenset[int]
    lost: frozenset[int]
    log: Log
    has_broken_salt: bool = False

    @property
    def are_all(self) -> bool:
        """True when nothing is damaged."""
        return not (self.damaged or self.log.is_broken)

    @property
    def damaged(self) -> frozenset[int]:
        """The pages that are not whole in their newest version."""
        return self.old | self.lost | ({1} if self.has_broken_salt else set())


def read_whole_pages(database: Path, key: bytes) -> WholePages:
    """Read a file and its log. Blocking; nobody may be writing.

    Raises OSError, StoreKeyWrong where the key is certainly or very likely another one, and
    StoreDamaged where the key is right and no page can be proven.
    """
    content = database.read_bytes()
    log_path = log_of(database)
    log = read_log(log_path.read_bytes()) if log_path.exists() else Log()
    pages = [content[begin : begin + PAGE] for begin in range(0, len(content), PAGE)]
    salt = _salt(pages, log.frames, key, kept_salt(database))
    found = _newest(pages, log, PageCipher(key, salt))
    return replace(found, has_broken_salt=not content.startswith(salt))


def tell_apart(database: Path, key: bytes) -> StoreDamaged:
    """Return why a file cannot be opened: another key, or damage. Raises OSError."""
    try:
        read_whole_pages(database, key)
    except StoreDamaged as error:
        return error
    return damaged("a part of the queue's file is damaged")


# ── which salt ───────────────────────────────────────────────────────────────────────────────


def _salt(pages: list[bytes], frames: Iterable[Frame], key: bytes, kept: bytes | None) -> bytes:
    """Return the salt of the file, which one of its pages proves."""
    first = pages[0] if pages else b""
    numbered = [*((frame.number, frame.page) for frame in frames), *enumerate(pages, 1)]
    for salt in _salts(first, frames, kept):
        cipher = PageCipher(key, salt)
        if any(cipher.is_whole(*each) for each in numbered):
            return salt
    if not any(map(any, pages)):
        raise StoreDamaged(
            "the queue's file holds nothing but zeros",
            hint="leave the file as it is and call your administrator: a copy of it may help",
        )
    if not key_fits_header(key, first):
        raise StoreKeyWrong("the queue's file was written with another key, or no page is whole")
    for salt in salts_near(first[:SALT]):
        cipher = PageCipher(key, salt)
        if any(cipher.is_whole(*each) for each in numbered[:2]):
            return salt
    raise StoreDamaged(
        "the beginning of the queue's file is damaged, without which no page can be proven",
        hint="leave the file as it is and call your administrator: a copy of it may help",
    )


def _salts(first: bytes, frames: Iterable[Frame], kept: bytes | None) -> Iterator[bytes]:
    if len(first) >= SALT:
        yield first[:SALT]
    if kept is not None:
        yield kept
    for frame in frames:
        if frame.number == 1:
            yield frame.page[:SALT]


# ── which version ────────────────────────────────────────────────────────────────────────────


Version = tuple[int, bytes]
"""A copy of a page: the position of its frame in the log, 0 for the file, and its bytes."""


def _newest(pages: list[bytes], log: Log, cipher: PageCipher) -> WholePages:
    versions: dict[int, list[Version]] = {n: [(0, page)] for n, page in enumerate(pages, 1)}
    # Of a frame whose number is broken, too, nobody knows what it replaced.
    unknown = 0
    for position, frame in enumerate(log.frames, 1):
        number = _number_of(frame, cipher, len(pages) + len(log.frames))
        if number is None:
            unknown = position
        else:
            versions.setdefault(number, []).append((position, frame.page))
    found: dict[int, bytes] = {}
    old, lost = set(), set()
    for number in range(1, _page_count(pages, log, cipher) + 1):
        copies = versions.get(number, [])
        whole = _newest_whole(number, copies, cipher)
        if whole is None:
            lost.add(number)
            continue
        (position, page), found[number] = whole
        # The file may hold a whole copy of what is broken in the log.
        is_newest = is_same_writing(page, copies[-1][1])
        if not is_newest or position < unknown:
            old.add(number)
    return WholePages(pages=found, old=frozenset(old), lost=frozenset(lost), log=log)


def _newest_whole(
    number: int, versions: list[Version], cipher: PageCipher
) -> tuple[Version, bytes] | None:
    newest = versions[-1][1] if versions else b""
    # A copy of the newest counts before an older one, wherever it is.
    order = sorted(versions, key=lambda each: (is_same_writing(each[1], newest), each[0]))
    for version in reversed(order):
        opened = cipher.opened(number, version[1])
        if opened is not None:
            return version, opened
    return None


def _number_of(frame: Frame, cipher: PageCipher, highest: int) -> int | None:
    """Return the page a frame holds: the proven one, or what it says where that can be true."""
    if cipher.is_whole(frame.number, frame.page):
        return frame.number
    numbers = range(1, highest + 1)
    proven = next((n for n in numbers if cipher.is_whole(n, frame.page)), None)
    return proven or (frame.number if frame.number in numbers else None)


def _page_count(pages: list[bytes], log: Log, cipher: PageCipher) -> int:
    """Return how many pages the file has: as its last change, its first page, or its size says."""
    most = max([len(pages), *(frame.number for frame in log.frames if frame.fits)])
    if log.frames:
        return min(log.frames[-1].size, most + len(log.frames))
    first = cipher.opened(1, pages[0]) if pages else None
    # What stands behind the last page is no part of the file.
    return int.from_bytes(first[_PAGE_COUNT], "big") if first else len(pages)
