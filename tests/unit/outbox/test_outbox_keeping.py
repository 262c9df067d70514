"""How long a reading stays, and what stays of it: until the EHR gave it back, and then a proof."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from outbox_fakes import KEY, FakeClock, content
from test_outbox_forgetting import fill, found

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, UsageError
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import Connection, pragma

DAY = timedelta(days=1)
S = EntryState


def prove(bundle: bytes, key: bytes) -> bytes:
    assert len(key) == 32
    return b"proof of " + bundle[:20]


@pytest.fixture
def proving(database: Path, clock: FakeClock) -> Iterator[OutboxStore]:
    store = OutboxStore.open(database, KEY, now=clock.now, prove=prove)
    yield store
    store.close()


@pytest.fixture
def keeping(database: Path, clock: FakeClock) -> Iterator[OutboxStore]:
    store = OutboxStore.open(
        database, KEY, now=clock.now, prove=lambda *_: b"proof", keep_verified=2 * DAY
    )
    yield store
    store.close()


def sent(store: OutboxStore, clock: FakeClock, number: int = 1) -> OutboxEntry:
    """File a reading and have the EHR acknowledge it."""
    entry = store.enqueue(**content(number, f"Patient/{number}"))
    assert store.next_due(clock.now()) is not None
    return store.acknowledge(entry.id, "Observation/1")


def test_an_acknowledged_reading_stays_until_it_was_read_back(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entry = sent(proving, clock)
    assert (entry.state, entry.arrived_at) == (S.ACKNOWLEDGED, clock.now())
    assert proving.held(entry.id) is not None
    assert proving.proof(entry.id) is None
    verified = proving.verified(entry.id)
    assert (verified.state, verified.ended_at) == (S.VERIFIED, clock.now())
    assert proving.held(entry.id) is None
    assert proving.proof(entry.id) == b"proof of bundle 1"


def test_what_cannot_be_read_back_is_erased_and_leaves_a_proof(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entry = sent(proving, clock)
    given_up = proving.give_up_verifying(entry.id)
    assert (given_up.state, given_up.ended_at) == (S.ACKNOWLEDGED, clock.now())
    assert proving.held(entry.id) is None
    assert proving.proof(entry.id) == b"proof of bundle 1"
    assert proving.give_up_verifying(entry.id) == given_up
    assert proving.unverified(10) == []
    # Should it be found there later after all, the receipt can say so, and keeps its proof.
    assert proving.verified(entry.id).state is S.VERIFIED
    assert proving.proof(entry.id) == b"proof of bundle 1"


def test_only_what_arrived_is_given_up_or_verified(proving: OutboxStore, clock: FakeClock) -> None:
    entry = proving.enqueue(**content(1))
    for act in (proving.give_up_verifying, proving.verified):
        with pytest.raises(UsageError):
            act(entry.id)
    assert proving.next_due(clock.now()) is not None
    with pytest.raises(UsageError):
        proving.verified(entry.id)
    assert proving.held(entry.id) is not None


def test_the_oldest_are_read_back_first_and_many_noted_at_once(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entries = [sent(proving, clock, number) for number in range(4)]
    assert [each.entry for each in proving.unverified(3)] == entries[:3]
    assert [each.bundle for each in proving.unverified(3)] == [b"bundle %d" % n for n in range(3)]
    proving.needs_attention(entries[1].id, "other values")
    done = proving.verify_many([each.id for each in entries])
    assert [each.id for each in done] == [entries[n].id for n in (0, 2, 3)]
    assert proving.entry(entries[1].id).state is S.NEEDS_ATTENTION


def test_a_clinic_may_keep_verified_readings_for_some_days(
    keeping: OutboxStore, database: Path, clock: FakeClock
) -> None:
    fill(keeping, 1)
    claimed = keeping.next_due(clock.now())
    assert claimed is not None
    keeping.acknowledge(claimed.entry.id, "Observation/1")
    keeping.verified(claimed.entry.id)
    assert found(database.parent)
    clock.set_wall_clock(2 * DAY - timedelta(seconds=1))
    assert keeping.erase_due(clock.now()) == 0
    assert keeping.held(claimed.entry.id) is not None
    clock.set_wall_clock(timedelta(seconds=1))
    assert keeping.erase_due(clock.now()) == 1
    assert keeping.erase_due(clock.now()) == 0
    assert keeping.entry(claimed.entry.id).state is S.VERIFIED
    assert keeping.proof(claimed.entry.id)
    assert found(database.parent) == set()


def test_a_clock_set_back_keeps_no_reading_for_ever(keeping: OutboxStore, clock: FakeClock) -> None:
    entry = sent(keeping, clock)
    keeping.verified(entry.id)
    clock.set_wall_clock(-365 * DAY)
    assert keeping.erase_due(clock.now()) == 1
    assert keeping.held(entry.id) is None


@pytest.mark.parametrize(
    "change",
    [
        "state = 'verified', ended_at = 0",
        "state = 'verified', ended_at = 0, erase_at = 30 * 86400000 + 1",
        "state = 'discarded'",
        "content = NULL, patient = NULL, holds = 0",
        "content = NULL, holds = 0",
        "content = NULL, patient = NULL",
        "proof = x'00'",
        "kind = 'other'",
    ],
)
def test_the_engine_holds_the_promise(store: OutboxStore, change: str) -> None:
    store.enqueue(**content(1))
    with pytest.raises(Exception, match="CHECK constraint failed"):
        store._connection.execute(f"UPDATE entry SET {change}")  # noqa: S608 - constants above


def test_a_doubtful_reading_is_told_as_that_until_its_fate_is_known(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entry = proving.enqueue(**content(1))
    for doubtful, expected in ((None, False), (True, True), (None, True), (False, False)):
        claimed = proving.next_due(clock.now())
        assert claimed is not None
        released = proving.release(entry.id, "timeout", None, doubtful=doubtful)
        assert released.is_doubtful is expected
        assert proving.entry(entry.id) == released
    claimed = proving.next_due(clock.now())
    assert claimed is not None
    proving.recover()
    claimed = proving.next_due(clock.now())
    assert claimed is not None
    assert claimed.entry.is_doubtful
    assert not proving.acknowledge(entry.id, None).is_doubtful


def test_the_receipt_of_a_doubtful_reading_says_that_it_may_be_in_the_ehr(
    proving: OutboxStore, clock: FakeClock
) -> None:
    sure, doubtful = (proving.enqueue(**content(n, f"Patient/{n}")) for n in (1, 2))
    assert proving.next_due(clock.now()) is not None
    proving.release(sure.id, "unreachable", None, doubtful=False)
    assert proving.next_due(clock.now(), {"Patient/1"}) is not None
    proving.release(doubtful.id, "timeout", None, doubtful=True)
    for entry in (sure, doubtful):
        proving.discard(entry.id, "wrong-patient", by="Practitioner/1")
        left = proving.entry(entry.id)
        assert (left.reason, left.decided_by) == ("wrong-patient", "Practitioner/1")
        assert left.may_be_in_ehr is (entry is doubtful)
    assert proving.proof(sure.id) is None
    assert proving.proof(doubtful.id) == b"proof of bundle 2"


def test_a_reading_the_ehr_holds_otherwise_can_be_looked_up_again(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entry = sent(proving, clock)
    assert proving.needs_attention(entry.id, "other values").is_doubtful
    proving.retry(entry.id, by="Practitioner/1")
    claimed = proving.next_due(clock.now())
    assert claimed is not None
    assert claimed.entry.is_doubtful
    done = proving.acknowledge(entry.id, "Observation/1", verified=True)
    assert (done.state, done.last_error) == (S.VERIFIED, None)
    assert proving.held(entry.id) is None


def test_a_damaged_reading_that_arrived_can_still_be_put_to_rest(
    proving: OutboxStore, clock: FakeClock
) -> None:
    entry = sent(proving, clock)
    proving._connection.execute("UPDATE entry SET content = zeroblob(length(content))")
    with pytest.raises(StoreDamaged):
        proving.unverified(10)
    assert proving.verified(entry.id).state is S.VERIFIED
    assert proving.proof(entry.id) is None


def test_receipts_share_pages(proving: OutboxStore, clock: FakeClock) -> None:
    for number in range(300):
        proving.enqueue(**{**content(number), "bundle": bytes(6000)})
    while claimed := proving.next_due(clock.now()):
        proving.acknowledge(claimed.entry.id, None, verified=True)
    proving._connection.execute("PRAGMA incremental_vacuum").fetchall()
    assert int(pragma(proving._connection, "page_count")) < 300


def test_lists_come_in_pages(store: OutboxStore, clock: FakeClock) -> None:
    entries = [store.enqueue(**content(number, f"Patient/{number}")) for number in range(6)]
    for number in (0, 2):
        claimed = store.next_due(clock.now())
        assert claimed is not None
        store.acknowledge(claimed.entry.id, None, verified=number == 0)
    ids = [each.id for each in entries]
    page = store.entries(limit=4)
    assert [each.id for each in page] == ids[:4]
    assert [each.id for each in store.entries(after=page[-1].id, limit=4)] == ids[4:]
    waiting = store.entries({S.QUEUED}, after=ids[2], limit=2)
    assert [each.id for each in waiting] == ids[3:5]
    # A page that was left early keeps nobody's changes from being seen.
    assert store.next_due(clock.now()) is not None


# ── the trail ────────────────────────────────────────────────────────────────────────────────────


class NotedTrail:
    """Writes each change into a table of the same file, and fails when told to."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.fails = False
        connection.execute("CREATE TABLE IF NOT EXISTS noted (event, entry, reading, by, detail)")

    def add(
        self,
        event: str,
        *,
        entry: UUID | None = None,
        reading: UUID | None = None,
        by: str | None = None,
        detail: str | None = None,
    ) -> None:
        assert self.connection.in_transaction
        if self.fails:
            raise StoreEnvironment("the trail cannot be written")
        values: tuple[Any, ...] = (event, entry and entry.bytes, str(reading), by, detail)
        self.connection.execute("INSERT INTO noted VALUES (?, ?, ?, ?, ?)", values)


