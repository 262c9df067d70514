"""The write-ahead log as bytes: which pages it holds, and whether a change in it is broken.

SQLite reads a log up to the first frame whose checksum does not fit and drops the rest without a
word. That is right after a power cut, which can break the last change only, and a silent loss where
the disk has damaged an older one. So the log is looked at before SQLite opens it. Source:
sqlite.org/walformat.html.
"""

import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ohx_desktop.storage.page_cipher import PAGE

_HEADER = 32
_FRAME_HEADER = 24
_FRAME = _FRAME_HEADER + PAGE
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
_WORD = 0xFFFFFFFF
# Another process may be writing while we look; damage stays, a half-written frame does not.
_LOOKS = 3
LOOK_AGAIN_S = 0.1

Sum = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One page in the log. `size` is not 0 where it ends a change: the file's pages after that.

    `fits` tells that its checksum follows from all before it.
    """

    number: int
    size: int
    page: bytes
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The frames of the changes that count, oldest first.

    Attributes:
        frames: up to the end of the last change that was completed.
        has_torn_end: a last change is left out because it is broken or was not completed.
        is_broken: an older change is broken, so that SQLite would drop what is whole.
    """

    frames: tuple[Frame, ...] = ()
    has_torn_end: bool = False
    is_broken: bool = False


def log_of(database: Path) -> Path:
    """Return where SQLite keeps the log of a file."""
    return database.with_name(f"{database.name}-wal")


def read_log(content: bytes) -> Log:
    """Return what a log holds, also where its header or some of its frames are broken."""
    if len(content) < _HEADER:
        return Log()
    raw = _raw_frames(content)
    salts = _salts(content, raw)
    # Frames of an earlier round of the same file lie behind the end, never in the middle.
    last = max((n for n, frame in enumerate(raw) if frame[8:16] == salts), default=-1)
    frames = list(_frames(content, raw[: last + 1]))
    ends = [n for n, frame in enumerate(frames) if frame.size]
    broken_at = next((n for n, frame in enumerate(frames) if not frame.fits), len(frames))
    changes_behind = [end for end in ends if end >= broken_at]
    if len(changes_behind) == 1:
        # The last change is the broken one: as a power cut leaves it, and nobody was told "saved".
        kept = max((end + 1 for end in ends if end < broken_at), default=0)
        return Log(frames=tuple(frames[:kept]), has_torn_end=True)
    kept = ends[-1] + 1 if ends else 0
    return Log(
        frames=tuple(frames[:kept]),
        has_torn_end=kept < len(frames),
        is_broken=bool(changes_behind),
    )


def log_is_broken(database: Path) -> bool:
    """Tell whether SQLite would drop completed changes from the log of a file. Raises OSError."""
    path = log_of(database)
    for look in range(_LOOKS):
        if look:
            time.sleep(LOOK_AGAIN_S)
        if not path.exists() or not read_log(path.read_bytes()).is_broken:
            return False
    return True


def _raw_frames(content: bytes) -> list[bytes]:
    begins = range(_HEADER, len(content) - _FRAME + 1, _FRAME)
    return [content[begin : begin + _FRAME] for begin in begins]


def _salts(content: bytes, raw: Sequence[bytes]) -> bytes:
    """Return the mark of this round of the log; where the header is broken, as most frames say."""
    if _header_fits(content):
        return content[16:24]
    told = Counter(frame[8:16] for frame in raw).most_common(1)
    return told[0][0] if told else b""


def _header_fits(content: bytes) -> bool:
    magic, *_ = struct.unpack_from(">I", content)
    if magic not in _MAGIC:
        return False
    return _sum(_MAGIC[magic], (0, 0), [content[:24]]) == struct.unpack_from(">II", content, 24)


def _frames(content: bytes, raw: Sequence[bytes]) -> Iterator[Frame]:
    magic, *_ = struct.unpack_from(">I", content)
    order = _MAGIC.get(magic, "<")
    fits = _header_fits(content)
    before: Sum = struct.unpack_from(">II", content, 24)
    salts = content[16:24]
    for frame in raw:
        number, size = struct.unpack_from(">II", frame)
        told: Sum = struct.unpack_from(">II", frame, 16)
        if fits:
            found = _sum(order, before, (frame[:8], frame[_FRAME_HEADER:]))
            fits = frame[8:16] == salts and found == told
        before = told
        yield Frame(number=number, size=size, page=frame[_FRAME_HEADER:], fits=fits)


def _sum(order: str, start: Sum, parts: Iterable[bytes]) -> Sum:
    one, two = start
    for part in parts:
        words = struct.unpack(f"{order}{len(part) // 4}I", part)
        for first, second in zip(words[::2], words[1::2], strict=True):
            one = (one + first + two) & _WORD
            two = (two + second + one) & _WORD
    return one, two
