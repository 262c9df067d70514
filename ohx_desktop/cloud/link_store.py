"""The links on disk: which account is whose, with its tokens, marks and state, encrypted.

Every change is one transaction. Ending a link erases patient, account, marks and tokens in the
transaction that says so; what remains is a receipt of when and by whom.

All methods block and belong to the thread that opened the store.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from ohx_desktop.cloud import link_schema as sql
from ohx_desktop.cloud.link_rows import (
    link_of,
    milliseconds,
    receipt_of,
    revocation_of,
    tokens_of,
)
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import (
    AccountTaken,
    AnotherAccount,
    Consent,
    HeldTokens,
    Link,
    NotLinked,
    Pair,
    Receipt,
    Revocation,
    require_patient,
)
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.seen_store import FORGET_LINK, SeenStore
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import StoreDamaged, StoreError
from ohx_desktop.storage.database import (
    Connection,
    SqlValue,
    connect,
    forget,
    opening_lock,
    pragma,
    transaction,
    translated,
)
from ohx_desktop.storage.migrating import bring_up

_FILE = "the file of the cloud links"


class LinkStore:
    """The links of one profile. Use `open`. Methods raise StoreEnvironment and StoreDamaged.

    `seen` knows what has been read of them.
    """

    def __init__(self, connection: Connection, *, now: Now) -> None:
        self._connection = connection
        self._now = now
        self.seen = SeenStore(connection, self._changing)

    @classmethod
    def open(cls, path: Path, key: bytes, *, now: Now = system_now) -> Self:
        """Open or create the file at `path` with its 32-byte key, migrating older ones.

        Raises StoreDamaged (wrong key, broken file), StoreTooNew, StoreEnvironment.
        """
        with _of_links(), opening_lock(path):
            connection = connect(path, key)
            try:
                with translated():
                    bring_up(connection, sql.MIGRATIONS, file=_FILE)
                return cls(connection, now=now)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Fold the log into the file and close it."""
        with _of_links(), translated():
            forget(self._connection)
        self._connection.close()

    def data_version(self) -> int:
        """Return a number that changes when another process has changed the file."""
        with _of_links(), translated():
            return int(pragma(self._connection, "data_version"))

    # ── links ────────────────────────────────────────────────────────────────────────────────

    def add(
        self,
        *,
        provider: Provider,
        account: str,
        patient: str,
        consent: Consent,
        pair: Pair,
        state: LinkState = LinkState.OK,
        code: str | None = None,
    ) -> Link:
        """Link an account, durably; the same one of the same patient is that link, consented anew.

        Raises AccountTaken where it is another patient's, AnotherAccount where this patient has
        another one; then nothing was changed.
        """
        values: dict[str, SqlValue] = {
            "id": str(uuid4()),
            "provider": provider,
            "account": account,
            "patient": require_patient(patient),
            "at": milliseconds(consent.at),
            "by": consent.by,
            "text": consent.text,
            "scopes": json.dumps(sorted(consent.scopes)),
            "state": state,
            "code": code,
        }
        with self._changing():
            owned = self._one(sql.BY_ACCOUNT, provider, account)
            if owned is not None and owned.patient != patient:
                raise AccountTaken(f"this {provider.service} account is linked to another patient")
            had = self._one(sql.BY_PATIENT, patient, provider)
            if had is not None and had.account != account:
                raise AnotherAccount(
                    f"the patient is linked with another {provider.service} account"
                )
            if owned is not None:
                values["id"] = str(owned.id)
            self._connection.execute(
                sql.INSERT_LINK if owned is None else sql.CONSENT_AGAIN, values
            )
            self._connection.execute(sql.PUT_TOKENS, {"id": values["id"], **_columns(pair)})
            self._connection.execute(sql.ERASE_REVOCATIONS_OF_ACCOUNT, (provider, account))
        return self.link(UUID(str(values["id"])))

    def end(self, link_id: UUID, *, by: str | None, revoke: bool = True) -> Receipt:
        """End a link: erase its patient, account, marks and tokens, and keep a receipt.

        With `revoke` what the provider needs to take the consent back is kept until it has. Raises
        NotLinked.
        """
        at = milliseconds(self._now())
        with self._changing():
            link, tokens = self.link(link_id), self.tokens(link_id)
            self._connection.execute(sql.ERASE_TOKENS, (str(link_id),))
            self._connection.execute(FORGET_LINK, (str(link_id),))
            self._connection.execute(sql.END, {"id": str(link_id), "at": at, "by": by})
            if revoke:
                token = None if link.provider is Provider.WITHINGS else tokens.pair.refresh
                self._connection.execute(
                    sql.INSERT_REVOCATION,
                    (str(link_id), link.provider, link.account, token, at),
                )
            (row,) = self._connection.execute(sql.RECEIPT, (str(link_id),))
        with _of_links(), translated():
            forget(self._connection)
        return receipt_of(row)

    def links(self) -> list[Link]:
        """Return the live links, in the order in which they were made."""
        with _of_links(), translated():
            return [link_of(row) for row in self._connection.execute(sql.LINKS)]

    def link(self, link_id: UUID) -> Link:
        """Return a live link. Raises NotLinked."""
        found = self._one(sql.LINK, str(link_id))
        if found is None:
            raise NotLinked("there is no such link any more")
        return found

    def link_of_account(self, provider: Provider, account: str) -> Link | None:
        """Return the live link of an account, if there is one."""
        return self._one(sql.BY_ACCOUNT, provider, account)

    def link_of_patient(self, patient: str, provider: Provider) -> Link | None:
        """Return a patient's live link with a provider, if there is one."""
        return self._one(sql.BY_PATIENT, patient, provider)

    def receipts(self) -> list[Receipt]:
        """Return what stays of the links that have ended."""
        with _of_links(), translated():
            return [receipt_of(row) for row in self._connection.execute(sql.RECEIPTS)]

    # ── how a link fares ─────────────────────────────────────────────────────────────────────

    def synced(
        self,
        link_id: UUID,
        *,
        marks: Mapping[str, datetime] | None = None,
        last_data_at: datetime | None = None,
    ) -> Link:
        """Note a sync in which the provider answered, moving the marks of streams with it.

        A mark moves when what it stands for is kept. What was wrong with the link is over, but for
        what only a person or a new consent can end. Raises NotLinked.
        """
        moved = {stream: milliseconds(mark) for stream, mark in (marks or {}).items()}
        with self._changing():
            link = self.link(link_id)
            self._connection.execute(
                sql.SYNCED,
                {
                    "id": str(link_id),
                    "marks": json.dumps(moved),
                    "at": milliseconds(self._now()),
                    "data_at": None if last_data_at is None else milliseconds(last_data_at),
                },
            )
            self._connection.execute(sql.PROVED, (str(link_id),))
            if link.state is LinkState.PAUSED and not link.is_paused_by_a_person:
                self._set_state(link_id, LinkState.OK)
        return self.link(link_id)

    def note(self, link_id: UUID, state: LinkState, code: str | None = None) -> Link:
        """Note what a link has come to; `code` is for IT. A person's pause stays one.

        Raises NotLinked.
        """
        with self._changing():
            link = self.link(link_id)
            if state is not LinkState.PAUSED or not link.is_paused_by_a_person:
                self._set_state(link_id, state, code)
        return self.link(link_id)

    def pause(self, link_id: UUID, *, by: str | None) -> Link:
        """Have nothing asked of an account until a person resumes it. Raises NotLinked."""
        with self._changing():
            self.link(link_id)
            self._set_state(link_id, LinkState.PAUSED, "paused-by-a-person", paused_by=by or "")
        return self.link(link_id)

    def resume(self, link_id: UUID) -> Link:
        """Have a paused link go on; one that is not paused stays as it is. Raises NotLinked."""
        with self._changing():
            if self.link(link_id).state is LinkState.PAUSED:
                self._set_state(link_id, LinkState.OK)
        return self.link(link_id)

    # ── tokens ───────────────────────────────────────────────────────────────────────────────

    def tokens(self, link_id: UUID) -> HeldTokens:
        """Return the tokens of a live link. Raises NotLinked."""
        with _of_links(), translated():
            row = self._connection.execute(sql.TOKENS, (str(link_id),)).fetchone()
        if row is None:
            raise NotLinked("there is no such link any more")
        return tokens_of(row)

    def asked(self, link_id: UUID) -> None:
        """Note that a renewal begins: nobody may ask the same again for some seconds."""
        with self._changing():
            self._connection.execute(sql.ASKED, (milliseconds(self._now()), str(link_id)))

    def renew(
        self, link_id: UUID, pair: Pair, *, generation: int, before: str | None
    ) -> HeldTokens:
        """Keep a new pair durably in place of the one of `generation`; return what is kept.

        Where another pair has taken that place meanwhile, that one stays. Raises NotLinked.
        """
        with self._changing():
            values: dict[str, SqlValue] = {
                "id": str(link_id),
                "generation": generation,
                "before": before,
            }
            self._connection.execute(sql.RENEW_TOKENS, _columns(pair) | values)
        return self.tokens(link_id)

    # ── consents that are yet to be taken back ───────────────────────────────────────────────

    def revocations(self) -> list[Revocation]:
        """Return what is yet to be taken back, the oldest first."""
        with _of_links(), translated():
            return [revocation_of(row) for row in self._connection.execute(sql.REVOCATIONS)]

    def revoked(self, link_id: UUID) -> None:
        """Forget a consent that has been taken back."""
        with self._changing():
            self._connection.execute(sql.ERASE_REVOCATION, (str(link_id),))
        with _of_links(), translated():
            forget(self._connection)

    def not_revoked(self, link_id: UUID, code: str) -> None:
        """Note that a consent could not be taken back yet; `code` tells IT why."""
        with self._changing():
            self._connection.execute(sql.REVOCATION_FAILED, (code, str(link_id)))

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with _of_links(), translated(), transaction(self._connection):
            yield

    def _one(self, statement: str, *values: str) -> Link | None:
        with _of_links(), translated():
            row = self._connection.execute(statement, values).fetchone()
        return None if row is None else link_of(row)

    def _set_state(
        self,
        link_id: UUID,
        state: LinkState,
        code: str | None = None,
        *,
        paused_by: str | None = None,
    ) -> None:
        self._connection.execute(
            sql.SET_STATE,
            {
                "id": str(link_id),
                "state": state,
                "code": code,
                "paused_by": paused_by,
                "at": milliseconds(self._now()),
            },
        )


def _columns(pair: Pair) -> dict[str, SqlValue]:
    return {
        "access": pair.access,
        "refresh": pair.refresh,
        "obtained_at": milliseconds(pair.obtained_at),
        "expires_at": milliseconds(pair.expires_at),
    }


@contextmanager
def _of_links() -> Iterator[None]:
    """Let the errors of a file say which file it is, and that no reading is in it."""
    try:
        yield
    except StoreError as error:
        error.what = error.what.replace("the queue's file", _FILE)
        error.meaning = "no reading is in this file; the links were left as they are"
        if isinstance(error, StoreDamaged):
            error.hint = (
                "restore its key if that was changed; or let an administrator move cloud.db away "
                "and have the accounts linked again"
            )
        raise
