"""Nothing a person waits for reads the whole queue: the plans of its statements use indexes."""

import re
from typing import Any

import pytest

from ohx_desktop.outbox import sql, tray_sql
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import SqlValue

NO_ID = bytes(16)
BY_STATE = "INDEX entry_by_state (state=? AND holds=?"
# statement, its parameters, how often the plan looks into which index
PLANS: list[tuple[str, tuple[SqlValue, ...], str]] = [
    (sql.BY_READING, (NO_ID, NO_ID, NO_ID), "SEARCH entry USING INDEX sqlite_autoindex"),
    (sql.BY_ID, (NO_ID,), "SEARCH entry USING INDEX sqlite_autoindex"),
    (sql.BY_SEQ, (1,), "SEARCH entry USING INTEGER PRIMARY KEY"),
    (sql.HELD, (NO_ID,), "SEARCH entry USING INDEX sqlite_autoindex"),
    (sql.PROOF, (NO_ID,), "SEARCH entry USING INDEX sqlite_autoindex"),
    (sql.HELD_IN_STATE, ("queued", 7), f"{BY_STATE} AND seq>?)"),
    (sql.RECEIPTS_IN_STATE, ("verified", 7), f"{BY_STATE} AND seq>?)"),
    (sql.HELD_IN_STATE_BACKWARD, ("queued", 7), f"{BY_STATE} AND seq<?)"),
    (sql.RECEIPTS_IN_STATE_BACKWARD, ("verified", 7), f"{BY_STATE} AND seq<?)"),
    (sql.COUNT_HELD, (), f"USING COVERING {BY_STATE})"),
    (sql.COUNT_ERASED, (), f"USING COVERING {BY_STATE})"),
    (sql.SENDING, (), f"USING COVERING {BY_STATE})"),
    (sql.QUEUED, (), f"USING COVERING {BY_STATE})"),
    (sql.FIRST_WAITING, (64,), f"USING COVERING {BY_STATE})"),
    (sql.UNVERIFIED, (64,), f"USING {BY_STATE})"),
    (sql.ANY_PUT_OFF, (), "INDEX entry_put_off"),
    (sql.LAST_ERROR, (), "INDEX entry_with_error"),
    (sql.TO_ERASE, (1, 2, 3), "INDEX entry_to_erase"),
    (sql.UPDATE, (None,) * 12, "SEARCH entry USING INDEX sqlite_autoindex"),
    (sql.ERASE, (1,), "SEARCH entry USING INTEGER PRIMARY KEY"),
    (sql.RECOVER, (), f"{BY_STATE})"),
    (sql.MAKE_DUE, (), "INDEX entry_put_off"),
    (sql.COUNT_RECEIPTS, (), f"USING COVERING {BY_STATE})"),
    (sql.PRUNE, (1,), f"USING COVERING {BY_STATE})"),
    (tray_sql.ANY_WAITING, (), "INDEX captured_waiting"),
    (tray_sql.ENTRIES, (), "INDEX captured_waiting"),
    (tray_sql.END, (None,) * 5, "SEARCH captured USING INDEX sqlite_autoindex"),
    (tray_sql.COUNT_RECEIPTS, (), "INDEX captured_ended"),
    (tray_sql.PRUNE, (1,), "INDEX captured_ended"),
]
# What holds few rows as a rule: only errors, only what is put off, only what is to be erased.
SMALL = ("entry_put_off", "entry_with_error", "entry_to_erase", "captured_")


PARTIAL = {
    "entry_put_off": "state = 'queued' AND next_attempt IS NOT NULL",
    "entry_with_error": "last_error IS NOT NULL",
    "entry_to_erase": "erase_at IS NOT NULL",
}


def plan(store: OutboxStore, statement: str, parameters: tuple[SqlValue, ...]) -> list[str]:
    named = dict.fromkeys(re.findall(r":(\w+)", statement))
    given: Any = named or parameters
    rows = store._connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
    return [str(row[3]) for row in rows]


@pytest.mark.parametrize(("statement", "parameters", "expected"), PLANS)
def test_a_statement_uses_its_index(
    store: OutboxStore, statement: str, parameters: tuple[SqlValue, ...], expected: str
) -> None:
    steps = plan(store, statement, parameters)
    assert any(expected in step for step in steps), steps
    scans = [step for step in steps if step.startswith("SCAN") and "LIST SUBQUERY" not in step]
    assert all(any(small in step for small in SMALL) for step in scans), steps


@pytest.mark.parametrize(
    "statement", [sql.QUEUED, sql.HELD_IN_STATE, sql.HELD_IN_STATE_BACKWARD, sql.UNVERIFIED]
)
def test_the_first_row_does_not_wait_for_the_last(store: OutboxStore, statement: str) -> None:
    parameters: dict[str, tuple[SqlValue, ...]] = {
        sql.HELD_IN_STATE: (EntryState.QUEUED, 0),
        sql.HELD_IN_STATE_BACKWARD: (EntryState.QUEUED, 9),
        sql.UNVERIFIED: (1,),
    }
    steps = plan(store, statement, parameters.get(statement, ()))
    assert not any("TEMP B-TREE" in step for step in steps), steps


def test_a_new_reading_is_in_two_indexes_only(store: OutboxStore) -> None:
    """Each page that a commit writes is waited for by a person."""
    indexes = store._connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entry'"
        " AND (sql IS NULL OR sql NOT LIKE '%WHERE%')"
    ).fetchall()
    assert len(indexes) == 2
    for partial, condition in PARTIAL.items():
        (text,) = store._connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (partial,)
        ).fetchone() or ("",)
        assert f"WHERE {condition}" in " ".join(text.split())
