"""Receipts are looked through page by page, and none is left out or told twice."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.outbox import receipts
from ohx_desktop.outbox.receipts import AsyncReceipts
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = 7


def _filed(number: int, store: OutboxStore) -> UUID:
    entry = store.enqueue(
        reading_id=UUID(int=number),
        patient="Patient/1",
        submission=b"{}",
        bundle=b"bundle %d" % number,
        frames=(),
    )
    claimed = store.next_due(NOON + timedelta(hours=1))
    assert claimed is not None
    store.acknowledge(entry.id, f"Observation/{number}", verified=number % 2 == 0)
    return entry.id


@pytest.mark.parametrize("page", [1, 2, 3, NUMBER, 100])
async def test_all_pages_together_are_all_that_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(receipts, "PAGE", page)
    moments = iter(NOON + timedelta(minutes=n) for n in range(1000))
    outbox = await AsyncOutbox.open(
        tmp_path / "outbox.db",
        lambda: bytes(32),
        now=lambda: next(moments),
        prove=lambda bundle, key: b"proof of " + bundle + key[:0],
    )
    try:
        numbers = range(1, NUMBER + 1)
        ids = [await outbox.read(partial(_filed, n)) for n in numbers]
        asked = AsyncReceipts(outbox)
        found = [kept async for part in asked.arrived(None) for kept in part]
        assert [kept.entry.id for kept in found] == ids
        # What is verified left its proof; what is acknowledged only is still here.
        assert [kept.proof for kept in found] == [
            None if n % 2 else b"proof of bundle %d" % n for n in numbers
        ]
        assert [kept.held is not None for kept in found] == [
            n % 2 == 1 for n in range(1, NUMBER + 1)
        ]
        since = found[3].entry.created_at
        later = [kept async for part in asked.arrived(since) for kept in part]
        assert [kept.entry.id for kept in later] == ids[3:]

        corrected = await asked.correct(
            ids[1], patient="Patient/1", reason="other", by=None, order=b"order", refile=None
        )
        assert corrected.retraction is not None
        assert await asked.taken_back() == {ids[1]: EntryState.QUEUED}
        assert outbox.woken.is_set()
    finally:
        await outbox.close()
