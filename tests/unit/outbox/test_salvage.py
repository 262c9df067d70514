"""A damaged queue: told, saved as far as it is whole, and never a wrong reading."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3.dbapi2
from damage import (
    FRAME,
    PAGE,
    Everything,
    broken_copy,
    everything,
    flip,
    make,
    opened_as_ever,
    salvaged,
)
from outbox_fakes import KEY, FakeClock, content

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, StoreKeyWrong
from ohx_desktop.outbox.salvage import salvage
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.watching import watched
from ohx_desktop.storage import database as storage_database
from ohx_desktop.storage import replacing, write_ahead_log

Made = tuple[Path, Everything]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is writing here, so that a second look needs no pause."""
    for module in (storage_database, write_ahead_log):
        monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.0)


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("folded"), with_log=False)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("logged"), with_log=True)


def assert_nothing_is_wrong(found: Everything, original: Everything) -> None:
    """Recovered is a part of what there was, and the same to the byte."""
    for reading_id, (state, held) in found.readings.items():
        was, reading = original.readings[reading_id]
        assert state == was
        assert set(held.frames) <= set(reading.frames)
        assert replace(held, frames=()) == replace(reading, frames=())
    assert found.tray.items() <= original.tray.items()
    for reading_id, state in found.receipts.items():
        was = original.receipts.get(reading_id)
        assert (
            state == was
            or original.readings[reading_id][0] == "acknowledged" == state
            or (was is None and state == "needs-attention")
        )


def lost_readings(found: Everything, original: Everything) -> int:
    """How many readings are gone that nobody but this computer had."""
    lost = original.readings.keys() - found.readings.keys()
    arrived = sum(original.readings[each][0] == "acknowledged" for each in lost)
    return len(lost) - arrived + len(original.tray) - len(found.tray)


@pytest.mark.parametrize("offset", [0, 2000])
def test_one_broken_page_costs_only_what_lies_on_it(
    folded: Made, tmp_path: Path, offset: int
) -> None:
    whole, original = folded
    pages = whole.stat().st_size // PAGE
    worst = 0
    for page in range(pages):
        database = broken_copy(whole, tmp_path / "broken")
        flip(database, page * PAGE + offset)
        damaged = database.read_bytes()
        assert opened_as_ever(database) is None
        report, found = salvaged(database)
        assert report is not None, page
        assert report.damaged_pages == 1
        assert_nothing_is_wrong(found, original)
        missing = lost_readings(found, original)
        assert missing == len(report.lost)
        assert report.readings == len(found.readings) + len(found.tray)
        worst = max(worst, missing)
        kept = database.with_name("outbox.damaged-20261123T090000Z.db")
        assert kept.read_bytes() == damaged
    assert 0 < worst < len(original.readings)


def test_every_frame_of_the_log_may_break(logged: Made, tmp_path: Path) -> None:
    whole, original = logged
    log = whole.with_name("outbox.db-wal")
    frames = (log.stat().st_size - 32) // FRAME
    for position in [5, 20, *(32 + n * FRAME + o for n in range(frames) for o in (6, 3000))]:
        database = broken_copy(whole, tmp_path / "broken")
        flip(database.with_name(log.name), position)
        _, found = salvaged(database)
        for reading_id, (state, held) in found.readings.items():
            was, reading = original.readings[reading_id]
            assert held == reading
            assert state in {was, "needs-attention"}
        assert found.tray.items() <= original.tray.items()


def test_a_log_that_is_broken_in_the_middle_is_refused_before_it_is_dropped(
    logged: Made, tmp_path: Path
) -> None:
    whole, original = logged
    database = broken_copy(whole, tmp_path / "broken")
    flip(database.with_name("outbox.db-wal"), 32 + 500)
    before = database.with_name("outbox.db-wal").read_bytes()
    with pytest.raises(StoreDamaged, match="log"):
        OutboxStore.open(database, KEY)
    assert database.with_name("outbox.db-wal").read_bytes() == before
    report, found = salvaged(database)
    assert report is not None
    assert found.readings.keys() == original.readings.keys()