@pytest.fixture
def trails() -> list[NotedTrail]:
    return []


@pytest.fixture
def noting(database: Path, clock: FakeClock, trails: list[NotedTrail]) -> Iterator[OutboxStore]:
    def trail(connection: Connection) -> NotedTrail:
        trails.append(NotedTrail(connection))
        return trails[-1]

    store = OutboxStore.open(database, KEY, now=clock.now, trail=trail)
    yield store
    store.close()


def test_each_change_is_noted_with_who_made_it(noting: OutboxStore, clock: FakeClock) -> None:
    entry = noting.enqueue(**content(1), by="Practitioner/1")
    noting.next_due(clock.now())
    noting.release(entry.id, "unreachable", None)
    noting.next_due(clock.now())
    noting.needs_attention(entry.id, "refused")
    noting.retry(entry.id, by="Practitioner/2")
    noting.next_due(clock.now())
    noting.recover()
    noting.next_due(clock.now())
    noting.acknowledge(entry.id, "Observation/1")
    noting.verified(entry.id)
    other = noting.enqueue(**content(2))
    noting.discard(other.id, "other", by="Practitioner/3")
    rows = noting._connection.execute("SELECT event, by, detail FROM noted").fetchall()
    assert rows == [
        ("queued", "Practitioner/1", None),
        ("sending", None, None),
        ("released", None, "unreachable"),
        ("sending", None, None),
        ("needs-attention", None, "refused"),
        ("retried", "Practitioner/2", None),
        ("sending", None, None),
        ("recovered", None, None),
        ("sending", None, None),
        ("acknowledged", None, None),
        ("verified", None, None),
        ("queued", None, None),
        ("discarded", "Practitioner/3", "other"),
    ]


def test_what_cannot_be_noted_does_not_happen(
    noting: OutboxStore, clock: FakeClock, trails: list[NotedTrail]
) -> None:
    kept = noting.enqueue(**content(1))
    before = noting.summary()
    trails[0].fails = True
    acts: list[Callable[[], object]] = [
        lambda: noting.enqueue(**content(2)),
        lambda: noting.next_due(clock.now()),
        lambda: noting.discard(kept.id, "other"),
        lambda: noting.retry(kept.id),
    ]
    for act in acts:
        with pytest.raises(StoreEnvironment, match="trail"):
            act()
    assert noting.entries() == [kept]
    assert noting.summary() == before
