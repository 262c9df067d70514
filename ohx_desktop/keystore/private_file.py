"""Files that only their owner may read: whole and durable before they count. Blocking.

`what` names the file in the KeystoreError that each function raises.
"""

import errno
import os
import stat
from pathlib import Path

from ohx_desktop.domain.errors import KeystoreError
from ohx_desktop.keystore.key import unusable
from ohx_desktop.storage.durable import erase_durably, make_folder, write_durably


def read_private(path: Path, what: str) -> bytes | None:
    """Return the content; None where there is no file. Refuses one that others may read."""
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise KeystoreError(
                f"{what} may be read by others",
                hint="let its owner alone read it (chmod 600), and consider the key known",
            )
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(what, error) from error


def write_private(path: Path, content: bytes, what: str, *, replace: bool = False) -> None:
    """Write the file; without `replace` an existing one is never touched."""
    try:
        if path.exists() and not replace:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        make_folder(path.parent)
        write_durably(path, content)
    except OSError as error:
        raise unusable(what, error) from error


def erase_private(path: Path, what: str) -> None:
    """Remove the file; it is gone for good when this returns."""
    try:
        erase_durably(path)
    except OSError as error:
        raise unusable(what, error) from error
