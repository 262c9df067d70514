"""Killed anywhere between a device's indication and the confirmation: each record is in one place.

Real processes, a real database, a cuff that sends each record once. A record that is on the disk
is in the tray or in the queue, never in both and never twice; whatever a person saw is on the disk.
The one moment nobody can close is between the system's confirmation to the device and our commit:
what dies there is counted. OHX_KILL_RUNS sets how many (a fifth of it here), OHX_KILL_SEED repeats.
"""

# ruff: noqa: T201 - the table is what a person runs this for

import asyncio
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from test_outbox_kill import RUNS, SEED
from tray_child import PATIENT, services

from ohx_desktop.keystore import KeyFile
from ohx_desktop.outbox.store import OutboxStore

CHILD = Path(__file__).with_name("tray_child.py")
KILLS = max(RUNS // 5, 1)
# From the first record to the end it takes about 20 ms; with a new file, opening it takes some 40
# statements and the rest about as many.
LATEST_KILL_S = 0.03
STATEMENTS = (30, 85)
RECORDS = 3
# What a plain file must not hold, beside the bytes of the records: a kind, and the patient.
CANARIES = (b"systolic_blood_pressure", PATIENT.reference.encode())


@dataclass
class Said:
    """The ids a process told by what it told of them."""

    ids: dict[str, list[UUID]] = field(default_factory=dict)
    done: bool = False

    def of(self, what: str) -> set[UUID]:
        return set(self.ids.get(what, ()))


@dataclass(frozen=True)
class Disk:
    """Where the readings are, and their raw bytes."""

    tray: list[UUID]
    queue: list[UUID]
    frames: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        key = KeyFile(folder / "key").load()
        if key is None:  # killed before there was one
            return cls([], [])
        store = OutboxStore.open(folder / "outbox.db", key)
        disk = cls(
            [entry.id for entry in store.tray.entries()],
            [entry.reading_id for entry in store.entries()],
            tuple(frame for held in store.tray.all_held() for frame in held.frames),
        )
        store.close()
        return disk


def run(
    folder: Path, number: int, *, after_s: float | None = None, statement: int | None = None
) -> Said:
    """Run one workstation until it ends or is killed."""
    environment = dict(os.environ)
    if statement is not None:
        environment["KILL_AT_STATEMENT"] = str(statement)
    process = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), str(number)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    killers = [threading.Timer(30, process.kill)]
    killers[0].start()
    said = Said()
    for line in process.stdout:
        what, _, one = line.strip().partition(" ")
        if one:
            said.ids.setdefault(what, []).append(UUID(one))
        if what == "asked" and after_s is not None and len(killers) == 1:
            killers.append(threading.Timer(after_s, process.kill))
            killers[-1].start()
        said.done |= what == "done"
    process.stdout.close()
    code = process.wait()
    hung = killers[0].finished.is_set()
    for killer in killers:
        killer.cancel()
        killer.join()
    assert not hung, "the process hung"
    assert code in {0, -9}, f"the process failed with {code}"
    return said


@pytest.mark.kill
@pytest.mark.timeout(60 + 3 * KILLS)
def test_killed_at_any_moment_each_record_is_in_one_place(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - where to kill is no secret
    results: Counter[str] = Counter()
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        told = f"run {number} of seed {SEED}"
        if chance.random() < 0.5:
            said = run(folder, 40 + number % 100, after_s=chance.uniform(0, LATEST_KILL_S))
        else:
            said = run(folder, 40 + number % 100, statement=chance.randint(*STATEMENTS))
        disk = Disk.of(folder)
        there = [*disk.tray, *disk.queue]
        assert len(there) == len(set(there)), told
        assert said.of("kept") <= set(there) <= said.of("asked"), told
        assert said.of("told") <= said.of("kept"), f"shown before it was kept: {told}"
        assert said.of("saved") <= set(disk.queue), told
        assert set(disk.queue) <= said.of("told"), f"filed and never seen: {told}"
        assert said.done <= (len(there) == RECORDS), told
        results[_where(said)] += 1
        results["records"] += len(said.of("asked"))
        results["records that died with the program before their commit"] += len(
            said.of("asked") - set(there)
        )
        asyncio.run(_see_to_the_rest(folder, set(there), told))
        _nothing_in_plain_files(folder, disk.frames)
    print(f"\nseed {SEED}: {KILLS} kills, none doubled, none lost that was kept or seen")
    for what, count in sorted(results.items()):
        print(f"  {count:5} {what}")


async def _see_to_the_rest(folder: Path, there: set[UUID], told: str) -> None:
    """Assign what the tray holds, as the next person does: then each is filed exactly once."""
    async with services(folder) as (outbox, _, tray):
        for item in await tray.items():
            await tray.assign(item.id, patient=PATIENT.reference)
        assert await tray.items() == (), told
        filed = [entry.reading_id for entry in await outbox.entries()]
        assert len(filed) == len(set(filed)), told
        assert set(filed) == there, told


def _nothing_in_plain_files(folder: Path, frames: tuple[bytes, ...]) -> None:
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not any(canary in content for canary in (*CANARIES, *frames)), path.name


def _where(said: Said) -> str:
    if said.done:
        return "ended before the kill"
    for what in ("saved", "told", "kept", "asked"):
        if said.of(what):
            return f"killed after the first was {what}"
    return "killed before a record came"
