"""The key of the queue and the program's secrets: where they may live, and why not elsewhere.

One random 256-bit key per profile seals the queue. It lives in the system's keyring, or where an
administrator chose: a credential of the service manager, a private file. There is no silent
fallback: a store that is not known to keep secrets is refused with the reason.

Everything here blocks (a keyring call takes some 30 ms, and longer when it asks a person); call it
from a thread.
"""

import errno
import os
import secrets
import stat
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ohx_desktop.domain.errors import ConfigurationError, KeyringLocked, KeystoreError, NoKeyring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

SERVICE = "ohx-desktop"
CREDENTIAL = "ohx-store-key"
KEY_BYTES = 32

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


class KeySource(Protocol):
    """Where the key of the queue comes from. Methods raise the KeystoreError family."""

    def load(self) -> bytes | None:
        """Return the 32-byte key; None when the source works but holds none."""
        ...

    def create(self) -> bytes:
        """Make a new random key, keep it, and return it as it was kept."""
        ...


def obtain_key(source: KeySource, database: Path) -> bytes:
    """Return the key of `database`, creating it only when there is no database yet.

    Two programs that start at once get the same key. Raises KeystoreError when the database is
    there and its key is not: a new key could never open it.
    """
    from ohx_desktop.storage.database import opening_lock

    with opening_lock(database):
        key = source.load()
        if key is not None:
            return key
        if database.exists():
            raise KeystoreError(
                "the key of the queue on this computer is missing",
                meaning="the readings in the queue were left as they are, but cannot be opened",
                hint=(
                    "sign in as the person who set the program up, or restore the key; an "
                    "administrator who gives the unsent readings up may move the queue's file away"
                ),
            )
        return source.create()


def key_source(kind: str, *, profile: Path, key_file: Path | None = None) -> KeySource:
    """Return the source that the setting `store.key_source` names."""
    if kind == "keyring":
        return SystemKeyring(profile)
    if kind == "systemd-credential":
        return SystemdCredential()
    if kind == "file" and key_file is not None:
        return KeyFile(key_file)
    raise ConfigurationError(f"store.key_source {kind} cannot be used as it is set")


def set_secret(profile: Path, name: str, value: str) -> None:
    """Keep a secret of this profile in the keyring, replacing an older one."""
    SystemKeyring(profile).set(f"secret:{name}", value)


def get_secret(profile: Path, name: str) -> str | None:
    """Return a secret of this profile; None when there is none of this name."""
    return SystemKeyring(profile).get(f"secret:{name}")


def delete_secret(profile: Path, name: str) -> None:
    """Remove a secret of this profile; no error when there is none."""
    SystemKeyring(profile).delete(f"secret:{name}")


def secret_stores() -> tuple[str, ...]:
    """Return the system's stores that this session can use; where there is none, why not."""
    from keyring.backend import get_all_keyring

    usable = sorted(
        f"{type(backend).__module__}: usable"
        for backend in get_all_keyring()
        if type(backend).__module__ in _SYSTEM_STORES
    )
    return tuple(usable or _refusals())


class EphemeralKey:
    """A key in this process's memory only, for the demo: what it seals dies with the process."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def load(self) -> bytes | None:
        """Return the key made before."""
        return self._key

    def create(self) -> bytes:
        """Make the key."""
        self._key = secrets.token_bytes(KEY_BYTES)
        return self._key


class KeyFile:
    """A key in a private file: an administrator's explicit choice, on an encrypted disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> bytes | None:
        """Return the key. Raises KeystoreError when others may read the file."""
        try:
            mode = self._path.stat().st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise KeystoreError(
                    "the key file may be read by others",
                    hint="let its owner alone read it (chmod 600), and consider the key known",
                )
            return _parsed(self._path.read_bytes(), "the key file")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable("the key file", error) from error

    def create(self) -> bytes:
        """Make the key and its file, whole and durable before it is used."""
        key = secrets.token_bytes(KEY_BYTES)
        # Renamed when whole: a crash in the middle must not leave half a key under this name.
        unfinished = self._path.with_name(f"{self._path.name}.unfinished")
        try:
            if self._path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{key.hex()}\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path)
            _flush_folder(self._path.parent)
        except OSError as error:
            raise _unusable("the key file", error) from error
        return key


class SystemdCredential:
    """A key the service manager hands over (`LoadCredentialEncrypted=ohx-store-key:…`)."""

    def load(self) -> bytes | None:
        """Return the key. Raises KeystoreError: this source is never filled by us."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise self._missing("the program was not started by systemd with credentials")
        try:
            return _parsed((Path(folder) / CREDENTIAL).read_bytes(), "the credential")
        except FileNotFoundError as error:
            raise self._missing(f"the unit hands over no credential {CREDENTIAL}") from error
        except OSError as error:
            raise _unusable("the credential", error) from error

    def create(self) -> bytes:
        """Raise: the key is made by the administrator."""
        raise self._missing("the key of the queue is made by the administrator")

    def _missing(self, what: str) -> KeystoreError:
        return KeystoreError(
            what,
            hint=(
                "an administrator creates it (systemd-creds encrypt) and names it in the unit "
                f"(LoadCredentialEncrypted={CREDENTIAL}:FILE)"
            ),
        )


class SystemKeyring:
    """The system's secret store, through the keyring library. One set of names per profile."""

    def __init__(self, profile: Path) -> None:
        # Two profiles of one account do not share; the path itself may hold a name.
        self._profile = sha256(str(profile.resolve()).encode()).hexdigest()[:16]
        self._backend: KeyringBackend | None = None

    def load(self) -> bytes | None:
        """Return the key of the queue; None when none was made yet."""
        text = self.get("store-key")
        return None if text is None else _parsed(text.encode(), "the key in the keyring")

    def create(self) -> bytes:
        """Make the key of the queue and keep it; refuses a store that forgets it."""
        key = secrets.token_bytes(KEY_BYTES)
        self.set("store-key", key.hex())
        if self.load() != key:
            raise NoKeyring("the secret store does not keep what it is given")
        return key

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


def _parsed(raw: bytes, what: str) -> bytes:
    """Return the key in 32 raw bytes or in 64 hexadecimal digits."""
    if len(raw) == KEY_BYTES:
        return raw
    try:
        key = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeystoreError(
            f"{what} holds no key of {8 * KEY_BYTES} bits",
            hint="restore it from the backup it was made with",
        )
    return key


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows has no such call and needs none
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(what: str, error: OSError) -> KeystoreError:
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return KeystoreError(
        f"{what} cannot be used ({reason})",
        hint="let an administrator check the file and its permissions",
    )
