"""The key of the queue: where it may live, and that no key is ever made where one is missing."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from keystore_backends import MemoryKeyring

from ohx_desktop.domain.errors import (
    ConfigurationError,
    KeyringLocked,
    KeystoreError,
    NoKeyring,
)
from ohx_desktop.keystore import (
    CREDENTIAL,
    SERVICE,
    EphemeralKey,
    KeyFile,
    KeySource,
    SystemdCredential,
    SystemKeyring,
    delete_secret,
    get_secret,
    key_source,
    obtain_key,
    set_secret,
)
from ohx_desktop.keystore.pin_file import PinFile

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture(autouse=True)
def _empty_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    MemoryKeyring.kept.clear()


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> "Choose":
    return Choose(monkeypatch)


class Choose:
    """A person names a backend the library's own way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, name: str) -> None:
        self._monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)


def sources(folder: Path) -> list[KeySource]:
    return [SystemKeyring(folder), KeyFile(folder / "key"), EphemeralKey()]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_key_is_made_once_and_kept(tmp_path: Path, choose: Choose, which: int) -> None:
    choose("keystore_backends.MemoryKeyring")
    database = tmp_path / "outbox.db"
    source = sources(tmp_path)[which]
    key = obtain_key(source, database)
    assert len(key) == 32
    assert key != bytes(32)
    database.touch()
    assert obtain_key(source, database) == key
    if which < 2:
        assert obtain_key(sources(tmp_path)[which], database) == key


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_key_is_never_replaced_by_a_new_one(
    tmp_path: Path, choose: Choose, which: int
) -> None:
    choose("keystore_backends.MemoryKeyring")
    database = tmp_path / "outbox.db"
    database.touch()
    source = sources(tmp_path)[which]
    with pytest.raises(KeystoreError, match="key of the queue on this computer is missing"):
        obtain_key(source, database)
    assert source.load() is None


