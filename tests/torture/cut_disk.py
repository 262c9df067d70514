"""What a disk may hold after the power was cut: a model of a file system that keeps its promises.

POSIX promises: what `fsync` of a file has returned for is on the disk, and names are once the
folder was synced. Of the rest any part may be there, in any order, a write torn between sectors of
512 bytes. (File systems in use promise more; what holds here holds on them.)
"""

import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from disk_shim import Step, StepKind

SECTOR = 512
# SQLite's index of its log: written through memory and made anew, so it may hold anything.
_INDEX = "-shm"
_NAMES = {
    StepKind.CREATE,
    StepKind.RENAME,
    StepKind.UNLINK,
    StepKind.LINK,
    StepKind.MKDIR,
    StepKind.RMDIR,
}


class Fate(StrEnum):
    """What becomes of that which was not synced."""

    LOST = "all unsynced writes lost"
    SOME = "some unsynced sectors kept"
    TORN = "kept up to a torn write"
    KEPT = "all unsynced writes kept"


@dataclass
class _File:
    """Content that is safe, and what was done since."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.since:
            _do(self.safe, step)
        self.since.clear()


class CutDisk:
    """The disk of a process that ended: begins as `base` was, and follows the journal."""

    def __init__(self, root: Path, base: Path | None) -> None:
        self._root = root
        self._files: dict[int, _File] = {}
        # The system gives the number of a file that is gone to the next one.
        self._numbers: dict[int, int] = {}
        self._safe: dict[Path, int | None] = {}
        self._since: list[Step] = []
        for path in sorted(base.rglob("*")) if base else ():
            self._add(root / path.relative_to(base), path)

    def follow(self, steps: Iterable[Step], inodes: dict[Path, int]) -> None:
        """Do what the journal tells. `inodes` are those that files of the base have at the root."""
        for path, inode in inodes.items():
            number = self._safe.get(path)
            if number is not None:
                self._numbers[inode] = number
        for step in steps:
            self._follow(step)

    def write(self, fate: Fate, chance: random.Random) -> None:
        """Make the root what the disk may hold now."""
        names = dict(self._safe)
        for step in _kept_names(self._since, fate, chance):
            _rename(names, step)
        shutil.rmtree(self._root)
        self._root.mkdir()
        for path in sorted(names):
            inode = names[path]
            if not path.parent.is_dir():
                continue  # the name of its folder was lost
            if inode is None:
                path.mkdir(mode=0o700)
                continue
            path.touch(mode=0o600)
            path.write_bytes(self._content(path, self._files[inode], fate, chance))

    def _content(self, path: Path, file: _File, fate: Fate, chance: random.Random) -> bytes:
        if path.name.endswith(_INDEX):
            return chance.choice([b"", bytes(32768), chance.randbytes(32768)])
        content = bytearray(file.safe)
        for step in _kept_writes(file.since, fate, chance):
            _do(content, step)
        return bytes(content)

    def _add(self, path: Path, source: Path) -> None:
        if source.is_dir():
            self._safe[path] = None
            return
        self._safe[path] = len(self._files)
        self._files[len(self._files)] = _File(bytearray(source.read_bytes()))

    def _follow(self, told: Step) -> None:
        if told.kind is StepKind.CREATE:
            self._numbers[told.inode] = len(self._files)
            self._files[len(self._files)] = _File()
        step = replace(told, inode=self._numbers.get(told.inode, 0))
        if step.kind in _NAMES:
            self._since.append(step)
        elif step.kind is StepKind.SYNC_FOLDER:
            for done in [one for one in self._since if _folder(one) == step.path]:
                _rename(self._safe, done)
                self._since.remove(done)
        elif step.kind is StepKind.SYNC:
            self._files[step.inode].sync()
        else:
            self._files[step.inode].since.append(step)


def inodes_below(root: Path) -> dict[Path, int]:
    """Return the number of each file below a folder, by which the journal names it."""
    return {path: path.stat().st_ino for path in root.rglob("*") if path.is_file()}


def _folder(step: Step) -> Path:
    return (step.other if step.kind in {StepKind.RENAME, StepKind.LINK} else step.path).parent


def _rename(names: dict[Path, int | None], step: Step) -> None:
    match step.kind:
        case StepKind.CREATE:
            names[step.path] = step.inode
        case StepKind.MKDIR:
            names[step.path] = None
        case StepKind.LINK:
            names[step.other] = step.inode
        case StepKind.RENAME:
            names.pop(step.path, None)
            names[step.other] = step.inode
        case _:
            names.pop(step.path, None)


def _kept_names(since: list[Step], fate: Fate, chance: random.Random) -> list[Step]:
    match fate:
        case Fate.LOST:
            return []
        case Fate.KEPT:
            return since
        case Fate.TORN:
            return since[: chance.randint(0, len(since))]
    return [step for step in since if chance.random() < 0.5]


def _kept_writes(since: list[Step], fate: Fate, chance: random.Random) -> list[Step]:
    match fate:
        case Fate.LOST:
            return []
        case Fate.KEPT:
            return since
        case Fate.TORN:
            sectors = [piece for step in since for piece in _sectors(step)]
            return sectors[: chance.randint(0, len(sectors))]
    return [piece for step in since for piece in _sectors(step) if chance.random() < 0.5]


def _sectors(step: Step) -> Iterator[Step]:
    if step.kind is not StepKind.WRITE:
        yield step
        return
    begin, end = step.offset, step.offset + len(step.data)
    while begin < end:
        stop = min(end, (begin // SECTOR + 1) * SECTOR)
        yield replace(step, offset=begin, data=step.data[begin - step.offset : stop - step.offset])
        begin = stop


def _do(content: bytearray, step: Step) -> None:
    if step.kind is StepKind.TRUNCATE:
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    end = step.offset + len(step.data)
    content.extend(bytes(max(end - len(content), 0)))
    content[step.offset : end] = step.data
