"""The statements of the outbox, so that the store reads as what it does and these as what they ask.

The indexes are named where SQLite would read the rows, which hold the readings and are large.
`entry` rows are returned as `_ENTRY`, in the order of the store's own reader.
"""

# ruff: noqa: S608 - the statements are joined from constants of this file only

_ENTRY = (
    "entry.id, entry.reading_id, entry.state, entry.attempts, entry.created_at, "
    "entry.next_attempt, entry.last_error, entry.ehr_reference"
)
# Nothing is ever put off beyond `:latest`: a later time was written before the clock was set back.
_IS_DUE = """
    entry.state = 'queued'
    AND (entry.next_attempt IS NULL OR entry.next_attempt <= :now OR entry.next_attempt > :latest)
"""
# One that is being sent counts though it is newer: a person may have had an older one sent again.
_IS_FIRST_OF_PATIENT = """
    NOT EXISTS (
        SELECT 1 FROM entry AS other
        WHERE other.patient = entry.patient AND other.seq <> entry.seq
        AND other.state IN ('queued', 'sending')
        AND (other.seq < entry.seq OR other.state = 'sending')
    )
"""
_FINISHED = "('acknowledged', 'verified', 'discarded')"

SALT = "SELECT value FROM salt"
BY_READING = f"SELECT patient_digest, {_ENTRY} FROM entry WHERE reading_id = ?"
BY_ID = f"SELECT bundle IS NULL, {_ENTRY} FROM entry WHERE id = ?"
SEQ = "SELECT seq FROM entry WHERE id = ?"
HELD = "SELECT seq, patient, submission, bundle FROM entry WHERE id = ?"
FRAMES = "SELECT bytes FROM frame WHERE seq = ? ORDER BY position"
ENTRIES = f"""
    SELECT {_ENTRY} FROM entry
    WHERE entry.state IN (SELECT value FROM json_each(?)) ORDER BY entry.seq
"""
COUNTS = "SELECT state, count(*) FROM entry GROUP BY state"
LAST_ERROR = """
    SELECT last_error FROM entry INDEXED BY entry_with_error
    WHERE last_error IS NOT NULL AND state IN ('queued', 'sending', 'needs-attention')
    ORDER BY seq DESC LIMIT 1
"""
ANY_WAITING_OF_PATIENT = """
    SELECT 1 FROM entry INDEXED BY entry_by_patient
    WHERE patient = ? AND state IN ('queued', 'sending') LIMIT 1
"""
ANY_SENDING = "SELECT 1 FROM entry WHERE state = 'sending' LIMIT 1"
NEXT_DUE = f"""
    SELECT entry.patient, entry.bundle, {_ENTRY} FROM entry WHERE entry.seq = (
        SELECT entry.seq FROM entry INDEXED BY entry_queued
        WHERE {_IS_DUE} AND {_IS_FIRST_OF_PATIENT}
        AND entry.patient NOT IN (SELECT value FROM json_each(:excluded))
        ORDER BY entry.seq LIMIT 1
    )
"""
NEXT_DUE_AT = f"""
    SELECT min(entry.next_attempt) FROM entry INDEXED BY entry_queued
    WHERE entry.state = 'queued' AND entry.next_attempt IS NOT NULL AND {_IS_FIRST_OF_PATIENT}
"""

INSERT_ENTRY = """
    INSERT INTO entry (id, reading_id, patient_digest, created_at, state, attempts,
                       patient, submission, bundle)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_FRAME = "INSERT INTO frame VALUES (?, ?, ?)"
UPDATE_ENTRY = """
    UPDATE entry SET
        state = :state, attempts = :attempts, next_attempt = :next_attempt,
        last_error = :last_error, ehr_reference = :ehr_reference,
        discard_reason = coalesce(:reason, discard_reason),
        patient = iif(:holds, patient, NULL),
        submission = iif(:holds, submission, NULL),
        bundle = iif(:holds, bundle, NULL)
    WHERE id = :id
"""
ERASE_FRAMES = "DELETE FROM frame WHERE seq = (SELECT seq FROM entry WHERE id = ?)"
RECOVER = "UPDATE entry SET state = 'queued', next_attempt = NULL WHERE state = 'sending'"
MAKE_DUE = """
    UPDATE entry SET next_attempt = NULL WHERE seq IN (
        SELECT seq FROM entry INDEXED BY entry_queued
        WHERE state = 'queued' AND next_attempt IS NOT NULL
    )
"""
PRUNE = f"""
    DELETE FROM entry WHERE state IN {_FINISHED} AND seq <= (
        SELECT seq FROM entry WHERE state IN {_FINISHED} ORDER BY seq DESC LIMIT 1 OFFSET ?
    )
"""
