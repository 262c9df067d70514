"""What a torture run asks of one process, and the words in which the process answers.

A process tells each word as it becomes true, so that what it told before it died holds:

    opened, listening, measured     how far it has come
    shown N                         reading N was shown to the person, and kept before
    saved N                         the person was told that reading N is saved
    refused CODE                    an error was shown
    acknowledged, verified, closed  how far it has come
    counted KIND N                  how many moments of a kind there were
    state S, tray N, recovered MS   of a recovery
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from kill_points import Point, PointKind


class Work(StrEnum):
    """What the process does."""

    WAY = "way"
    """The way of readings from the last packet to verified."""
    RECOVERY = "recovery"
    """Start again, send what is there, and see to the tray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measurement and whose it is."""

    patient: str
    systolic: int
    diastolic: int
    pulse: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One process.

    `root` holds the profile and its key. `waiting` were confirmed while the EHR was away, before
    the way begins; `live` is measured and confirmed on the way. The process is killed at `kill`.
    From the `full_from`-th write on the disk is full, until the person has been told; with
    `dies_full` the program is ended by then.
    """

    work: Work
    root: Path
    url: str
    waiting: Sequence[Measured]
    live: Measured
    kill: Point | None = None
    full_from: int | None = None
    dies_full: bool = False

    @property
    def journal(self) -> Path:
        """Where the shim tells what is done to the disk."""
        return self.root.with_name(f"{self.root.name}.journal")

    def line(self) -> bytes:
        """Return the job as one line."""
        return (json.dumps(asdict(self), default=str) + "\n").encode()

    @classmethod
    def of(cls, line: bytes) -> "Job":
        """Return the job of a line."""
        form = json.loads(line)
        kill = form.pop("kill")
        return cls(
            work=Work(form.pop("work")),
            root=Path(form.pop("root")),
            waiting=[Measured(**one) for one in form.pop("waiting")],
            live=Measured(**form.pop("live")),
            kill=None if kill is None else Point(kind=PointKind(kill["kind"]), at=kill["at"]),
            **form,
        )
