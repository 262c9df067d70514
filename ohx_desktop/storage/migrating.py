"""How the tables of older files become new ones: forward only, a transaction a step.

The version is kept in SQLite's user_version. A newer minor version is additive and may be opened;
a newer major version is refused and left untouched.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ohx_desktop.domain.errors import StoreTooNew
from ohx_desktop.storage.database import APPLICATION_ID, Connection, pragma, transaction


class Version(NamedTuple):
    """Version of the tables."""

    major: int
    minor: int

    @classmethod
    def of(cls, connection: Connection) -> "Version":
        """Return the version of an open file; 0.0 for a new one."""
        return cls(*divmod(int(pragma(connection, "user_version")), 1000))

    @property
    def packed(self) -> int:
        """The number that user_version holds."""
        return self.major * 1000 + self.minor


Step = str | Callable[[Connection], None]
Migrations = Mapping[Version, Sequence[Step]]


def bring_up(connection: Connection, migrations: Migrations, *, file: str) -> None:
    """Bring an open file to the newest version. `file` is what people call it.

    Raises StoreTooNew for a newer major version.
    """
    found = Version.of(connection)
    newest = max(migrations)
    if found.major > newest.major:
        raise StoreTooNew(
            f"{file} was written by a newer program (version {found.major}.{found.minor} of "
            f"its tables; this program knows {newest.major}.{newest.minor})"
        )
    for version in sorted(version for version in migrations if version > found):
        with transaction(connection):
            for step in migrations[version]:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version.packed}")
