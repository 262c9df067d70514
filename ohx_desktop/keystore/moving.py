"""Moves the key of a queue to another source, so that at every moment one opens it.

    note of the move ─► new place durable ─► proved on the queue ─► setting ─► old place emptied

A crash leaves the setting at a place that works, and the note tells where the key may lie, too.
Everything here blocks.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ohx_desktop.domain.errors import KeystoreError
from ohx_desktop.keystore.key import missing_key
from ohx_desktop.keystore.private_file import erase_private, read_private, write_private
from ohx_desktop.keystore.sources import KeyPlace, KeySource
from ohx_desktop.storage.database import opening_lock
from ohx_desktop.storage.opening import open_whole

_WHAT = "the note of a move of the key"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMove:
    """A move that was begun: from one source to another; each with its file, if it has one."""

    source: str
    target: str
    source_file: str | None = None
    target_file: str | None = None


def begun_move(note: Path) -> KeyMove | None:
    """Return the move that was begun and not ended. Raises KeystoreError."""
    content = read_private(note, _WHAT)
    if content is None:
        return None
    try:
        return KeyMove(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise KeystoreError(
            "the note of a move of the key is damaged",
            hint=f"see with ohx-desktop key status that the key opens, then remove {note.name}",
        ) from error


def move_key(
    move: KeyMove,
    source: KeySource,
    target: KeyPlace,
    *,
    emptied: KeyPlace | None,
    database: Path,
    note: Path,
    switch: Callable[[], None],
) -> None:
    """Bring the key of `database` to `target`, make that the source in force, empty the old place.

    `switch` writes the setting. `emptied` is the old place; None where it is not ours to empty.
    Raises KeystoreError, StoreError and what `switch` raises; the source in force then opens the
    queue as before.
    """
    with opening_lock(database):
        key = source.load()
        if key is None:
            raise missing_key()
        is_there = _holds(target, key)
        write_private(note, json.dumps(asdict(move)).encode(), _WHAT, replace=True)
        if not is_there:
            target.keep(key)
        _prove(target.load(), key, database)
        switch()
        _empty(emptied, note)


def end_move(emptied: KeyPlace | None, target: KeySource, *, database: Path, note: Path) -> None:
    """Empty the old place after a move that broke off there. Raises as `move_key`."""
    with opening_lock(database):
        key = target.load()
        if key is None:
            raise missing_key()
        _prove(key, key, database)
        _empty(emptied, note)


def prove_key(source: KeySource, database: Path) -> None:
    """Open the queue, where there is one, with what the source gives. Raises as `move_key`."""
    with opening_lock(database):
        key = source.load()
        if key is None:
            raise missing_key()
        _prove(key, key, database)


def _holds(target: KeyPlace, key: bytes) -> bool:
    """Tell whether an earlier move got that far. Raises KeystoreError for a key of another."""
    if not target.is_kept():
        return False
    if target.load() != key:
        raise KeystoreError(
            f"there is another key already: {target.place}",
            meaning="the key of the queue stays where it was",
            hint="an administrator looks whose key it is, and takes it away",
        )
    return True


def _prove(kept: bytes | None, key: bytes, database: Path) -> None:
    if kept != key:
        raise KeystoreError("the new place does not keep what it is given")
    if database.exists():
        open_whole(database, key).close()


def _empty(emptied: KeyPlace | None, note: Path) -> None:
    if emptied is not None:
        emptied.erase()
    erase_private(note, _WHAT)
