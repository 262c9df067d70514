"""Tables and statements of the file of links, and the steps by which older files get them.

Times are milliseconds since 1970 in UTC. The CHECKs hold in the engine itself that an ended link
keeps neither patient nor account, and the indexes that an account is one patient's only, and that a
patient has one account at a provider.
"""

# ruff: noqa: S608 - the statements are joined from constants of this file only

from ohx_desktop.cloud import seen_store
from ohx_desktop.storage.migrating import Migrations, Version

MIGRATIONS: Migrations = {
    Version(1, 0): (
        """
        CREATE TABLE link (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            provider TEXT NOT NULL,
            linked_at INTEGER NOT NULL,
            linked_by TEXT,
            account TEXT,
            patient TEXT,
            consent_at INTEGER,
            consent_by TEXT,
            consent_text TEXT,
            scopes TEXT,
            state TEXT,
            state_since INTEGER,
            code TEXT,
            paused_by TEXT,
            last_data_at INTEGER,
            last_sync_at INTEGER,
            marks TEXT NOT NULL DEFAULT '{}',
            ended_at INTEGER,
            ended_by TEXT,
            CHECK ((ended_at IS NULL) = (account IS NOT NULL)),
            CHECK ((ended_at IS NULL) = (patient IS NOT NULL)),
            CHECK ((ended_at IS NULL) = (scopes IS NOT NULL)),
            CHECK (ended_at IS NULL OR marks = '{}'),
            CHECK ((ended_at IS NULL) = (state IS NOT NULL))
        ) STRICT
        """,
        "CREATE UNIQUE INDEX link_by_account ON link (provider, account) WHERE ended_at IS NULL",
        "CREATE UNIQUE INDEX link_by_patient ON link (patient, provider) WHERE ended_at IS NULL",
        """
        CREATE TABLE token (
            link TEXT PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
            access TEXT NOT NULL,
            refresh TEXT NOT NULL,
            obtained_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            before TEXT,
            asked_at INTEGER
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE revocation (
            link TEXT PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            account TEXT NOT NULL,
            token TEXT,
            asked_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            code TEXT
        ) STRICT, WITHOUT ROWID
        """,
    ),
    Version(1, 1): seen_store.TABLES,
}

_LINK = (
    "id, provider, account, patient, consent_at, consent_by, consent_text, scopes, state, "
    "state_since, code, paused_by, last_data_at, last_sync_at, marks"
)
_LIVE = "ended_at IS NULL"

LINKS = f"SELECT {_LINK} FROM link WHERE {_LIVE} ORDER BY seq"
LINK = f"SELECT {_LINK} FROM link WHERE id = ? AND {_LIVE}"
BY_ACCOUNT = f"SELECT {_LINK} FROM link WHERE provider = ? AND account = ? AND {_LIVE}"
BY_PATIENT = f"SELECT {_LINK} FROM link WHERE patient = ? AND provider = ? AND {_LIVE}"
INSERT_LINK = """
    INSERT INTO link (id, provider, linked_at, linked_by, account, patient, consent_at, consent_by,
                      consent_text, scopes, state, state_since, code)
    VALUES (:id, :provider, :at, :by, :account, :patient, :at, :by, :text, :scopes, :state, :at,
            :code)
"""
# What was read before is not read again; a person's pause has ended with the new consent.
CONSENT_AGAIN = f"""
    UPDATE link SET consent_at = :at, consent_by = :by, consent_text = :text, scopes = :scopes,
        state = :state, state_since = :at, code = :code, paused_by = NULL
    WHERE id = :id AND {_LIVE}
"""
SET_STATE = f"""
    UPDATE link SET state_since = iif(state = :state, state_since, :at), state = :state,
        code = :code, paused_by = :paused_by
    WHERE id = :id AND {_LIVE}
"""
SYNCED = f"""
    UPDATE link SET marks = json_patch(marks, :marks), last_sync_at = :at,
        last_data_at = coalesce(max(last_data_at, :data_at), last_data_at, :data_at)
    WHERE id = :id AND {_LIVE}
"""
END = f"""
    UPDATE link SET ended_at = :at, ended_by = :by, account = NULL, patient = NULL,
        consent_at = NULL, consent_by = NULL, consent_text = NULL, scopes = NULL, state = NULL,
        state_since = NULL, code = NULL, paused_by = NULL, last_data_at = NULL,
        last_sync_at = NULL, marks = '{{}}'
    WHERE id = :id AND {_LIVE}
"""
_RECEIPT = "id, provider, linked_at, linked_by, ended_at, ended_by"
RECEIPTS = f"SELECT {_RECEIPT} FROM link WHERE ended_at IS NOT NULL ORDER BY seq"
RECEIPT = f"SELECT {_RECEIPT} FROM link WHERE id = ? AND ended_at IS NOT NULL"

TOKENS = """
    SELECT access, refresh, obtained_at, expires_at, generation, before, asked_at
    FROM token WHERE link = ?
"""
PUT_TOKENS = """
    INSERT INTO token (link, access, refresh, obtained_at, expires_at, generation)
    VALUES (:id, :access, :refresh, :obtained_at, :expires_at, 1)
    ON CONFLICT (link) DO UPDATE SET access = :access, refresh = :refresh,
        obtained_at = :obtained_at, expires_at = :expires_at, generation = generation + 1,
        before = NULL, asked_at = NULL
"""
RENEW_TOKENS = """
    UPDATE token SET access = :access, refresh = :refresh, obtained_at = :obtained_at,
        expires_at = :expires_at, generation = generation + 1, before = :before, asked_at = NULL
    WHERE link = :id AND generation = :generation
"""
ASKED = "UPDATE token SET asked_at = ? WHERE link = ?"
PROVED = "UPDATE token SET before = NULL WHERE link = ? AND before IS NOT NULL"
ERASE_TOKENS = "DELETE FROM token WHERE link = ?"

INSERT_REVOCATION = """
    INSERT INTO revocation (link, provider, account, token, asked_at) VALUES (?, ?, ?, ?, ?)
"""
REVOCATIONS = """
    SELECT link, provider, account, token, asked_at, attempts, code
    FROM revocation ORDER BY asked_at, link
"""
REVOCATION_FAILED = "UPDATE revocation SET attempts = attempts + 1, code = ? WHERE link = ?"
ERASE_REVOCATION = "DELETE FROM revocation WHERE link = ?"
# A revocation that was put off would end the consent that the patient has just given again.
ERASE_REVOCATIONS_OF_ACCOUNT = "DELETE FROM revocation WHERE provider = ? AND account = ?"