def test_two_programs_that_start_at_once_get_one_key(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.MemoryKeyring")
    keys: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: keys.append(
                obtain_key(KeyFile(tmp_path / "key"), tmp_path / "outbox.db")
            )
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 6
    assert len(set(keys)) == 1


# ── the keyring ──────────────────────────────────────────────────────────────────────────────


def test_two_profiles_do_not_share(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.MemoryKeyring")
    first = obtain_key(SystemKeyring(tmp_path / "a"), tmp_path / "a" / "outbox.db")
    second = obtain_key(SystemKeyring(tmp_path / "b"), tmp_path / "b" / "outbox.db")
    assert first != second
    assert {service for service, _ in MemoryKeyring.kept} == {SERVICE}
    assert not any(str(tmp_path) in user for _, user in MemoryKeyring.kept)


def test_secrets_are_kept_replaced_and_removed(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.MemoryKeyring")
    assert get_secret(tmp_path, "ehr-client-secret") is None
    set_secret(tmp_path, "ehr-client-secret", "  first ü ")
    set_secret(tmp_path, "ehr-client-secret", "second")
    set_secret(tmp_path / "other", "ehr-client-secret", "other")
    assert get_secret(tmp_path, "ehr-client-secret") == "second"
    delete_secret(tmp_path, "ehr-client-secret")
    delete_secret(tmp_path, "ehr-client-secret")
    assert get_secret(tmp_path, "ehr-client-secret") is None
    assert get_secret(tmp_path / "other", "ehr-client-secret") == "other"


@pytest.mark.parametrize("name", ["LockedKeyring", "DismissedKeyring"])
def test_a_locked_keyring_is_told(tmp_path: Path, choose: Choose, name: str) -> None:
    choose(f"keystore_backends.{name}")
    with pytest.raises(KeyringLocked):
        obtain_key(SystemKeyring(tmp_path), tmp_path / "outbox.db")


def test_a_store_that_forgets_is_refused(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.ForgetfulKeyring")
    with pytest.raises(NoKeyring, match="does not keep"):
        obtain_key(SystemKeyring(tmp_path), tmp_path / "outbox.db")


def test_the_secret_is_in_no_error(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.TalkativeKeyring")
    with pytest.raises(KeystoreError) as caught:
        set_secret(tmp_path, "token", "CANARY")
    assert "CANARY" not in str(caught.value)


def test_a_failure_of_the_backend_is_an_error_of_ours(tmp_path: Path, choose: Choose) -> None:
    choose("keystore_backends.BrokenKeyring")
    with pytest.raises(KeystoreError, match="OSError"):
        get_secret(tmp_path, "token")


@pytest.mark.parametrize("name", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_a_store_that_keeps_nothing_is_refused_even_when_chosen(
    tmp_path: Path, choose: Choose, name: str
) -> None:
    choose(name)
    with pytest.raises(NoKeyring):
        get_secret(tmp_path, "token")


@pytest.mark.parametrize("name", ["", "nonsense", "no.such.Keyring", "keystore_backends.Missing"])
def test_a_choice_that_cannot_be_loaded_is_told(tmp_path: Path, choose: Choose, name: str) -> None:
    choose(name)
    with pytest.raises(NoKeyring, match="that was chosen cannot be used"):
        get_secret(tmp_path, "token")


def test_the_choice_may_come_from_the_config_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    config = tmp_path / "config" / "python_keyring" / "keyringrc.cfg"
    config.parent.mkdir(parents=True)
    config.write_text("[backend]\ndefault-keyring=keystore_backends.MemoryKeyring\n")
    monkeypatch.setattr("keyring.core.platform.config_root", lambda: config.parent)
    set_secret(tmp_path, "token", "kept")
    assert list(MemoryKeyring.kept.values()) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's store is always there")
@pytest.mark.parametrize("rival", ["", "keystore_backends", "chained"])
def test_a_store_nobody_chose_is_refused_with_the_reason(tmp_path: Path, rival: str) -> None:
    """As with keyrings.alt installed and no session bus."""
    script = """
import os, sys
from pathlib import Path
if sys.argv[2]:
    import keystore_backends
if sys.argv[2] == "chained":
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.chainer.ChainerBackend"
from ohx_desktop.domain.errors import NoKeyring
from ohx_desktop.keystore import set_secret
try:
    set_secret(Path(sys.argv[1]), "token", "CANARY")
except NoKeyring as error:
    print(error)
if sys.argv[2]:
    assert not keystore_backends.MemoryKeyring.kept
"""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHON_KEYRING_BACKEND", "DBUS_SESSION_BUS_ADDRESS"}
    }
    environment["PYTHONPATH"] = str(Path(__file__).parent)
    environment["XDG_CONFIG_HOME"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), rival],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "SecretService" in done.stdout
    assert "CANARY" not in done.stdout
    assert ("keystore_backends: not known to keep secrets" in done.stdout) == bool(rival)


# ── the other sources ────────────────────────────────────────────────────────────────────────


@posix
def test_the_key_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        KeyFile(tmp_path / "key").create()
    finally:
        os.umask(old)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    KeyFile(tmp_path / "key").create()
    (tmp_path / "key").chmod(mode)
    with pytest.raises(KeystoreError, match="may be read by others"):
        obtain_key(KeyFile(tmp_path / "key"), tmp_path / "outbox.db")


def test_an_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    source = KeyFile(tmp_path / "key")
    key = source.create()
    with pytest.raises(KeystoreError):
        source.create()
    assert source.load() == key


@pytest.mark.parametrize("content", [b"", b"abc", b"ab" * 31, b"zz" * 32, b"ab" * 33])
def test_a_key_of_another_form_is_refused_without_being_shown(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(KeystoreError, match="holds no key of 256 bits") as caught:
        KeyFile(tmp_path / "key").load()
    assert not content or content.decode() not in str(caught.value)


@pytest.mark.parametrize("content", [bytes(range(32)), bytes(range(32)).hex().encode() + b"\n"])
def test_the_credential_may_be_raw_or_hexadecimal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / CREDENTIAL).write_bytes(content)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert obtain_key(SystemdCredential(), tmp_path / "outbox.db") == bytes(range(32))


def test_a_missing_credential_is_told_and_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(KeystoreError, match="not started by systemd"):
        obtain_key(SystemdCredential(), tmp_path / "outbox.db")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(KeystoreError, match="hands over no credential"):
        obtain_key(SystemdCredential(), tmp_path / "outbox.db")
    with pytest.raises(KeystoreError, match="made by the administrator"):
        SystemdCredential().create()


def test_the_setting_names_the_source(tmp_path: Path) -> None:
    assert isinstance(key_source("keyring", profile=tmp_path), SystemKeyring)
    assert isinstance(key_source("systemd-credential", profile=tmp_path), SystemdCredential)
    file = key_source("file", profile=tmp_path, key_file=tmp_path / "key")
    assert isinstance(file, KeyFile)
    assert isinstance(key_source("pin", profile=tmp_path), PinFile)
    for kind in ("file", "plain"):
        with pytest.raises(ConfigurationError):
            key_source(kind, profile=tmp_path)
