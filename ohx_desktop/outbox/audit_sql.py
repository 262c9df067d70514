"""The table of the audit and its statements.

The engine itself holds what is promised: a record is never changed, and none goes but from the
beginning, up to the origin. The origin moves forward only, and only to a record that is there, so
that what is left hangs on what was taken out. Numbers have no gap, which also keeps INSERT OR
REPLACE, which asks no trigger, from replacing.

A record is one value, its canonical bytes, and there is no index: an insert writes one page.
"""

from collections.abc import Sequence

CREATE: Sequence[str] = (
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        content BLOB NOT NULL,
        digest BLOB NOT NULL CHECK (length(digest) = 32)
    ) STRICT
    """,
    # Random, so that no two files have a link in common.
    """
    CREATE TABLE audit_origin (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT
    """,
    "INSERT INTO audit_origin VALUES (1, 0, randomblob(32))",
    """
    CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
    WHEN NEW.seq IS NOT
        1 + coalesce((SELECT max(seq) FROM audit), (SELECT seq FROM audit_origin))
    BEGIN SELECT RAISE(ABORT, 'an audit record follows the last one'); END
    """,
    """
    CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'an audit record is never changed'); END
    """,
    """
    CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    WHEN OLD.seq > (SELECT seq FROM audit_origin)
    BEGIN SELECT RAISE(ABORT, 'an audit record is never deleted before it is archived'); END
    """,
    """
    CREATE TRIGGER audit_origin_forward BEFORE UPDATE ON audit_origin
    WHEN NEW.one IS NOT 1 OR NEW.seq <= OLD.seq
        OR NEW.digest IS NOT (SELECT digest FROM audit WHERE seq = NEW.seq)
        OR NEW.seq >= (SELECT max(seq) FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the origin of the audit is a record that is followed'); END
    """,
    """
    CREATE TRIGGER audit_origin_one BEFORE INSERT ON audit_origin
    BEGIN SELECT RAISE(ABORT, 'the audit has one origin'); END
    """,
    """
    CREATE TRIGGER audit_origin_kept BEFORE DELETE ON audit_origin
    BEGIN SELECT RAISE(ABORT, 'the audit has one origin'); END
    """,
)

ORIGIN = "SELECT seq, digest FROM audit_origin"
HEAD = "SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1"
INSERT = "INSERT INTO audit VALUES (?, ?, ?)"
LINKS = "SELECT seq, content, digest FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
MOVE_ORIGIN = "UPDATE audit_origin SET seq = ?, digest = ?"
REMOVE_ARCHIVED = "DELETE FROM audit WHERE seq <= (SELECT seq FROM audit_origin)"
