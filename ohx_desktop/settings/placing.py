"""Put a file of the administrator in place: whole or not at all, the one before kept. Blocking."""

from pathlib import Path


def put_in_place(content: bytes, target: Path) -> Path | None:
    """Replace `target`; return where its old content is kept, None where there was none.

    Raises OSError; then the target is as it was.
    """
    draft, kept = target.with_suffix(".new"), target.with_suffix(".previous")
    draft.write_bytes(content)
    draft.chmod(0o600)
    before = target.exists()
    if before:
        kept.write_bytes(target.read_bytes())
        kept.chmod(0o600)
    draft.replace(target)
    return kept if before else None
