"""A key sealed with a PIN: one PIN opens it, wrong ones ever slower, damage is told as damage."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohx_desktop.domain.errors import KeyPinNeeded, KeyPinWrong, KeystoreError, UsageError
from ohx_desktop.domain.guessing import delay_s
from ohx_desktop.keystore import obtain_key
from ohx_desktop.keystore.pin_file import PinFile
from ohx_desktop.keystore.sealed_key import STRETCHING, seal, unseal

PIN, ANOTHER = "7302 9154 88", "correct horse battery"
pytestmark = pytest.mark.usefixtures("quick")


class _Desk:
    """A profile, the computer's clock, and the program that is started anew with both."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store-key.sealed"
        self.now = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)

    def file(self, pin: str | None = PIN) -> PinFile:
        return PinFile(self.path, pin, now=lambda: self.now)

    def refused(self, pin: str = "0000 0000 01") -> KeyPinWrong:
        with pytest.raises(KeyPinWrong) as caught:
            self.file(pin).load()
        return caught.value


@pytest.fixture
def desk(tmp_path: Path) -> _Desk:
    return _Desk(tmp_path)


def test_the_pin_and_no_other_opens_the_key(desk: _Desk) -> None:
    key = desk.file().create()
    assert desk.file().load() == key
    assert "not the PIN" in desk.refused(PIN[:-1]).what
    assert desk.file().load() == key


def test_a_passphrase_is_the_same_however_a_keyboard_composes_it(desk: _Desk) -> None:
    key = desk.file("blau gru\u0308n gelb").create()
    assert desk.file("blau gr\u00fcn gelb").load() == key


def test_the_file_holds_neither_key_nor_pin_and_is_private(desk: _Desk) -> None:
    key = desk.file().create()
    content = desk.path.read_bytes()
    assert key.hex().encode() not in content
    assert PIN.encode() not in content
    if os.name == "posix":
        assert desk.path.stat().st_mode & 0o777 == 0o600
        desk.path.chmod(0o644)
        with pytest.raises(KeystoreError, match="may be read by others"):
            desk.file().load()


def test_without_a_pin_nothing_is_opened_or_made(desk: _Desk) -> None:
    with pytest.raises(KeyPinNeeded, match="no PIN has been chosen"):
        desk.file(None).create()
    assert not desk.file(None).is_kept()
    desk.file().create()
    with pytest.raises(KeyPinNeeded):
        desk.file(None).load()
    assert desk.file(None).is_kept()


def test_a_key_is_never_sealed_over_another(desk: _Desk) -> None:
    key = desk.file().create()
    with pytest.raises(KeystoreError):
        desk.file(ANOTHER).create()
    assert desk.file().load() == key


def test_a_sealed_key_that_is_lost_is_not_replaced(desk: _Desk, tmp_path: Path) -> None:
    (tmp_path / "outbox.db").touch()
    with pytest.raises(KeystoreError, match="missing"):
        obtain_key(desk.file(), tmp_path / "outbox.db")
    assert not desk.path.exists()


def test_a_new_pin_opens_the_same_key_and_the_old_one_no_longer(desk: _Desk) -> None:
    key = desk.file().create()
    desk.file().change(ANOTHER)
    assert desk.file(ANOTHER).load() == key
    desk.refused(PIN)


def test_a_change_with_a_wrong_or_to_a_weak_pin_changes_nothing(desk: _Desk) -> None:
    key = desk.file().create()
    before = desk.path.read_bytes()
    with pytest.raises(KeyPinWrong):
        desk.file("0000 0000 01").change(ANOTHER)
    with pytest.raises(UsageError):
        desk.file().change("12345678")
    assert desk.path.read_bytes() == before
    assert desk.file().load() == key


