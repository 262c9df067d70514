"""The statements of the tray. Rows are returned as `_ENTRY`, in the order of `tray_entry`."""

# ruff: noqa: S608 - the statements are joined from constants of this file only

_ENTRY = "id, state, captured_at, is_stored, refusal, reason, patient, twin"
_ERASED = "patient = NULL, device = NULL, reading = NULL, frames = NULL, twin = NULL"

KNOWN = "SELECT session, state FROM captured WHERE id = ?"
ANY_WAITING = """
    SELECT 1 FROM captured INDEXED BY captured_waiting WHERE state = 'captured' LIMIT 1
"""
HAS_ENDED = "SELECT 1 FROM captured WHERE id = ? AND state <> 'captured'"
INSERT = """
    INSERT INTO captured (id, session, state, captured_at, patient, is_stored, refusal, device,
                          reading, frames, twin)
    VALUES (:id, :session, 'captured', :captured_at, :patient, :is_stored, :refusal, :device,
            :reading, :frames, :twin)
"""
# What was kept at once is judged later, when the whole burst is there.
JUDGED = """
    UPDATE captured SET is_stored = :is_stored, reading = :reading, frames = :frames
    WHERE id = :id AND session = :session AND state = 'captured'
"""
ENTRIES = f"SELECT {_ENTRY} FROM captured WHERE state = 'captured' ORDER BY seq"
BY_ID = f"SELECT {_ENTRY} FROM captured WHERE id = ?"
HELD = f"SELECT device, reading, frames, {_ENTRY} FROM captured WHERE id = ?"
ALL_HELD = f"""
    SELECT device, reading, frames, {_ENTRY} FROM captured WHERE state = 'captured' ORDER BY seq
"""
END = f"""
    UPDATE captured SET state = :state, ended_at = :now, reason = :reason, ended_by = :by, {_ERASED}
    WHERE id = :id AND state = 'captured'
"""
END_OLDEST_REFUSED = f"""
    UPDATE captured SET state = 'discarded', ended_at = :now, reason = 'too-many', {_ERASED}
    WHERE state = 'captured' AND refusal IS NOT NULL AND seq <= (
        SELECT seq FROM captured WHERE state = 'captured' AND refusal IS NOT NULL
        ORDER BY seq DESC LIMIT 1 OFFSET :kept
    )
    RETURNING id
"""
COUNT_RECEIPTS = """
    SELECT count(*) FROM captured INDEXED BY captured_ended WHERE state <> 'captured'
"""
PRUNE = """
    DELETE FROM captured WHERE seq IN (
        SELECT seq FROM captured INDEXED BY captured_ended
        WHERE state <> 'captured' ORDER BY seq LIMIT ?
    )
"""
# Without a receipt: what a service took away may come again, and is new then.
TAKE_BACK = "DELETE FROM captured WHERE id = ? AND state = 'captured'"
