"""The key goes from one source to another: at every moment, and after every crash, one opens it."""

import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keystore_backends import MemoryKeyring

from ohx_desktop.app.key_keeper import KeyKeeper
from ohx_desktop.app.keys import source_of
from ohx_desktop.app.profile import settings_of
from ohx_desktop.domain.errors import ConfigurationError, KeyPinWrong, KeystoreError, OhxError
from ohx_desktop.keystore import obtain_key
from ohx_desktop.settings.profile import Profile
from ohx_desktop.storage.database import connect

PIN = "7302 9154 88"
pytestmark = pytest.mark.usefixtures("quick")


class _PowerCut(BaseException):
    """The program is gone from one moment to the next."""


class Station:
    """A profile with a queue whose key is in some source."""

    def __init__(self, folder: Path) -> None:
        self.profile = Profile.at(folder / "profile")
        self.profile.create()
        self.key_file = folder / "the.key"

    def begin(self, kind: str) -> bytes:
        """Make key and queue."""
        lines = ["# ours", "[station]", 'name = "Ward 4"', "", "[store]", "tray_days = 3"]
        lines.append(f'key_source = "{kind}"')
        if kind == "file":
            lines.append(f'key_file = "{self.key_file}"')
        self.profile.config_file.write_text("\n".join(lines) + "\n")
        key = self.load()
        connect(self.profile.database, key).close()
        connection = connect(self.profile.database, key)
        connection.execute("PRAGMA application_id = 0x4F485842")
        connection.close()
        return key

    def load(self, pin: str = PIN) -> bytes:
        """Return the key as a program that starts now gets it, by the settings in force."""
        settings = settings_of(self.profile)
        return obtain_key(source_of(self.profile, settings, pin=pin), self.profile.database)

    def move(self, target: str) -> None:
        keeper = KeyKeeper(self.profile.data)
        if keeper.source == target:
            assert keeper.finish_move(PIN)
            return
        keeper.move(
            target,  # type: ignore[arg-type] - of the parameters
            key_file=self.key_file if target == "file" else None,
            old_pin=PIN,
            new_pin=PIN,
        )

    @property
    def places(self) -> set[str]:
        """Where a key lies now."""
        found = {"file"} if self.key_file.exists() else set()
        if (self.profile.data / "store-key.sealed").exists():
            found.add("pin")
        if any(user.endswith(":store-key") for _, user in MemoryKeyring.kept):
            found.add("keyring")
        return found


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keystore_backends.MemoryKeyring")
    MemoryKeyring.kept.clear()
    return Station(tmp_path)


MOVES = [
    (source, target)
    for source in ("keyring", "pin", "file")
    for target in ("keyring", "pin", "file")
    if source != target
]


@pytest.mark.parametrize(("source", "target"), MOVES)
def test_a_moved_key_opens_the_queue_and_lies_nowhere_else(
    station: Station, source: str, target: str
) -> None:
    key = station.begin(source)
    station.move(target)
    assert station.places == {target}
    assert station.load() == key
    connect(station.profile.database, station.load()).close()
    status = KeyKeeper(station.profile.data).status()
    assert (status.source, status.is_kept, status.move) == (target, True, None)
    # What else a person wrote stays.
    text = station.profile.config_file.read_text()
    assert text.startswith('# ours\n[station]\nname = "Ward 4"')
    assert tomllib.loads(text)["store"]["tray_days"] == 3


@pytest.fixture
def cut_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Callable[[], bool]]]:
    """Cut the power at the n-th flush of a file or folder; tells whether it came to that."""

    def arm(number: int) -> Callable[[], bool]:
        left = [number]
        flush = os.fsync

        def fsync(descriptor: int) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise _PowerCut
            flush(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        return lambda: left[0] <= 0

    yield arm
    monkeypatch.undo()


@pytest.mark.parametrize(("source", "target"), MOVES)
def test_a_power_cut_at_any_step_leaves_a_key_that_opens_and_a_move_that_can_be_repeated(
    station: Station,
    source: str,
    target: str,
    cut_at: Callable[[int], Callable[[], bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = station.begin(source)
    flush, cuts = os.fsync, 0
    for step in range(1, 40):
        came = cut_at(step)
        try:
            station.move(target)
        except _PowerCut:
            cuts += 1
        monkeypatch.setattr(os, "fsync", flush)
        assert station.load() == key, f"cut at flush {step}"
        if not came():
            break
        if station.profile.key_move_note.exists() or station.places != {target}:
            assert len(station.places) >= 1
            station.move(target)
        assert station.places == {target}, f"cut at flush {step}"
        assert not station.profile.key_move_note.exists()
        station.move(source)
        assert station.places == {source}
    else:
        pytest.fail("the move never came to its end")
    assert cuts > 4
    assert station.places == {target}


def test_another_key_in_the_new_place_is_neither_used_nor_overwritten(station: Station) -> None:
    key = station.begin("keyring")
    station.key_file.write_text("ab" * 32)
    station.key_file.chmod(0o600)
    with pytest.raises(KeystoreError, match="another key already"):
        station.move("file")
    assert station.key_file.read_text() == "ab" * 32
    assert station.load() == key


def test_a_key_that_does_not_open_the_queue_is_not_moved(station: Station) -> None:
    station.begin("file")
    station.key_file.write_text("ab" * 32)
    with pytest.raises(OhxError, match="another key"):
        station.move("keyring")
    assert "file" in station.places
    assert KeyKeeper(station.profile.data).source == "file"


def test_a_wrong_pin_moves_nothing(station: Station) -> None:
    key = station.begin("pin")
    keeper = KeyKeeper(station.profile.data)
    with pytest.raises(KeyPinWrong):
        keeper.move("keyring", key_file=None, old_pin="0000 0000 01", new_pin=None)
    assert (station.places, station.load()) == ({"pin"}, key)


@pytest.mark.parametrize("locked", ["environment", "written another way"])
def test_where_the_setting_cannot_be_changed_nothing_is_moved(
    station: Station, locked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = station.begin("keyring")
    if locked == "environment":
        monkeypatch.setenv("OHX_STORE__KEY_SOURCE", "keyring")
    else:
        station.profile.config_file.write_text('store = { key_source = "keyring" }\n')
    with pytest.raises(ConfigurationError):
        station.move("pin")
    assert (station.places, station.load()) == ({"keyring"}, key)
