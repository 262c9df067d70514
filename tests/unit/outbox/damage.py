"""A queue with everything in it, and ways to break its file."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from outbox_fakes import KEY, NAMESPACE, FakeClock, content

from ohx_desktop.domain.errors import StoreDamaged
from ohx_desktop.outbox.salvage import salvage
from ohx_desktop.outbox.salvage_report import SalvageReport
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.tray_records import CapturedRecord

PAGE = 4096
FRAME = 24 + PAGE


@dataclass(frozen=True)
class Everything:
    """All that can be seen of a queue."""

    readings: dict[UUID, tuple[str, Any]]
    tray: dict[UUID, Any]
    receipts: dict[UUID, str]


def fill(store: OutboxStore, *, readings: int = 12) -> None:
    """Put small and large readings, receipts and a tray into a queue."""
    for number in range(readings):
        size = 300 if number % 3 else 9_000
        store.enqueue(**{**content(number, f"Patient/{number}"), "bundle": _bundle(number, size)})
    for number in range(100, 106):
        entry = store.enqueue(**content(number, "Patient/sent"))
        claimed = store.next_due(store._now())
        while claimed is not None and claimed.entry.id != entry.id:
            claimed = store.next_due(store._now())
        store.acknowledge(entry.id, f"Observation/{number}")
        if number % 3:
            store.verified(entry.id)
    store.recover()
    records = [
        CapturedRecord(
            id=uuid5(NAMESPACE, f"tray {number}"),
            device=b"device",
            frames=(b"f" * (40 + 900 * number),),
            reading=b"reading %d" % number,
        )
        for number in range(6)
    ]
    store.tray.keep(records, session=NAMESPACE, patient="Patient/1")


def everything(store: OutboxStore) -> Everything:
    """Return all that a queue holds. Raises StoreDamaged."""
    readings, receipts = {}, {}
    for entry in store.entries():
        held = store.held(entry.id)
        if held is None:
            receipts[entry.reading_id] = entry.state.value
        else:
            readings[entry.reading_id] = (entry.state.value, held)
    tray = {held.entry.id: held for held in store.tray.all_held()}
    return Everything(readings=readings, tray=tray, receipts=receipts)


def make(folder: Path, *, with_log: bool) -> tuple[Path, Everything]:
    """Return a closed queue, with its last changes still in the log or not, and what it holds."""
    made = folder / "made" / "outbox.db"
    store = OutboxStore.open(made, KEY, now=FakeClock().now)
    fill(store)
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if with_log:
        for number in range(200, 206):
            store.enqueue(**content(number, f"Patient/{number}"))
    held = everything(store)
    copy = folder / "whole"
    # As a power cut leaves it: the log is not folded in.
    shutil.copytree(made.parent, copy)
    store.close()
    for name in ("outbox.db-shm", "outbox.db.lock"):
        (copy / name).unlink(missing_ok=True)
    return copy / "outbox.db", held


def broken_copy(whole: Path, folder: Path) -> Path:
    """Return a copy of a queue to break."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole.parent, folder)
    return folder / whole.name


def salvaged(database: Path) -> tuple[SalvageReport | None, Everything]:
    """Save what is whole, and return what is there then."""
    report = salvage(database, KEY, stamp="20261123T090000Z")
    store = OutboxStore.open(database, KEY, now=FakeClock().now)
    try:
        return report, everything(store)
    finally:
        store.close()


def opened_as_ever(database: Path) -> Everything | None:
    """Return what the program sees without a salvage; None where it says that it is damaged."""
    try:
        store = OutboxStore.open(database, KEY, now=FakeClock().now)
    except StoreDamaged:
        return None
    try:
        return everything(store)
    except StoreDamaged:
        return None
    finally:
        store._connection.close()


def flip(path: Path, position: int) -> None:
    """Change one bit of a file."""
    content_ = bytearray(path.read_bytes())
    content_[position] ^= 0x40
    path.write_bytes(content_)


def _bundle(number: int, size: int) -> bytes:
    return (b"%06d" % number) * (size // 6)