@pytest.mark.parametrize(
    "pin", ["", "7302915", "11111111", "12345678", "87654321", "12121212", "7" * 129, "73029\n154"]
)
def test_a_weak_pin_is_refused_and_not_quoted(desk: _Desk, pin: str) -> None:
    with pytest.raises(UsageError) as caught:
        desk.file(pin).create()
    assert not pin or pin not in str(caught.value)
    assert not desk.path.exists()


# ── wrong tries ──────────────────────────────────────────────────────────────────────────────


def test_each_wrong_pin_makes_the_wait_longer_and_a_restart_does_not_end_it(desk: _Desk) -> None:
    key = desk.file().create()
    for tried in range(1, 6):
        assert desk.refused().wait_s == delay_s(tried)
        if delay_s(tried):
            desk.now += timedelta(seconds=delay_s(tried) - 1)
            # Not even the right one: otherwise the answer would tell.
            early = desk.refused(PIN)
            assert (early.wait_s, "none is tried" in early.what) == (1, True)
            desk.now += timedelta(seconds=1)
    assert desk.file().load() == key
    assert desk.refused().wait_s == 0


def test_a_try_counts_though_the_program_ends_in_the_middle_of_it(
    desk: _Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file().create()

    def killed(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ohx_desktop.keystore.pin_file.unseal", killed)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                desk.file().load()
    assert desk.refused(PIN).wait_s == delay_s(3)


def test_a_clock_that_was_set_back_locks_nobody_out_for_long(desk: _Desk) -> None:
    desk.file().create()
    for _ in range(3):
        desk.refused()
    desk.now -= timedelta(days=365)
    assert desk.refused(PIN).wait_s == delay_s(3)


@pytest.mark.parametrize("note", [b"", b"{}", b'{"wrong": 9, "last_at": "2026-11-23T10:15:00"}'])
def test_a_damaged_note_of_tries_locks_nobody_out(desk: _Desk, note: bytes) -> None:
    key = desk.file().create()
    tries = desk.path.with_name(f"{desk.path.name}.tries")
    tries.write_bytes(note)
    tries.chmod(0o600)
    assert desk.file().load() == key
    assert not tries.exists()


# ── damage ───────────────────────────────────────────────────────────────────────────────────


def test_every_damaged_byte_is_told_as_damage_and_never_as_a_wrong_pin(desk: _Desk) -> None:
    desk.file().create()
    whole = desk.path.read_bytes()
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0x01
        desk.path.write_bytes(bytes(damaged))
        try:
            key = desk.file().load()
        except KeyPinWrong:
            pytest.fail(f"byte {place} was told as a wrong PIN")
        except KeystoreError:
            continue
        assert key is not None, "white space alone may change without harm"
        assert json.loads(bytes(damaged)) == json.loads(whole)


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_half_a_file_is_damage(desk: _Desk, length: int) -> None:
    desk.file().create()
    desk.path.write_bytes(desk.path.read_bytes()[:length])
    with pytest.raises(KeystoreError, match="damaged"):
        desk.file().is_kept()


@pytest.mark.parametrize("change", [{"n": 2**30}, {"n": 2}, {"r": 10**9}, {"p": 0}, {"n": "a"}])
def test_parameters_that_would_take_all_memory_are_refused_before_use(
    desk: _Desk, change: dict[str, object]
) -> None:
    desk.file().create()
    form = {**json.loads(desk.path.read_bytes()), **change}
    form.pop("checksum")
    plain = json.dumps(form, sort_keys=True).encode()
    form["checksum"] = hashlib.blake2b(plain, digest_size=16).hexdigest()
    desk.path.write_bytes(json.dumps(form).encode())
    with pytest.raises(KeystoreError, match="damaged"):
        desk.file().load()


def test_a_guess_costs_what_it_shall() -> None:
    assert 128 * STRETCHING.n * STRETCHING.r == 128 * 2**20
    sealed = seal(bytes(32), PIN, STRETCHING)
    form = json.loads(sealed)
    assert (form["n"], form["r"], form["p"]) == (2**17, 8, 2)
    assert unseal(sealed, PIN) == bytes(32)
