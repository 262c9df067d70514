"""Any interleaving of calls obeys the state table, loses nothing and keeps nothing."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from outbox_fakes import KEY, FakeClock, content, reading_id

from ohx_desktop.domain.errors import UsageError
from ohx_desktop.outbox.records import FiledForAnother
from ohx_desktop.outbox.states import HOLDS_READING, TRANSITIONS, EntryState
from ohx_desktop.outbox.store import OutboxStore

S = EntryState
PATIENTS = st.sampled_from(["Patient/1", "Patient/2"])


class StoreModel(RuleBasedStateMachine):
    """Compares the store with a dictionary of states."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        # In memory where there is such a folder: durability is not what is tested here.
        shm = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
        self.folder = tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None)
        self.clock = FakeClock()
        self.states: dict[UUID, EntryState] = {}
        self.patients: dict[UUID, str] = {}
        self.readings: dict[UUID, UUID] = {}
        self.erased: set[UUID] = set()

    @initialize()
    def open(self) -> None:
        path = Path(self.folder.name) / "outbox.db"
        self.store = OutboxStore.open(path, KEY, now=self.clock.now)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(target=entries, number=st.integers(0, 4), patient=PATIENTS)
    def enqueue(self, number: int, patient: str) -> Any:
        there = self.readings.get(reading_id(number))
        try:
            entry = self.store.enqueue(**content(number, patient))
        except FiledForAnother:
            assert there is not None
            assert self.patients[there] != patient
            return there
        assert there in {None, entry.id}
        if there is None:
            self.states[entry.id] = S.QUEUED
            self.patients[entry.id] = patient
            self.readings[reading_id(number)] = entry.id
        return entry.id

    @rule()
    def claim(self) -> None:
        claimed = self.store.next_due(self.clock.now())
        on_their_way = {self.patients[i] for i, state in self.states.items() if state is S.SENDING}
        if claimed is None:
            return
        identity = claimed.entry.id
        assert self.states[identity] is S.QUEUED
        assert self.patients[identity] not in on_their_way
        self.states[identity] = S.SENDING

    @rule(entry=entries, wait_s=st.integers(-1, 400))
    def release(self, entry: UUID, wait_s: int) -> None:
        due = self.clock.now() + timedelta(seconds=wait_s)
        may = self.states[entry] is S.SENDING
        self.move(entry, S.QUEUED, lambda: self.store.release(entry, "no", due), may=may)

    @rule(entry=entries)
    def acknowledge(self, entry: UUID) -> None:
        self.move(entry, S.ACKNOWLEDGED, lambda: self.store.acknowledge(entry, "Observation/1"))

    @rule(entry=entries)
    def verify(self, entry: UUID) -> None:
        self.move(entry, S.VERIFIED, lambda: self.store.verified(entry))

    @rule(entry=entries)
    def need_attention(self, entry: UUID) -> None:
        self.move(entry, S.NEEDS_ATTENTION, lambda: self.store.needs_attention(entry, "no"))

    @rule(entry=entries)
    def discard(self, entry: UUID) -> None:
        self.move(entry, S.DISCARDED, lambda: self.store.discard(entry, "other"))

    @rule(entry=entries)
    def retry(self, entry: UUID) -> None:
        if self.states[entry] is S.QUEUED:
            self.store.retry(entry)
            return
        may = self.states[entry] is S.NEEDS_ATTENTION and entry not in self.erased
        self.move(entry, S.QUEUED, lambda: self.store.retry(entry), may=may)

    @rule()
    def recover(self) -> None:
        self.store.recover()
        for identity, state in self.states.items():
            if state is S.SENDING:
                self.states[identity] = S.QUEUED

    @rule(seconds=st.integers(-1000, 1000))
    def pass_time(self, seconds: int) -> None:
        self.clock.set_wall_clock(timedelta(seconds=seconds))

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()

    def move(self, entry: UUID, state: EntryState, act: Any, *, may: bool | None = None) -> None:
        allowed = state in TRANSITIONS[self.states[entry]] if may is None else may
        try:
            act()
        except UsageError:
            assert not allowed
        else:
            assert allowed
            self.states[entry] = state
            if state not in HOLDS_READING:
                self.erased.add(entry)

    @invariant()
    def the_store_agrees(self) -> None:
        if not hasattr(self, "store"):
            return
        assert {e.id: e.state for e in self.store.entries()} == self.states
        for identity in self.states:
            assert (self.store.held(identity) is None) == (identity in self.erased)


StoreModel.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreModel = StoreModel.TestCase
