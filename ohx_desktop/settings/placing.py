"""Put a file of the administrator in place: whole or not at all, the one before kept. Blocking."""

from pathlib import Path

from ohx_desktop.storage.durable import write_durably


def put_in_place(content: bytes, target: Path) -> Path | None:
    """Replace `target`; return where its old content is kept, None where there was none.

    Raises OSError; then the target is as it was.
    """
    kept = target.with_suffix(".previous")
    before = target.exists()
    if before:
        write_durably(kept, target.read_bytes())
    write_durably(target, content)
    return kept if before else None
