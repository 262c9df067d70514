"""The random id of this installation, made once: it names the gateway Device in the EHR."""

from pathlib import Path
from uuid import UUID, uuid4

import filelock

from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.storage.durable import write_durably

# Another program makes the id in milliseconds; after this something is wrong.
_WAIT_S = 5.0


def installation_id(path: Path) -> UUID:
    """Return the id in `path`, made on first use. Blocking. Raises StoreEnvironment."""
    try:
        return _kept(path) or _made(path)
    except (OSError, ValueError) as error:
        raise StoreEnvironment(
            f"the id of this installation cannot be read or written ({type(error).__name__})",
            hint=f"mend or remove {path}",
        ) from error


def _made(path: Path) -> UUID:
    # Of two programs started at once one makes the id for both.
    with filelock.FileLock(f"{path}.lock", timeout=_WAIT_S, mode=0o600):
        if (kept := _kept(path)) is not None:
            return kept
        made = uuid4()
        write_durably(path, str(made).encode("ascii"))
        return made


def _kept(path: Path) -> UUID | None:
    """Return the id there is; an empty file, left by a crash or a power cut, is none."""
    text = path.read_text(encoding="ascii").strip() if path.exists() else ""
    return UUID(text) if text else None
