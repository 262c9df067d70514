"""A key that a file holds sealed, and a person's PIN or passphrase opens.

The PIN is looked at under the lock that `obtain_key` holds, so that two programs do not try at
once. Everything here blocks; opening takes about a second, on purpose.
"""

import secrets
from pathlib import Path

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import KeyPinNeeded, KeyPinWrong, KeystoreError
from ohx_desktop.keystore.key import KEY_BYTES, missing_key
from ohx_desktop.keystore.pin_tries import PinTries
from ohx_desktop.keystore.private_file import erase_private, read_private, write_private
from ohx_desktop.keystore.sealed_key import STRETCHING, require_strong, require_whole, seal, unseal

_WHAT = "the sealed key of the queue"


class PinFile:
    """The sealed key in `path`; `pin` opens it, and seals what is kept in it."""

    def __init__(
        self,
        path: Path,
        pin: str | None = None,
        *,
        now: Now = system_now,
    ) -> None:
        self._path = path
        self._pin = pin
        self._tries = PinTries(path.with_name(f"{path.name}.tries"), now)

    @property
    def place(self) -> str:
        """Where the key lies, for a person."""
        return f"{self._path.name}, sealed with a PIN"

    def is_kept(self) -> bool:
        """Tell whether there is a key, without its PIN. Raises KeystoreError when damaged."""
        content = read_private(self._path, _WHAT)
        if content is not None:
            require_whole(content)
        return content is not None

    def load(self) -> bytes | None:
        """Return the key. Raises KeyPinWrong, which also says how long to wait; KeyPinNeeded."""
        content = read_private(self._path, _WHAT)
        if content is None:
            return None
        require_whole(content)
        if self._pin is None:
            raise KeyPinNeeded("the key of the queue is sealed with a PIN")
        wait_s = self._tries.wait_s()
        if wait_s > 0:
            raise KeyPinWrong("the last PINs were wrong, so that none is tried yet", wait_s=wait_s)
        wait_s = self._tries.begin()
        key = unseal(content, self._pin)
        if key is None:
            raise KeyPinWrong("this is not the PIN of the queue", wait_s=wait_s)
        self._tries.forget()
        return key

    def create(self) -> bytes:
        """Make the key and seal it with the PIN. Raises UsageError for a weak one."""
        key = secrets.token_bytes(KEY_BYTES)
        self.keep(key)
        return key

    def keep(self, key: bytes) -> None:
        """Seal a key that there is already with the PIN. Raises UsageError for a weak one."""
        if self._pin is None:
            raise KeyPinNeeded(
                "no PIN has been chosen for the queue yet",
                hint="choose one in the window, or by: ohx-desktop key create",
            )
        self._seal(key, self._pin, replace=False)

    def change(self, pin: str) -> None:
        """Seal the same key with another PIN. Raises UsageError for a weak one, KeyPinWrong."""
        require_strong(pin)
        key = self.load()
        if key is None:
            raise missing_key()
        self._seal(key, pin, replace=True)

    def erase(self) -> None:
        """Remove the sealed key and the note of wrong tries."""
        self._tries.forget()
        erase_private(self._path, _WHAT)

    def _seal(self, key: bytes, pin: str, *, replace: bool) -> None:
        require_strong(pin)
        content = seal(key, pin, STRETCHING)
        # Proved before it stands for the only copy.
        if unseal(content, pin) != key:
            raise KeystoreError("the key could not be sealed", hint="try again")
        write_private(self._path, content, _WHAT, replace=replace)
