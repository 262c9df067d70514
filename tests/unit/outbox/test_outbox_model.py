"""Any interleaving of calls obeys the state table, loses nothing and keeps nothing too long."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from outbox_fakes import KEY, FakeClock, content

from ohx_desktop.domain.errors import UsageError
from ohx_desktop.outbox.records import FiledForAnother, Filing, TakenBack
from ohx_desktop.outbox.states import TRANSITIONS, EntryKind, EntryState
from ohx_desktop.outbox.store import OutboxStore

S = EntryState
PATIENTS = st.sampled_from(["Patient/1", "Patient/2"])
KEPT = timedelta(hours=1)


@dataclass
class Expected:
    """What the model knows of an entry."""

    number: int
    patient: str
    kind: EntryKind
    state: EntryState
    holds: bool = True
    doubtful: bool = False
    arrived: bool = False
    erase_at: Any = None

    @property
    def may_be_there(self) -> bool:
        return self.doubtful or self.arrived

    @property
    def has_proof(self) -> bool:
        is_filing = self.kind is EntryKind.FILING
        return is_filing and not self.holds and self.may_be_there


def prove(bundle: bytes, key: bytes) -> bytes:
    assert len(key) == 32
    return b"proof of " + bundle


class StoreModel(RuleBasedStateMachine):
    """Compares the store with a dictionary of what is expected."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        # In memory where there is such a folder: durability is not what is tested here.
        shm = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
        self.folder = tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None)
        self.clock = FakeClock()
        self.there: dict[UUID, Expected] = {}

    @initialize(kept=st.sampled_from([timedelta(0), KEPT]))
    def begin(self, kept: timedelta) -> None:
        self.kept = kept
        self.open()

    def open(self) -> None:
        path = Path(self.folder.name) / "outbox.db"
        self.store = OutboxStore.open(
            path, KEY, now=self.clock.now, keep_verified=self.kept, prove=prove
        )

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        self.folder.cleanup()

    # ── a person ─────────────────────────────────────────────────────────────────────────────

    @rule(target=entries, number=st.integers(0, 1), patient=PATIENTS)
    def enqueue(self, number: int, patient: str) -> UUID | None:
        filings = self.of(number, EntryKind.FILING)
        same = [key for key, each in filings.items() if each.patient == patient]
        try:
            entry = self.store.enqueue(**content(number, patient))
        except TakenBack:
            assert same
            assert any(r.patient == patient for r in self.orders(number))
            return same[0]
        except FiledForAnother:
            others = [each for each in filings.values() if each.patient != patient]
            assert not all(self.is_free(each) for each in others)
            return next(iter(filings))
        if same:
            assert [entry.id] == same
            assert not any(each.patient == patient for each in self.orders(number))
            return entry.id
        assert all(self.is_free(each) for each in filings.values())
        self.there[entry.id] = Expected(number, patient, EntryKind.FILING, S.QUEUED)
        return entry.id

    @rule(target=entries, entry=entries, refiles=st.booleans(), knows=st.booleans())
    def correct(self, entry: UUID, *, refiles: bool, knows: bool) -> UUID:
        was = self.there[entry]
        other = "Patient/2" if was.patient == "Patient/1" else "Patient/1"
        filing = Filing(**content(was.number, other)) if refiles else None
        before = dict(self.there)
        try:
            done = self.store.correct(
                entry,
                patient=was.patient if knows else other,
                order=b"order %d" % was.number,
                refile=filing,
                reason="wrong-patient",
                by="Practitioner/1",
            )
        except UsageError:
            filed_there = [
                each
                for each in self.of(was.number, EntryKind.FILING).values()
                if each.patient == other
            ]
            assert (
                not knows
                or was.kind is EntryKind.RETRACTION
                or was.state is S.SENDING
                or (refiles and filed_there)
            )
            assert before == self.there
            return entry
        assert knows
        if was.state in {S.QUEUED, S.NEEDS_ATTENTION}:
            was.state = S.DISCARDED
        was.holds, was.erase_at = False, None
        assert (done.retraction is not None) == was.may_be_there
        for made, patient, kind in (
            (done.retraction, was.patient, EntryKind.RETRACTION),
            (done.refiled, other, EntryKind.FILING),
        ):
            if made is None:
                continue
            there = self.there.get(made.id)
            if there is None or (kind is EntryKind.RETRACTION and there.state is S.DISCARDED):
                # An order that was given up is given anew, and is the newest.
                self.there.pop(made.id, None)
                assert (made.kind, made.state, made.corrects) == (kind, S.QUEUED, entry)
                self.there[made.id] = Expected(was.number, patient, kind, S.QUEUED)
        return entry if done.retraction is None else done.retraction.id

    @rule(entry=entries)
    def discard(self, entry: UUID) -> None:
        self.move(entry, S.DISCARDED, lambda: self.store.discard(entry, "other"))

    @rule(entry=entries)
    def retry(self, entry: UUID) -> None:
        was = self.there.get(entry)
        if was and was.state is S.QUEUED:
            self.store.retry(entry)
            return
        may = was is not None and was.state is S.NEEDS_ATTENTION and was.holds
        self.move(entry, S.QUEUED, lambda: self.store.retry(entry), may=may)

    # ── the sender ───────────────────────────────────────────────────────────────────────────

    @rule(excluded=st.sets(PATIENTS))
    def claim(self, excluded: set[str]) -> None:
        claimed = self.store.next_due(self.clock.now(), excluded)
        sending = {each.patient for each in self.there.values() if each.state is S.SENDING}
        if claimed is None:
            return
        was = self.there[claimed.entry.id]
        assert was.state is S.QUEUED
        assert (claimed.patient, claimed.entry.kind) == (was.patient, was.kind)
        assert claimed.entry.is_doubtful == was.doubtful
        assert was.patient not in sending | excluded
        name = b"bundle %d" if was.kind is EntryKind.FILING else b"order %d"
        assert claimed.bundle == name % was.number
        was.state = S.SENDING

    @rule(entry=entries, wait_s=st.integers(-1, 400), doubtful=st.sampled_from([None, True, False]))
    def release(self, entry: UUID, wait_s: int, doubtful: bool | None) -> None:
        due = self.clock.now() + timedelta(seconds=wait_s)
        act = lambda: self.store.release(entry, "no", due, doubtful=doubtful)  # noqa: E731 - one of many acts
        may = self.is_in(entry, S.SENDING)
        if self.move(entry, S.QUEUED, act, may=may) and doubtful is not None:
            self.there[entry].doubtful = doubtful

    @rule(entry=entries, verified=st.booleans())
    def acknowledge(self, entry: UUID, *, verified: bool) -> None:
        state = S.VERIFIED if verified else S.ACKNOWLEDGED
        act = lambda: self.store.acknowledge(entry, "Observation/1", verified=verified)  # noqa: E731 - as above
        if self.move(entry, state, act, may=self.is_in(entry, S.SENDING)):
            self.there[entry].doubtful, self.there[entry].arrived = False, True

    @rule(entry=entries)
    def verify(self, entry: UUID) -> None:
        may = self.is_in(entry, S.ACKNOWLEDGED)
        self.move(entry, S.VERIFIED, lambda: self.store.verified(entry), may=may)

    @rule()
    def verify_all(self) -> None:
        waiting = [each.entry.id for each in self.store.unverified(100)]
        assert waiting == [
            key for key, each in self.there.items() if each.state is S.ACKNOWLEDGED and each.holds
        ]
        assert [each.id for each in self.store.verify_many(waiting)] == waiting
        for key in waiting:
            self.now_in(key, S.VERIFIED)

    @rule(entry=entries)
    def give_up_verifying(self, entry: UUID) -> None:
        may = self.is_in(entry, S.ACKNOWLEDGED)
        if self.move(entry, S.ACKNOWLEDGED, lambda: self.store.give_up_verifying(entry), may=may):
            self.there[entry].holds = False

    @rule(entry=entries)
    def need_attention(self, entry: UUID) -> None:
        arrived = self.is_in(entry, S.ACKNOWLEDGED)
        act = lambda: self.store.needs_attention(entry, "no")  # noqa: E731 - as above
        if self.move(entry, S.NEEDS_ATTENTION, act):
            self.there[entry].doubtful |= arrived

    @rule()
    def recover(self) -> None:
        self.store.recover()
        for each in self.there.values():
            if each.state is S.SENDING:
                each.state, each.doubtful = S.QUEUED, True

    @rule()
    def erase_due(self) -> None:
        now = self.clock.now()
        due = [e for e in self.there.values() if e.erase_at is not None and e.erase_at <= now]
        assert self.store.erase_due(now) == len(due)
        for each in due:
            each.holds, each.erase_at = False, None

    @rule(seconds=st.integers(-1000, 2000))
    def pass_time(self, seconds: int) -> None:
        self.clock.set_wall_clock(timedelta(seconds=seconds))

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()

    # ── the model ────────────────────────────────────────────────────────────────────────────

    def of(self, number: int, kind: EntryKind) -> dict[UUID, Expected]:
        return {k: e for k, e in self.there.items() if (e.number, e.kind) == (number, kind)}

    def orders(self, number: int) -> list[Expected]:
        retractions = self.of(number, EntryKind.RETRACTION).values()
        return [each for each in retractions if each.state is not S.DISCARDED]

    def is_free(self, filing: Expected) -> bool:
        """Tell whether the reading may be filed for somebody else."""
        never_there = filing.state is S.DISCARDED and not filing.may_be_there
        taken_back = any(
            each.patient == filing.patient and each.state in {S.ACKNOWLEDGED, S.VERIFIED}
            for each in self.orders(filing.number)
        )
        return never_there or taken_back

    def is_in(self, entry: UUID, state: EntryState) -> bool:
        return entry in self.there and self.there[entry].state is state

    def move(
        self,
        entry: UUID,
        state: EntryState,
        act: Callable[[], object],
        *,
        may: bool | None = None,
    ) -> bool:
        """Do something with an entry, and tell whether it was to be done."""
        was = self.there.get(entry)
        # A given-up order may have made room for a new one.
        allowed = was is not None and (state in TRANSITIONS[was.state] if may is None else may)
        try:
            act()
        except UsageError:
            assert not allowed
            return False
        assert allowed
        self.now_in(entry, state)
        return True

    def now_in(self, entry: UUID, state: EntryState) -> None:
        each = self.there[entry]
        each.state = state
        if state is S.DISCARDED:
            each.holds = False
        if state is S.VERIFIED and each.holds:
            each.holds = bool(self.kept)
            each.erase_at = self.clock.now() + self.kept if self.kept else None

    @invariant()
    def the_store_agrees(self) -> None:
        if not hasattr(self, "store"):
            return
        found = {
            e.id: (e.kind, e.state, e.is_doubtful, e.may_be_in_ehr) for e in self.store.entries()
        }
        assert found == {
            key: (e.kind, e.state, e.doubtful, e.may_be_there) for key, e in self.there.items()
        }
        for key, each in self.there.items():
            held = self.store.held(key)
            assert (held is not None) == each.holds
            assert held is None or held.patient == each.patient
            assert (self.store.proof(key) is not None) == each.has_proof

    @invariant()
    def the_counts_agree(self) -> None:
        if not hasattr(self, "store"):
            return
        states = [each.state for each in self.there.values()]
        summary = self.store.summary()
        assert summary.waiting == states.count(S.QUEUED) + states.count(S.SENDING)
        assert summary.needs_attention == states.count(S.NEEDS_ATTENTION)

    @invariant()
    def nobody_waits_without_end(self) -> None:
        if not hasattr(self, "store"):
            return
        states = {each.state for each in self.there.values()}
        if S.QUEUED in states and S.SENDING not in states:
            now = self.clock.now()
            assert self.store.has_work(now) or self.store.next_due_at() is not None


StoreModel.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreModel = StoreModel.TestCase
