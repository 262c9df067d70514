"""The links on disk: one account is one patient's, and an ended link keeps nobody."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cloud_line import NOON
from link_line import FIRST, KEY, PATIENT, SECOND, consent, pair
from sqlcipher3 import dbapi2

from ohx_desktop.cloud.link_schema import MIGRATIONS
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.link_store import LinkStore
from ohx_desktop.cloud.links import AccountTaken, AnotherAccount, Link, NotLinked
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.domain.errors import StoreDamaged, StoreTooNew, UsageError
from ohx_desktop.storage.database import connect
from ohx_desktop.storage.migrating import Version

OTHER_PATIENT = "Patient/12"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloud.db"


@pytest.fixture
def store(path: Path) -> Iterator[LinkStore]:
    opened = LinkStore.open(path, KEY, now=lambda: NOON)
    yield opened
    opened.close()


def _add(
    store: LinkStore,
    *,
    provider: Provider = Provider.WITHINGS,
    account: str = FIRST,
    patient: str = PATIENT,
    name: str = "a",
    state: LinkState = LinkState.OK,
) -> Link:
    return store.add(
        provider=provider,
        account=account,
        patient=patient,
        consent=consent(),
        pair=pair(name),
        state=state,
    )


def test_a_link_is_there_after_the_file_was_opened_anew(path: Path) -> None:
    first = LinkStore.open(path, KEY, now=lambda: NOON)
    link = _add(first)
    first.close()
    again = LinkStore.open(path, KEY)
    assert again.links() == [link]
    assert again.tokens(link.id).pair == pair()
    assert link.consent == consent()
    again.close()


def test_an_account_of_another_patient_is_refused_by_name(store: LinkStore) -> None:
    link = _add(store)
    with pytest.raises(AccountTaken):
        _add(store, patient=OTHER_PATIENT, name="b")
    assert store.links() == [link]
    assert store.tokens(link.id).pair == pair()


def test_another_account_of_the_patient_is_refused_by_name(store: LinkStore) -> None:
    link = _add(store)
    with pytest.raises(AnotherAccount):
        _add(store, account=SECOND, name="b")
    assert store.links() == [link]


def test_the_same_account_at_another_provider_is_another_link(store: LinkStore) -> None:
    _add(store)
    _add(store, provider=Provider.GOOGLE_HEALTH)
    assert len(store.links()) == 2


def test_consent_given_again_is_the_same_link_with_its_marks(store: LinkStore) -> None:
    link = _add(store)
    store.synced(link.id, marks={"measures": NOON})
    store.note(link.id, LinkState.NEEDS_CONSENT, "cloud-needs-consent")
    again = _add(store, name="b")
    assert again.id == link.id
    assert (again.state, again.code) == (LinkState.OK, None)
    assert again.marks == {"measures": NOON}
    assert store.tokens(link.id).pair == pair("b")


def test_an_account_is_free_again_once_its_link_has_ended(store: LinkStore) -> None:
    store.end(_add(store).id, by=None, revoke=False)
    assert _add(store, patient=OTHER_PATIENT).patient == OTHER_PATIENT


def test_an_ended_link_keeps_a_receipt_and_no_trace_of_the_patient(
    store: LinkStore, path: Path
) -> None:
    link = _add(store)
    store.synced(link.id, marks={"measures": NOON}, last_data_at=NOON)
    receipt = store.end(link.id, by="Practitioner/9", revoke=False)
    assert (receipt.linked_by, receipt.ended_by) == ("Practitioner/12", "Practitioner/9")
    assert store.receipts() == [receipt]
    for gone in (store.link, store.tokens):
        with pytest.raises(NotLinked):
            gone(link.id)
    connection = connect(path, KEY)
    rows = [
        connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - of this list
        for table in ("link", "token", "revocation")
    ]
    told = repr(rows)
    connection.close()
    for secret in (PATIENT, FIRST, pair().access, pair().refresh):
        assert secret not in told


@pytest.mark.parametrize(
    ("provider", "token"), [(Provider.WITHINGS, None), (Provider.GOOGLE_HEALTH, "refresh-a")]
)
def test_what_is_yet_to_be_revoked_is_kept_until_it_was(
    store: LinkStore, provider: Provider, token: str | None
) -> None:
    link = _add(store, provider=provider)
    store.end(link.id, by=None)
    store.not_revoked(link.id, "cloud-unavailable")
    (waiting,) = store.revocations()
    assert (waiting.account, waiting.token) == (FIRST, token)
    assert (waiting.attempts, waiting.code) == (1, "cloud-unavailable")
    store.revoked(link.id)
    assert store.revocations() == []


def test_a_revocation_that_was_put_off_does_not_end_a_new_consent(store: LinkStore) -> None:
    store.end(_add(store).id, by=None)
    _add(store, patient=OTHER_PATIENT)
    assert store.revocations() == []


def test_marks_move_together_and_only_those_that_are_named(store: LinkStore) -> None:
    link = _add(store)
    later = NOON + timedelta(hours=1)
    store.synced(link.id, marks={"measures": NOON, "sleep": NOON}, last_data_at=NOON)
    moved = store.synced(link.id, marks={"measures": later}, last_data_at=NOON - timedelta(days=1))
    assert moved.marks == {"measures": later, "sleep": NOON}
    assert moved.last_data_at == NOON, "data that came late is not the newest"
    assert moved.last_sync_at == NOON


def test_a_sync_that_went_well_ends_a_pause_of_the_service_but_not_a_person_s(
    store: LinkStore,
) -> None:
    link = _add(store)
    store.note(link.id, LinkState.PAUSED, "cloud-rate-limited")
    assert store.synced(link.id).state is LinkState.OK
    store.pause(link.id, by="Practitioner/9")
    store.note(link.id, LinkState.PAUSED, "cloud-rate-limited")
    paused = store.synced(link.id)
    assert (paused.state, paused.paused_by) == (LinkState.PAUSED, "Practitioner/9")
    assert store.resume(link.id).state is LinkState.OK


@pytest.mark.parametrize(
    "state", [LinkState.NEEDS_CONSENT, LinkState.SCOPE_MISSING, LinkState.PROVIDER_GONE]
)
def test_what_only_a_new_consent_can_end_stays_after_a_sync_and_a_resume(
    store: LinkStore, state: LinkState
) -> None:
    link = _add(store, state=state)
    store.synced(link.id)
    assert store.resume(link.id).state is state


def test_since_when_is_kept_while_the_state_stays(path: Path) -> None:
    clock = iter([NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)])
    store = LinkStore.open(path, KEY, now=lambda: next(clock))
    link = _add(store)
    store.note(link.id, LinkState.PAUSED, "one")
    noted = store.note(link.id, LinkState.PAUSED, "another")
    assert (noted.state_since, noted.code) == (NOON, "another")
    store.close()


def test_a_pair_never_takes_the_place_of_a_newer_one(store: LinkStore) -> None:
    link = _add(store)
    newer = store.renew(link.id, pair("b"), generation=1, before="refresh-a")
    late = store.renew(link.id, pair("c"), generation=1, before="refresh-a")
    assert late == newer
    assert late.pair == pair("b")
    assert late.before == "refresh-a"


def test_nothing_is_linked_to_what_is_no_patient(store: LinkStore) -> None:
    for wrong in ("Practitioner/1", "Patient/", "Patient/a b", "4711"):
        with pytest.raises(UsageError):
            _add(store, patient=wrong)
    assert store.links() == []


def test_an_unknown_link_is_told_so(store: LinkStore) -> None:
    for call in (store.synced, store.resume, store.link, store.tokens):
        with pytest.raises(NotLinked):
            call(uuid4())


def test_nothing_shows_a_token_an_account_or_a_patient(store: LinkStore) -> None:
    link = _add(store)
    store.end(link.id, by=None)
    again = _add(store)
    shown = f"{link!r} {store.tokens(again.id)!r} {store.revocations()!r} {store.receipts()!r}"
    for secret in (PATIENT, FIRST, "access-a", "refresh-a"):
        assert secret not in shown


def test_the_file_is_encrypted_and_tells_a_wrong_key(store: LinkStore, path: Path) -> None:
    _add(store)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("SELECT * FROM link")
    with pytest.raises(StoreDamaged, match="the file of the cloud links"):
        LinkStore.open(path, bytes(32))


def test_a_file_of_a_newer_program_is_left_alone(store: LinkStore, path: Path) -> None:
    link = _add(store)
    connection = connect(path, KEY)
    connection.execute(f"PRAGMA user_version = {Version(2, 0).packed}")
    with pytest.raises(StoreTooNew, match="the file of the cloud links"):
        LinkStore.open(path, KEY)
    connection.execute(f"PRAGMA user_version = {max(MIGRATIONS).packed}")
    connection.close()
    assert store.links() == [link]


@pytest.mark.parametrize("member", ["account", "patient", "scopes", "state"])
def test_the_engine_itself_refuses_an_ended_link_that_keeps_something(
    store: LinkStore, path: Path, member: str
) -> None:
    store.end(_add(store).id, by=None, revoke=False)
    connection = connect(path, KEY)
    with pytest.raises(dbapi2.IntegrityError):
        connection.execute(f"UPDATE link SET {member} = 'x'")  # noqa: S608 - of the list above
    connection.close()


def test_times_keep_their_milliseconds(store: LinkStore) -> None:
    moment = datetime(2026, 11, 24, 12, 0, 0, 123_000, tzinfo=UTC)
    link = _add(store)
    assert store.synced(link.id, marks={"measures": moment}).marks == {"measures": moment}
