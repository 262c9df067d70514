"""Asking a fork server for one process after the other, and what each told."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from disk_shim import preloaded
from job import Job

SERVER = Path(__file__).with_name("fork_server.py")
_STAGES = ("opened", "listening", "measured", "receiving", "shown", "saved", "acknowledged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a process told, and its exit code; negative for the signal that ended it."""

    words: Sequence[Sequence[str]]
    code: int

    def numbers(self, word: str) -> list[int]:
        """Return what was told with a word, in order."""
        return [round(float(rest[0])) for first, *rest in self.words if first == word]

    def codes(self, word: str) -> list[str]:
        """Return what was told with a word, as it was told."""
        return [rest[0] for first, *rest in self.words if first == word]

    def counted(self) -> dict[str, int]:
        """Return how many moments of each kind there were."""
        return {rest[0]: int(rest[1]) for first, *rest in self.words if first == "counted"}

    @property
    def stage(self) -> str:
        """How far it came."""
        known = {*_STAGES, "verified", "closed"}
        return next((word[0] for word in reversed(self.words) if word[0] in known), "started")


class ForkServer:
    """A process that forks one child for each job. Use as a context."""

    def __init__(self, shim: Path | None, reports: Path) -> None:
        self._reports = reports.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._reports,
            env=preloaded(shim),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._reports.close()

    def warm(self, job: Job) -> None:
        """Have the server do a job itself, so that no child has to fill its caches."""
        self._ask(b"warm " + job.line())

    def run(self, job: Job) -> Told:
        """Have a child do a job to its end."""
        return self._ask(job.line())

    def _ask(self, line: bytes) -> Told:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        words = []
        for answer in self._process.stdout:
            word = answer.decode().split()
            if word[0] == "exit":
                return Told(words=words, code=int(word[1]))
            words.append(word)
        raise RuntimeError("the fork server ended")