def test_a_change_cut_off_by_a_power_cut_is_no_damage(logged: Made, tmp_path: Path) -> None:
    whole, original = logged
    database = broken_copy(whole, tmp_path / "broken")
    log = database.with_name("outbox.db-wal")
    log.write_bytes(log.read_bytes()[: -FRAME // 2])
    seen = opened_as_ever(database)
    assert seen is not None
    assert len(original.readings) - len(seen.readings) == 1


def zeroed(database: Path) -> None:
    raw = bytearray(database.read_bytes())
    raw[6 * PAGE : 9 * PAGE] = bytes(3 * PAGE)
    database.write_bytes(raw)


def without_beginning(database: Path) -> None:
    raw = bytearray(database.read_bytes())
    raw[: 2 * PAGE] = bytes(2 * PAGE)
    database.write_bytes(raw)


def cut_short(database: Path) -> None:
    raw = database.read_bytes()
    database.write_bytes(raw[: -6 * PAGE - 1234])


@pytest.mark.parametrize("breaking", [zeroed, without_beginning, cut_short])
def test_what_is_whole_beside_a_large_hole_comes_back(
    folded: Made, tmp_path: Path, breaking: Callable[[Path], None]
) -> None:
    whole, original = folded
    database = broken_copy(whole, tmp_path / "broken")
    breaking(database)
    assert opened_as_ever(database) is None
    report, found = salvaged(database)
    assert report is not None
    assert_nothing_is_wrong(found, original)
    assert found.readings
    assert lost_readings(found, original) == len(report.lost) or report.may_lack_more


def test_the_very_beginning_can_be_lost_and_nothing_else_is(folded: Made, tmp_path: Path) -> None:
    whole, original = folded
    database = broken_copy(whole, tmp_path / "broken")
    raw = database.read_bytes()
    database.write_bytes(bytes(512) + raw[512:])
    with pytest.raises(StoreDamaged) as caught:
        OutboxStore.open(database, KEY)
    assert not isinstance(caught.value, StoreKeyWrong)
    report, found = salvaged(database)
    assert report is not None
    assert found == original


def test_one_broken_byte_of_the_salt_is_mended_without_its_copy(
    folded: Made, tmp_path: Path
) -> None:
    whole, original = folded
    database = broken_copy(whole, tmp_path / "broken")
    database.with_name("outbox.db.salt").unlink()
    flip(database, 7)
    _, found = salvaged(database)
    assert found == original


def test_garbage_behind_the_file_is_left_out(folded: Made, tmp_path: Path) -> None:
    whole, original = folded
    database = broken_copy(whole, tmp_path / "broken")
    database.write_bytes(database.read_bytes() + b"garbage" * 3000)
    assert opened_as_ever(database) == original
    _, found = salvaged(database)
    assert found == original


def test_an_empty_file_is_no_new_queue(folded: Made, tmp_path: Path) -> None:
    whole, _ = folded
    database = broken_copy(whole, tmp_path / "broken")
    database.write_bytes(b"")
    with pytest.raises(StoreDamaged, match="empty"):
        OutboxStore.open(database, KEY)
    assert database.read_bytes() == b""


def test_a_lost_or_older_log_gives_no_wrong_reading(logged: Made, tmp_path: Path) -> None:
    whole, original = logged
    database = broken_copy(whole, tmp_path / "broken")
    database.with_name("outbox.db-wal").unlink()
    _, found = salvaged(database)
    assert found.readings.items() <= original.readings.items()

    database = broken_copy(whole, tmp_path / "swapped")
    older = database.with_name("outbox.db-wal").read_bytes()
    store = OutboxStore.open(database, KEY, now=FakeClock().now)
    for number in range(300, 320):
        store.enqueue(**content(number))
    newer = everything(store)
    store.close()
    database.with_name("outbox.db-wal").write_bytes(older)
    opened_as_ever(broken_copy(database, tmp_path / "seen"))
    _, found = salvaged(database)
    for reading_id, (_, held) in found.readings.items():
        assert held == newer.readings[reading_id][1]
    assert len(found.readings) >= len(original.readings)


def test_readings_are_sealed_anew_where_the_salt_of_the_seals_is_lost(
    folded: Made, tmp_path: Path
) -> None:
    whole, original = folded
    for page in range(whole.stat().st_size // PAGE):
        database = broken_copy(whole, tmp_path / "broken")
        flip(database, page * PAGE + 30)
        report, found = salvaged(database)
        assert report is not None
        if report.lost_salt:
            break
    assert report.lost_salt
    assert found == original
    store = OutboxStore.open(database, KEY, now=FakeClock().now)
    again = store.enqueue(**content(1, "Patient/1"))
    store.close()
    assert again.state == "queued"
    assert len(found.readings) + len(found.receipts) == len(original.readings) + len(
        original.receipts
    )


def test_another_key_is_told_from_damage(folded: Made, tmp_path: Path) -> None:
    whole, original = folded
    database = broken_copy(whole, tmp_path / "broken")
    with pytest.raises(StoreKeyWrong, match="another key"):
        OutboxStore.open(database, bytes(32))
    with pytest.raises(StoreKeyWrong):
        salvage(database, bytes(32), stamp="now")
    flip(database, 3 * PAGE + 9)
    with pytest.raises(StoreKeyWrong):
        salvage(database, bytes(32), stamp="now")
    assert salvaged(database)[1].tray == original.tray


def test_a_whole_queue_is_left_as_it_is(folded: Made, tmp_path: Path) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    before = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    assert salvage(database, KEY, stamp="now") is None
    assert {path.name: path.read_bytes() for path in database.parent.iterdir()} == before


def test_a_second_salvage_changes_nothing(folded: Made, tmp_path: Path) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    flip(database, 5 * PAGE)
    first, found = salvaged(database)
    assert first is not None
    names = {path.name for path in database.parent.iterdir()}
    assert salvaged(database) == (None, found)
    assert {path.name for path in database.parent.iterdir()} == names


def test_a_crash_at_any_step_leaves_the_old_queue_or_the_new_one(
    folded: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, original = folded
    rename = Path.rename
    outcomes = set()
    for survives in range(8):
        database = broken_copy(whole, tmp_path / "broken")
        flip(database, 200)
        damaged = database.read_bytes()
        left = survives

        def dying(source: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return rename(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", dying)
            try:
                salvage(database, KEY, stamp="now")
            except KeyboardInterrupt:
                outcomes.add("died")
            else:
                outcomes.add("done")
        seen = opened_as_ever(database)
        if survives:
            assert seen == original
            assert database.with_name("outbox.damaged-now.db").read_bytes() == damaged
        else:
            assert seen is None
            assert database.read_bytes() == damaged
            assert salvaged(database)[1] == original
    assert outcomes == {"died", "done"}


def test_readings_that_lost_their_values_wait_for_a_person(folded: Made, tmp_path: Path) -> None:
    whole, original = folded
    for page in range(8, whole.stat().st_size // PAGE):
        database = broken_copy(whole, tmp_path / "broken")
        flip(database, page * PAGE + 3000)
        report, found = salvaged(database)
        assert report is not None
        known = [lost for lost in report.lost if lost.place == "queue" and lost.saved_at]
        if known:
            break
    (lost,) = known
    assert lost.saved_at == FakeClock().now()
    assert lost.reading_id in original.readings
    assert found.receipts[lost.reading_id] == "needs-attention"
    note = json.loads(database.with_name("outbox.damaged-20261123T090000Z.json").read_text())
    assert note["lost"][0]["reading_id"] == str(lost.reading_id)


def test_the_new_file_is_whole_for_the_engine(folded: Made, tmp_path: Path) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    flip(database, 3 * PAGE)
    salvaged(database)
    store = OutboxStore.open(database, KEY)
    checked = store._connection.execute("PRAGMA integrity_check").fetchall()
    pages = store._connection.execute("PRAGMA cipher_integrity_check").fetchall()
    store.close()
    assert (checked, pages) == ([("ok",)], [])


def test_what_is_left_of_the_audit_stays_and_its_break_is_named(
    folded: Made, tmp_path: Path
) -> None:
    whole, _ = folded
    breaks = set()
    for page in range(2, whole.stat().st_size // PAGE):
        database = broken_copy(whole, tmp_path / "broken")
        flip(database, page * PAGE + 30)
        report, _ = salvaged(database)
        assert report is not None
        store = OutboxStore.open(database, KEY, now=FakeClock().now)
        told = store.audit.verify().broken
        with pytest.raises(sqlcipher3.dbapi2.IntegrityError, match="never changed"):
            store._connection.execute("UPDATE audit SET content = x'00'")
        store.close()
        assert (told is None) == (report.audit_break is None)
        if report.audit_break is not None:
            assert report.other.get("audit", 0) > 0
            breaks.add(report.audit_break)
    assert any(each.startswith("missing at record") for each in breaks)


async def test_damage_that_comes_while_the_window_is_open_stops_the_sending(
    folded: Made, tmp_path: Path
) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    looks: asyncio.Queue[None] = asyncio.Queue()
    told: asyncio.Queue[StoreDamaged] = asyncio.Queue()

    async def sleep(_: float) -> None:
        await looks.get()

    outbox = await AsyncOutbox.open(database, lambda: KEY, now=FakeClock().now)
    async with watched(outbox, told.put_nowait, sleep=sleep):
        looks.put_nowait(None)
        flip(database, database.stat().st_size - 800)
        looks.put_nowait(None)
        error = await asyncio.wait_for(told.get(), 10)
    assert outbox.problem is error
    with pytest.raises(StoreDamaged):
        await outbox.read(lambda store: store.next_due(FakeClock().now()))
    kept = await outbox.enqueue(**content(900))
    assert kept.state == "queued"
    await outbox.close()
    _, found = salvaged(database)
    assert kept.reading_id in found.readings


def test_a_reading_that_a_damaged_file_does_not_take_is_said_to_be_not_saved(
    folded: Made, tmp_path: Path
) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    store = OutboxStore.open(database, KEY, now=FakeClock().now)
    for page in range(1, database.stat().st_size // PAGE):
        flip(database, page * PAGE + 8)
    with pytest.raises(StoreDamaged) as caught:
        store.enqueue(**content(901))
    assert caught.value.meaning.startswith("the reading was NOT saved")
    store._connection.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows refuses to rename an open file")
def test_nothing_is_salvaged_while_another_process_has_the_file(
    folded: Made, tmp_path: Path
) -> None:
    database = broken_copy(folded[0], tmp_path / "broken")
    script = """
import sys
from pathlib import Path
from ohx_desktop.storage.database import connect, pragma
connection = connect(Path(sys.argv[1]), bytes(range(32)))
pragma(connection, "user_version")
print("open", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with (
            pytest.raises(StoreEnvironment, match="open in another program"),
            replacing.nobody_else_has(database),
        ):
            pass
        child.communicate(timeout=30)
    with replacing.nobody_else_has(database):
        pass
