"""Tables of the outbox, and the steps by which older files get them."""

from ohx_desktop.outbox import audit_sql
from ohx_desktop.outbox.repacking import repack
from ohx_desktop.storage.database import Connection
from ohx_desktop.storage.migrating import Migrations, Version, bring_up

# Times are milliseconds since 1970 in UTC. `seq` is the order of confirmation.
# `patient_digest` outlives the patient's reference: a reading already delivered for one patient
# can be recognised when somebody confirms it again, for the same or for another one. It is keyed
# with a random salt of this file, so that it compares with nothing elsewhere.
# The CHECKs hold the promise about what is erased when in the engine itself.
MIGRATIONS: Migrations = {
    Version(1, 0): (
        """
        CREATE TABLE entry (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            reading_id TEXT NOT NULL UNIQUE,
            patient_digest BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'acknowledged', 'verified',
                                                 'needs-attention', 'discarded')),
            attempts INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            next_attempt INTEGER,
            last_error TEXT,
            ehr_reference TEXT,
            discard_reason TEXT,
            patient TEXT,
            submission BLOB,
            bundle BLOB,
            CHECK ((patient IS NULL) = (bundle IS NULL)),
            CHECK ((submission IS NULL) = (bundle IS NULL)),
            CHECK (state NOT IN ('queued', 'sending') OR bundle IS NOT NULL),
            CHECK (state NOT IN ('acknowledged', 'verified', 'discarded') OR bundle IS NULL)
        ) STRICT
        """,
        """
        CREATE TABLE frame (
            seq INTEGER NOT NULL REFERENCES entry (seq) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (seq, position)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE salt (value BLOB NOT NULL) STRICT",
        "INSERT INTO salt VALUES (randomblob(32))",
        "CREATE INDEX entry_by_state ON entry (state, seq)",
        "CREATE INDEX entry_with_error ON entry (seq) WHERE last_error IS NOT NULL",
        """
        CREATE INDEX entry_by_patient ON entry (patient, seq)
        WHERE state IN ('queued', 'sending')
        """,
        # Answers what is due without reading the rows, which hold the readings and are large.
        """
        CREATE INDEX entry_queued ON entry (seq, next_attempt, patient)
        WHERE state = 'queued'
        """,
    ),
    # What a device sent, before a person said whose it is. `id` is that of the reading; of a record
    # that could not be decoded it is made of its bytes, `refusal` tells why, and `reading` is NULL.
    # `patient` was in view when it came: a hint, no assignment. The CHECKs hold that whatever is
    # health data goes in the transaction that hands the reading over or gives it up.
    Version(1, 1): (
        """
        CREATE TABLE captured (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            session TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('captured', 'queued', 'discarded')),
            captured_at INTEGER NOT NULL,
            is_stored INTEGER NOT NULL,
            refusal TEXT,
            ended_at INTEGER,
            reason TEXT,
            ended_by TEXT,
            patient TEXT,
            device BLOB,
            reading BLOB,
            frames BLOB,
            CHECK ((state = 'captured') = (frames IS NOT NULL)),
            CHECK ((state = 'captured') = (device IS NOT NULL)),
            CHECK ((state = 'captured') = (ended_at IS NULL)),
            CHECK (state = 'captured' OR (patient IS NULL AND reading IS NULL)),
            CHECK (state <> 'captured' OR (reading IS NULL) = (refusal IS NOT NULL))
        ) STRICT
        """,
        # Small, so that a look at the tray does not read the receipts.
        "CREATE INDEX captured_waiting ON captured (seq) WHERE state = 'captured'",
    ),
    # The content stays until the EHR gave it back, and what is erased after it arrived leaves a
    # proof. Each page that a commit writes is waited for: hence one blob for all that is health
    # data, short ids, and two indexes that a new reading is in. `entry_by_state` answers what is
    # open, from the patient's order to the counts, without reading the rows. An id is made of
    # reading, patient and kind (`naming`): that it is unique is the promise that nothing is queued
    # twice, and that a retraction has its own entry beside the filing's.
    Version(2, 0): (
        """
        CREATE TABLE entry_2 (
            seq INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            reading_id BLOB NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('filing', 'retraction')),
            state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'acknowledged', 'verified',
                                                 'needs-attention', 'discarded')),
            holds INTEGER NOT NULL CHECK (holds = (content IS NOT NULL)),
            is_doubtful INTEGER NOT NULL CHECK (is_doubtful IN (0, 1)),
            attempts INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            next_attempt INTEGER,
            arrived_at INTEGER,
            ended_at INTEGER,
            erase_at INTEGER,
            last_error TEXT,
            ehr_reference TEXT,
            reason TEXT,
            decided_by TEXT,
            corrects BLOB,
            patient_digest BLOB NOT NULL,
            proof BLOB,
            patient TEXT,
            content BLOB,
            CHECK ((patient IS NULL) = (content IS NULL)),
            CHECK (state NOT IN ('queued', 'sending') OR content IS NOT NULL),
            CHECK (state <> 'discarded' OR content IS NULL),
            CHECK (state <> 'verified' OR (content IS NULL) = (erase_at IS NULL)),
            CHECK (erase_at IS NULL OR (state = 'verified' AND ended_at IS NOT NULL
                                        AND erase_at - ended_at <= 30 * 86400000)),
            CHECK (content IS NULL OR proof IS NULL)
        ) STRICT
        """,
        repack,
        "DROP TABLE frame",
        "DROP TABLE entry",
        "ALTER TABLE entry_2 RENAME TO entry",
        "CREATE INDEX entry_by_state ON entry (state, holds, seq, next_attempt, patient)",
        """
        CREATE INDEX entry_put_off ON entry (next_attempt)
        WHERE state = 'queued' AND next_attempt IS NOT NULL
        """,
        "CREATE INDEX entry_with_error ON entry (seq) WHERE last_error IS NOT NULL",
        "CREATE INDEX entry_to_erase ON entry (erase_at) WHERE erase_at IS NOT NULL",
        "CREATE INDEX captured_ended ON captured (seq) WHERE state <> 'captured'",
        # A program older than the tray filled the queue without looking there.
        """
        UPDATE captured SET state = 'queued', ended_at = captured_at,
            patient = NULL, device = NULL, reading = NULL, frames = NULL
        WHERE state = 'captured' AND unhex(replace(id, '-', '')) IN (SELECT reading_id FROM entry)
        """,
    ),
    # Who did what when: see audit_sql.
    Version(2, 1): audit_sql.CREATE,
    # `twin` is a reading that may be the same measurement, by way of another service.
    Version(2, 2): ("ALTER TABLE captured ADD COLUMN twin TEXT",),
}


def migrate(connection: Connection, migrations: Migrations = MIGRATIONS) -> None:
    """Bring an open file to the newest version. Raises StoreTooNew for a newer major version."""
    bring_up(connection, migrations, file="the queue")
