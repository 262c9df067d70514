"""The model of a disk after a power cut, against a real process with the shim."""

# ruff: noqa: S311 - what a disk keeps is no secret

import random
import subprocess
import sys
from pathlib import Path

import pytest
from cut_disk import SECTOR, CutDisk, Fate, inodes_below
from disk_shim import build, journal_of, missing, preloaded

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

# Of two sectors the first is synced; a second file is renamed over a third without a sync.
PROGRAM = f"""
import os, sys
from pathlib import Path
from disk_shim import Plan, Shim
root = Path(sys.argv[1])
shim = Shim()
shim.begin(root, root.with_name("journal"))
shim.plan(Plan.WATCH, 0)
with (root / "base").open("r+b", buffering=0) as file:
    file.write(b"1" * {SECTOR})
    os.fsync(file.fileno())
    file.write(b"2" * {2 * SECTOR})
(root / "new").write_bytes(b"new")
(root / "new").replace(root / "old")
(root / "folder").mkdir()
(root / "folder" / "inside").write_bytes(b"inside")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("root", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "base").write_bytes(b"0" * 3 * SECTOR)
        (tmp_path / name / "old").write_bytes(b"old")
    return tmp_path / "root"


@pytest.fixture
def disk(root: Path) -> CutDisk:
    inodes = inodes_below(root)
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)],
        env={**preloaded(build(root.parent)), "PYTHONPATH": str(Path(__file__).parent)},
        check=True,
    )
    made = CutDisk(root, root.with_name("kept"))
    made.follow(journal_of(root.with_name("journal")), inodes)
    return made


def there(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def sectors(digits: str) -> bytes:
    return b"".join(digit.encode() * SECTOR for digit in digits)


def test_what_was_synced_is_there_and_nothing_else_need_be(disk: CutDisk, root: Path) -> None:
    disk.write(Fate.LOST, random.Random(1))
    assert there(root) == {"base": sectors("100"), "old": b"old"}


def test_all_may_be_there(disk: CutDisk, root: Path) -> None:
    disk.write(Fate.KEPT, random.Random(1))
    assert there(root) == {"base": sectors("122"), "old": b"new", "folder/inside": b"inside"}


def test_any_sector_and_any_name_may_be_there(disk: CutDisk, root: Path) -> None:
    seen = []
    for number in range(100):
        disk.write(Fate.SOME, random.Random(number))
        seen.append(there(root))
    assert {one["base"] for one in seen} == {sectors(d) for d in ("100", "120", "102", "122")}
    # A rename may be on the disk before the content of the file is.
    assert {one.get("old") for one in seen} == {b"old", b"new", b""}
    assert {"folder/inside" in one for one in seen} == {True, False}


def test_a_write_may_be_torn(disk: CutDisk, root: Path) -> None:
    seen = set()
    for number in range(100):
        disk.write(Fate.TORN, random.Random(number))
        seen.add(there(root)["base"])
    assert seen == {sectors("100"), sectors("120"), sectors("122")}
