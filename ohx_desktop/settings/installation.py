"""The random id of this installation, made once: it names the gateway Device in the EHR."""

from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from ohx_desktop.domain.errors import StoreEnvironment


def installation_id(path: Path) -> UUID:
    """Return the id in `path`, made on first use. Blocking. Raises StoreEnvironment."""
    try:
        # Exclusive creation: of two programs started at once one makes the id for both.
        with suppress(FileExistsError), path.open("x", encoding="ascii") as file:
            file.write(str(uuid4()))
        return UUID(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise StoreEnvironment(
            f"the id of this installation cannot be read or written ({type(error).__name__})",
            hint=f"mend or remove {path}",
        ) from error
