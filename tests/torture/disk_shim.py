"""The shim before the C library's file calls (`shim.c`): how it is built, preloaded and steered."""

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
_HEAD = struct.Struct("<QqIHHB7x")
_SHIM = "OHX_TORTURE_SHIM"


class StepKind(IntEnum):
    """What is done to the disk in one step."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    SYNC_FOLDER = 5
    RENAME = 6
    UNLINK = 7
    LINK = 8
    MKDIR = 9
    RMDIR = 10


class Plan(IntEnum):
    """What the shim does at its step."""

    WATCH = 0
    KILL = 1
    FULL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as the journal tells it. `other` is the new path of a rename or link."""

    kind: StepKind
    inode: int
    offset: int
    path: Path
    other: Path
    data: bytes


def missing() -> str | None:
    """Return why there can be no shim on this computer, or None."""
    if sys.platform != "linux":
        return "the shim of the file system is for Linux"
    return None if shutil.which("cc") else "the shim of the file system needs a C compiler (cc)"


def build(folder: Path) -> Path:
    """Compile the shim into a folder."""
    library = folder / "shim.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run([*command, "-lpthread"], check=True)
    return library


def preloaded(library: Path | None) -> dict[str, str]:
    """Return an environment in which a process has the shim."""
    if library is None:
        return dict(os.environ)
    return {**os.environ, "LD_PRELOAD": str(library), _SHIM: str(library)}


class Shim:
    """The shim of this process, which must have been started with it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[_SHIM])

    def begin(self, folder: Path, journal: Path) -> None:
        """Write a journal of what is done below a folder, from now on."""
        descriptor = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._library.torture_begin(os.fsencode(folder), descriptor)

    def plan(self, plan: Plan, at: int) -> None:
        """Count from here, and carry the plan out at a step."""
        self._library.torture_plan(int(plan), at)

    def give_space(self) -> None:
        """Let the disk have space again."""
        self._library.torture_give_space()

    @property
    def steps(self) -> int:
        """How many steps there were."""
        return int(self._library.torture_steps())

    @property
    def writes(self) -> int:
        """How many of them need space."""
        return int(self._library.torture_writes())

    @property
    def refused(self) -> int:
        """How many were refused for want of space."""
        return int(self._library.torture_refused())


def journal_of(path: Path) -> Iterator[Step]:
    """Yield the steps of a journal; one whose writing was broken off is left out."""
    content = path.read_bytes()
    position = 0
    while position + _HEAD.size <= len(content):
        inode, offset, length, path_length, other_length, kind = _HEAD.unpack_from(
            content, position
        )
        begin = position + _HEAD.size
        middle, last = begin + path_length, begin + path_length + other_length
        position = last + length
        if position > len(content):
            return
        yield Step(
            kind=StepKind(kind),
            inode=inode,
            offset=offset,
            path=Path(os.fsdecode(content[begin:middle])),
            other=Path(os.fsdecode(content[middle:last])),
            data=content[last:position],
        )
