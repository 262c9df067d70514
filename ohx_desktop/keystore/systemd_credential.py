"""A key the service manager hands over (`LoadCredentialEncrypted=ohx-store-key:…`).

See systemd.exec(5), "CREDENTIALS". Such a key lies on the disk sealed by the machine's TPM or by a
key of the host, and is clear only for the unit it was made for.
"""

import os
from pathlib import Path

from ohx_desktop.domain.errors import KeystoreError
from ohx_desktop.keystore.key import parsed, unusable

CREDENTIAL = "ohx-store-key"
_WHAT = "the credential"


class SystemdCredential:
    """The credential of this unit; an administrator makes it."""

    place = f"the credential {CREDENTIAL} of the systemd unit"

    def load(self) -> bytes | None:
        """Return the key. Raises KeystoreError: this source is never filled by us."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise _missing("the program was not started by systemd with credentials")
        try:
            return parsed((Path(folder) / CREDENTIAL).read_bytes(), _WHAT)
        except FileNotFoundError as error:
            raise _missing(f"the unit hands over no credential {CREDENTIAL}") from error
        except OSError as error:
            raise unusable(_WHAT, error) from error

    def create(self) -> bytes:
        """Raise: the key is made by the administrator."""
        raise _missing("the key of the queue is made by the administrator")


def _missing(what: str) -> KeystoreError:
    return KeystoreError(
        what,
        hint=(
            "an administrator creates it (systemd-creds encrypt) and names it in the unit "
            f"(LoadCredentialEncrypted={CREDENTIAL}:FILE)"
        ),
    )
