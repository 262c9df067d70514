"""Small private files and the folders of a profile: what a power cut leaves of them is whole."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a private folder, and those it lies in, unless it is there. Blocking. Raises OSError.

    Durable when this returns: what is flushed inside is lost with a folder whose name was not.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    flush_folder(folder.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Write the file for its owner alone, in place of an older one. Blocking. Raises OSError.

    Durable when this returns: after a power cut there is the old one or the new one.
    """
    # Renamed when whole: a crash in the middle must not leave half a file under this name.
    unfinished = unfinished_of(path)
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    flush_folder(path.parent)


def erase_durably(path: Path) -> None:
    """Remove the file, and what a crash may have left of writing it. Blocking. Raises OSError."""
    unfinished_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    flush_folder(path.parent)


def unfinished_of(path: Path) -> Path:
    """Return the name under which a file is written."""
    return path.with_name(f"{path.name}.unfinished")


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk. Raises OSError."""
    if os.name != "posix":  # Windows has no such call and needs none
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
