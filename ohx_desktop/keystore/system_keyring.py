"""The system's secret store, through the keyring library: which are taken, and which refused.

Everything here blocks (a keyring call takes some 30 ms, and longer when it asks a person).
"""

import secrets
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.domain.errors import KeyringLocked, KeystoreError, NoKeyring
from ohx_desktop.keystore.key import KEY_BYTES, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

SERVICE = "ohx-desktop"
_STORE_KEY = "store-key"

# The stores of the operating systems. Other backends keep passwords in plain files, in memory or
# nowhere; they count only when a person named them.
_SYSTEM_STORES = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.kwallet",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)
# Asked for its reason when none of them can be used.
_EXPECTED = {
    "linux": "keyring.backends.SecretService.Keyring",
    "darwin": "keyring.backends.macOS.Keyring",
    "win32": "keyring.backends.Windows.WinVaultKeyring",
}
_CHAINER = "keyring.backends.chainer"
# These keep nothing, so that not even an explicit choice makes them a store.
_KEEP_NOTHING = frozenset({"keyring.backends.fail", "keyring.backends.null"})


def secret_stores() -> tuple[str, ...]:
    """Return the system's stores that this session can use; where there is none, why not."""
    from keyring.backend import get_all_keyring

    usable = sorted(
        f"{type(backend).__module__}: usable"
        for backend in get_all_keyring()
        if type(backend).__module__ in _SYSTEM_STORES
    )
    return tuple(usable or _refusals())


class SystemKeyring:
    """The system's secret store, through the keyring library. One set of names per profile."""

    def __init__(self, profile: Path) -> None:
        # Two profiles of one account do not share; the path itself may hold a name.
        self._profile = sha256(str(profile.resolve()).encode()).hexdigest()[:16]
        self._backend: KeyringBackend | None = None

    @property
    def place(self) -> str:
        """Where the key lies, for a person."""
        return "the system's keyring"

    def load(self) -> bytes | None:
        """Return the key of the queue; None when none was made yet."""
        text = self.get(_STORE_KEY)
        return None if text is None else parsed(text.encode(), "the key in the keyring")

    def create(self) -> bytes:
        """Make the key of the queue and keep it; refuses a store that forgets it."""
        key = secrets.token_bytes(KEY_BYTES)
        self.keep(key)
        return key

    def keep(self, key: bytes) -> None:
        """Keep a key that there is already; refuses a store that forgets it."""
        if self.is_kept():
            raise KeystoreError(
                "the keyring holds a key of this profile already",
                hint="let an administrator look which of the keys opens the queue",
            )
        self.set(_STORE_KEY, key.hex())
        if self.load() != key:
            raise NoKeyring("the secret store does not keep what it is given")

    def is_kept(self) -> bool:
        """Tell whether there is a key."""
        return self.get(_STORE_KEY) is not None

    def erase(self) -> None:
        """Remove the key of the queue."""
        self.delete(_STORE_KEY)

    def get(self, name: str) -> str | None:
        """Return what is kept under this name; None when there is nothing."""
        with _foreign_errors():
            return self._chosen().get_password(SERVICE, self._user(name))

    def set(self, name: str, value: str) -> None:
        """Keep a text under this name."""
        with _foreign_errors():
            self._chosen().set_password(SERVICE, self._user(name), value)

    def delete(self, name: str) -> None:
        """Remove what is kept under this name, if anything is."""
        with _foreign_errors():
            backend = self._chosen()
            if backend.get_password(SERVICE, self._user(name)) is not None:
                backend.delete_password(SERVICE, self._user(name))

    def _user(self, name: str) -> str:
        return f"{self._profile}:{name}"

    def _chosen(self) -> "KeyringBackend":
        if self._backend is None:
            self._backend = _choose_backend()
        return self._backend


def _choose_backend() -> "KeyringBackend":
    """Return the backend a person chose the library's own way, or the system's own store."""
    from keyring import core

    try:
        # The limit holds for the automatic choice and for what the chainer chains.
        core.init_backend(limit=_is_system_store)
        backend = core.get_keyring()
    except Exception as error:  # a backend that a person named may fail in any way
        raise NoKeyring(
            f"the secret store that was chosen cannot be used ({type(error).__name__})",
            hint="check PYTHON_KEYRING_BACKEND and keyringrc.cfg",
        ) from error
    module = type(backend).__module__
    if module in _KEEP_NOTHING or (module == _CHAINER and not getattr(backend, "backends", ())):
        raise NoKeyring(f"no secret store can be used ({'; '.join(_refusals())})")
    return backend


def _is_system_store(backend: "KeyringBackend") -> bool:
    return type(backend).__module__ in _SYSTEM_STORES | {_CHAINER}


def _refusals() -> "Iterator[str]":
    """Tell why the system's own store was not chosen, and which others were refused."""
    from keyring.backend import get_all_keyring
    from keyring.core import load_keyring

    expected = _EXPECTED.get(sys.platform, _EXPECTED["linux"])
    try:
        load_keyring(expected)
    except Exception as error:  # noqa: BLE001 - any reason is what we want to know
        yield f"{expected}: {error}"
    for backend in get_all_keyring():
        module = type(backend).__module__
        if module not in _SYSTEM_STORES | _KEEP_NOTHING | {_CHAINER}:
            yield f"{module}: not known to keep secrets, and not chosen by a person"


@contextmanager
def _foreign_errors() -> "Iterator[None]":
    """Turn whatever a backend raises into the KeystoreError family; its texts stay outside."""
    from keyring import errors

    try:
        yield
    except KeystoreError:
        raise
    except (errors.KeyringLocked, errors.InitError) as error:
        # The Secret Service says InitError when its first collection stays locked.
        raise KeyringLocked("the secret store is locked, or the question was dismissed") from error
    except errors.NoKeyringError as error:
        raise NoKeyring("there is no secret store on this computer") from error
    except Exception as error:  # backends are plug-ins and raise what they like
        raise KeystoreError(
            f"the secret store failed ({type(error).__name__})",
            hint="check the system's keyring, then start again",
        ) from error
