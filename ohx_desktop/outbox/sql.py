"""The statements of the outbox, so that the store reads as what it does and these as what they ask.

The indexes are named where SQLite would read the rows, which hold the readings and are large.
`entry` rows are returned as `_ENTRY`, in the order of `records.entry_of`.
"""

# ruff: noqa: S608 - the statements are joined from constants of this file only

_ENTRY = (
    "id, reading_id, kind, state, is_doubtful, attempts, created_at, next_attempt, last_error, "
    "ehr_reference, corrects, arrived_at, ended_at, reason, decided_by"
)
_COLUMNS = (
    "id, reading_id, kind, state, is_doubtful, attempts, created_at, corrects, reason, decided_by, "
    "patient_digest, patient, content, holds"
)
_FINISHED = "('acknowledged', 'verified', 'discarded')"

SALT = "SELECT value FROM salt"
# The ids of a reading's entries lie together; another reading may share that place.
BY_READING = f"""
    SELECT patient_digest, {_ENTRY} FROM entry WHERE id BETWEEN ? AND ? AND reading_id = ?
    ORDER BY seq
"""
BY_ID = f"SELECT seq, holds, patient_digest, {_ENTRY} FROM entry WHERE id = ?"
BY_SEQ = f"SELECT patient_digest, patient, content, {_ENTRY} FROM entry WHERE seq = ?"
HELD = "SELECT patient, content FROM entry WHERE id = ?"

# ── lists and counts ─────────────────────────────────────────────────────────────────────────────

HELD_IN_STATE = f"""
    SELECT seq, {_ENTRY} FROM entry INDEXED BY entry_by_state
    WHERE state = ? AND holds = 1 AND seq > ? ORDER BY seq
"""
RECEIPTS_IN_STATE = f"""
    SELECT seq, {_ENTRY} FROM entry INDEXED BY entry_by_state
    WHERE state = ? AND holds = 0 AND seq > ? ORDER BY seq
"""
# The same, the newest first.
HELD_IN_STATE_BACKWARD = f"""
    SELECT seq, {_ENTRY} FROM entry INDEXED BY entry_by_state
    WHERE state = ? AND holds = 1 AND seq < ? ORDER BY seq DESC
"""
RECEIPTS_IN_STATE_BACKWARD = f"""
    SELECT seq, {_ENTRY} FROM entry INDEXED BY entry_by_state
    WHERE state = ? AND holds = 0 AND seq < ? ORDER BY seq DESC
"""
COUNT_HELD = """
    SELECT state, count(*) FROM entry INDEXED BY entry_by_state
    WHERE state IN ('queued', 'sending', 'needs-attention') AND holds = 1 GROUP BY state
"""
COUNT_ERASED = """
    SELECT state, count(*) FROM entry INDEXED BY entry_by_state
    WHERE state = 'needs-attention' AND holds = 0 GROUP BY state
"""
LAST_ERROR = """
    SELECT last_error FROM entry INDEXED BY entry_with_error
    WHERE last_error IS NOT NULL AND state IN ('queued', 'sending', 'needs-attention')
    ORDER BY seq DESC LIMIT 1
"""

# ── what is due ──────────────────────────────────────────────────────────────────────────────────

SENDING = """
    SELECT patient FROM entry INDEXED BY entry_by_state
    WHERE state = 'sending' AND holds = 1
"""
QUEUED = """
    SELECT seq, patient, next_attempt FROM entry INDEXED BY entry_by_state
    WHERE state = 'queued' AND holds = 1 ORDER BY seq
"""
FIRST_WAITING = """
    SELECT patient FROM entry INDEXED BY entry_by_state
    WHERE state IN ('queued', 'sending') AND holds = 1 LIMIT ?
"""
ANY_PUT_OFF = """
    SELECT 1 FROM entry INDEXED BY entry_put_off
    WHERE state = 'queued' AND next_attempt IS NOT NULL LIMIT 1
"""
UNVERIFIED = f"""
    SELECT content, {_ENTRY} FROM entry INDEXED BY entry_by_state
    WHERE state = 'acknowledged' AND holds = 1 ORDER BY seq LIMIT ?
"""
TO_ERASE = """
    SELECT id FROM entry INDEXED BY entry_to_erase
    WHERE erase_at IS NOT NULL AND (erase_at <= ? OR erase_at > ?) LIMIT ?
"""

# ── changes ──────────────────────────────────────────────────────────────────────────────────────

INSERT = f"INSERT INTO entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
_UPDATED = """
    state = :state, is_doubtful = :is_doubtful, attempts = :attempts, next_attempt = :next_attempt,
    last_error = :last_error, ehr_reference = :ehr_reference, arrived_at = :arrived_at,
    ended_at = :ended_at, reason = :reason, decided_by = :decided_by, erase_at = :erase_at
"""
UPDATE = f"UPDATE entry SET {_UPDATED} WHERE id = :id"
ERASE = "DELETE FROM entry WHERE seq = ?"
INSERT_RECEIPT = """
    INSERT INTO entry (seq, id, reading_id, kind, state, is_doubtful, attempts, created_at,
                       next_attempt, last_error, ehr_reference, corrects, arrived_at, ended_at,
                       reason, decided_by, patient_digest, proof, holds)
    VALUES (:seq, :id, :reading_id, :kind, :state, :is_doubtful, :attempts, :created_at,
            :next_attempt, :last_error, :ehr_reference, :corrects, :arrived_at, :ended_at,
            :reason, :decided_by, :patient_digest, :proof, 0)
"""
REMOVE = "DELETE FROM entry WHERE id = ? AND holds = 0"
PROOF = "SELECT proof FROM entry WHERE id = ?"
RECOVER = """
    UPDATE entry SET state = 'queued', next_attempt = NULL, is_doubtful = 1 WHERE seq IN (
        SELECT seq FROM entry INDEXED BY entry_by_state
        WHERE state = 'sending' AND holds = 1
    )
    RETURNING id, reading_id
"""
MAKE_DUE = """
    UPDATE entry SET next_attempt = NULL WHERE seq IN (
        SELECT seq FROM entry INDEXED BY entry_put_off
        WHERE state = 'queued' AND next_attempt IS NOT NULL
    )
"""
COUNT_RECEIPTS = f"""
    SELECT count(*) FROM entry INDEXED BY entry_by_state
    WHERE state IN {_FINISHED} AND holds = 0
"""
PRUNE = f"""
    DELETE FROM entry WHERE seq IN (
        SELECT seq FROM entry INDEXED BY entry_by_state
        WHERE state IN {_FINISHED} AND holds = 0 ORDER BY seq LIMIT ?
    )
"""
