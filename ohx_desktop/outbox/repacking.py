"""Entries of version 1 of the tables become entries of version 2, which keep one content each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ohx_desktop.domain.errors import StoreDamaged
from ohx_desktop.outbox.naming import entry_id
from ohx_desktop.outbox.packing import pack
from ohx_desktop.outbox.states import EntryKind
from ohx_desktop.storage.database import Connection, SqlValue
from ohx_desktop.storage.sealing import Seal

_OLD = """
    SELECT seq, reading_id, state, attempts, created_at, next_attempt, last_error,
           ehr_reference, discard_reason, patient_digest, patient, submission, bundle
    FROM entry ORDER BY seq
"""
_FRAMES = "SELECT bytes FROM frame WHERE seq = ? ORDER BY position"
_NEW = """
    INSERT INTO entry_2 (seq, id, reading_id, kind, state, is_doubtful, attempts, created_at,
                         next_attempt, last_error, ehr_reference, reason, patient_digest, patient,
                         content, holds)
    VALUES (?, ?, ?, 'filing', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UNDECIDED = frozenset({"queued", "sending", "needs-attention", "discarded"})


def repack(connection: Connection) -> None:
    """Copy every row of `entry` and `frame` into `entry_2`, one at a time, as there may be many."""
    (salt,) = connection.execute("SELECT value FROM salt").fetchone() or (b"",)
    seal = Seal(salt)
    for row in connection.execute(_OLD):
        seq, reading, state, attempts, created_at, *rest = row
        next_attempt, last_error, reference, reason, digest, patient, submission, bundle = rest
        # Version 1 did not note how an attempt ended: whatever was tried may have arrived.
        tried = attempts > 0 or last_error is not None or reference is not None
        content: SqlValue = None
        if bundle is not None:
            frames = [frame for (frame,) in connection.execute(_FRAMES, (seq,))]
            content = _packed(seal, [submission, bundle, *frames])
        reading_id = UUID(reading)
        values: Sequence[Any] = (
            seq,
            entry_id(seal, reading_id, digest, EntryKind.FILING).bytes,
            reading_id.bytes,
            state,
            state in _UNDECIDED and tried,
            attempts,
            created_at,
            next_attempt,
            last_error,
            reference,
            reason,
            digest,
            patient,
            content,
            content is not None,
        )
        connection.execute(_NEW, values)


def _packed(seal: Seal, sealed: Sequence[bytes]) -> bytes:
    """Return the parts in one seal; what was damaged stays damaged, and is told when it is used."""
    try:
        return seal.sealed(pack(map(seal.opened, sealed)))
    except StoreDamaged:
        return pack(sealed) + bytes(len(seal.checksum(b"")))
