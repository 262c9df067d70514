"""PINs: kept as a salted hash, tried ever slower, and never told to anybody."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from ohx_desktop.domain.errors import KeystoreError, UsageError
from ohx_desktop.domain.guessing import delay_s
from ohx_desktop.staff import pin as hashing
from ohx_desktop.staff.pin import decoded
from ohx_desktop.staff.pin_answer import PinAnswer, PinProblem
from ohx_desktop.staff.pins import Pins
from ohx_desktop.storage.stretching import Stretching

GRACE, OMAR = "Practitioner/12", "Practitioner/13"
PIN = "2580"


class _Keyring:
    """A keyring, the computer's clock, and the program that is started anew with both."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.now = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)

    def pins(self) -> Pins:
        return Pins(
            load=self.kept.get,
            save=self.kept.__setitem__,
            erase=lambda name: self.kept.pop(name, None) and None,
            now=lambda: self.now,
        )

    def check(self, pin: str = PIN) -> PinAnswer:
        return self.pins().check(GRACE, pin)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> _Keyring:
    # The cost is what the product's own test below measures; here it would only be waited for.
    monkeypatch.setattr(hashing, "_STRETCHING", Stretching(n=2**4, r=8, p=1))
    made = _Keyring()
    made.pins().set(GRACE, PIN, least_digits=4)
    return made


def test_the_right_pin_and_no_other_signs_in(keyring: _Keyring) -> None:
    assert keyring.check() == PinAnswer()
    assert keyring.check("2581").problem is PinProblem.WRONG
    assert keyring.check("25800").problem is PinProblem.WRONG
    assert keyring.pins().check(OMAR, PIN).problem is PinProblem.NOT_SET


def test_the_keyring_holds_no_pin_and_two_of_the_same_look_different(keyring: _Keyring) -> None:
    keyring.pins().set(OMAR, PIN, least_digits=4)
    first, second = keyring.kept.values()
    assert PIN not in first.replace(decoded(first).salt, "").replace(decoded(first).hashed, "")
    assert decoded(first).hashed != decoded(second).hashed
    # Windows keeps 1,280 characters.
    assert len(first) < 1000


def test_wrong_tries_are_waited_for_ever_longer_also_by_a_program_started_anew(
    keyring: _Keyring,
) -> None:
    waits = []
    for _ in range(12):
        answer = keyring.check("0000")
        assert answer.problem is PinProblem.WRONG
        waits.append(answer.wait_s)
        if answer.wait_s:
            keyring.now += timedelta(seconds=answer.wait_s - 1)
            # Not even the right one is looked at before its time.
            early = keyring.check()
            assert (early.problem, early.wait_s) == (PinProblem.TOO_SOON, 1.0)
        keyring.now += timedelta(seconds=1)
    assert waits == [0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert keyring.check() == PinAnswer()
    assert keyring.check("0000").wait_s == 0


def test_a_clock_that_was_set_back_locks_nobody_out_for_long(keyring: _Keyring) -> None:
    for _ in range(3):
        keyring.check("0000")
    keyring.now -= timedelta(days=365)
    assert keyring.check().wait_s == delay_s(3)


def test_a_new_pin_ends_the_wait(keyring: _Keyring) -> None:
    for _ in range(3):
        keyring.check("0000")
    keyring.pins().set(GRACE, "7391", least_digits=4)
    assert keyring.check("7391") == PinAnswer()


def test_a_try_counts_though_the_program_ends_in_the_middle_of_it(
    keyring: _Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_kept: object, _pin: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(hashing.KeptPin, "matches", killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            keyring.check("0000")
    monkeypatch.undo()
    assert keyring.check().problem is PinProblem.TOO_SOON


@pytest.mark.parametrize(
    "pin", ["", "123", "12345678901234", "12a4", "١٢٣٥", "0000", "1234", "9876", "25 80"]
)
def test_a_weak_pin_is_refused_and_not_quoted(keyring: _Keyring, pin: str) -> None:
    with pytest.raises(UsageError) as caught:
        keyring.pins().set(GRACE, pin, least_digits=4)
    assert not pin or pin not in str(caught.value)
    assert keyring.check() == PinAnswer()


def test_what_is_no_pin_in_the_keyring_signs_nobody_in(keyring: _Keyring) -> None:
    for damaged in ("", "{}", '{"salt":"zz","hashed":""}', "[]"):
        keyring.kept[f"staff.pin.{GRACE}"] = damaged
        with pytest.raises(KeystoreError, match="no PIN"):
            keyring.check()


def test_nothing_of_a_pin_is_logged(keyring: _Keyring, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keyring.check("4711")
    keyring.check()
    told = " ".join(str(record.__dict__) for record in caplog.records)
    assert "staff.pin_wrong" in told
    assert "4711" not in told
    assert PIN not in told
    assert GRACE not in told


def test_a_removed_pin_signs_nobody_in(keyring: _Keyring) -> None:
    keyring.pins().remove(GRACE)
    assert not keyring.pins().is_set(GRACE)
    assert keyring.check().problem is PinProblem.NOT_SET


def test_a_real_hash_costs_what_a_try_shall_cost() -> None:
    kept = hashing.keep(PIN)
    assert (kept.n, kept.r, kept.p) == (32768, 8, 3)
    began = time.process_time()
    assert kept.matches(PIN)
    assert time.process_time() - began > 0.02
    assert PIN not in repr(kept)
