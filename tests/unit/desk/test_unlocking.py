"""The key is asked for until it is there; nothing that was typed is tried twice at once."""

import asyncio
import threading

import pytest

from ohx_desktop.desk.unlock_states import AskingKeyPin, UnlockProblem
from ohx_desktop.desk.unlocking import UnlockDesk
from ohx_desktop.domain.errors import KeyPinWrong

KEY, PIN = b"k" * 32, "7302 9154 88"


class _Locked:
    """A key that opens by one PIN, once it is let."""

    def __init__(self, *, is_new: bool = False) -> None:
        self.is_new = is_new
        self.tried: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def open(self, pin: str) -> bytes:
        self.tried.append(pin)
        assert self.go_on.wait(10)
        if pin != PIN:
            raise KeyPinWrong("this is not the PIN of the queue", wait_s=15.0)
        return KEY


async def _asked(locked: _Locked) -> tuple[UnlockDesk, list[AskingKeyPin], "asyncio.Task[bytes]"]:
    shown: list[AskingKeyPin] = []
    desk = UnlockDesk(locked, on_state=shown.append)
    opening = asyncio.create_task(desk.key())
    await asyncio.sleep(0)
    return desk, shown, opening


async def test_a_wrong_pin_is_told_and_the_right_one_gives_the_key() -> None:
    desk, shown, opening = await _asked(_Locked())
    await desk.enter("0000 0000 01", "")
    assert isinstance(shown[-1].error, KeyPinWrong)
    assert not opening.done()
    await desk.enter(PIN, "")
    assert await opening == KEY
    assert [state.checking for state in shown] == [False, True, False, True]


@pytest.mark.parametrize(
    ("is_new", "typed", "problem"),
    [
        (False, ("", ""), UnlockProblem.EMPTY),
        (True, ("", ""), UnlockProblem.EMPTY),
        (True, (PIN, PIN[:-1]), UnlockProblem.NOT_THE_SAME),
    ],
)
async def test_what_cannot_be_meant_is_not_tried(
    is_new: bool, typed: tuple[str, str], problem: UnlockProblem
) -> None:
    locked = _Locked(is_new=is_new)
    desk, _, opening = await _asked(locked)
    await desk.enter(*typed)
    assert desk.state == AskingKeyPin(is_new=is_new, problem=problem)
    assert locked.tried == []
    opening.cancel()


async def test_a_second_enter_while_the_first_is_tried_does_nothing() -> None:
    locked = _Locked()
    desk, _, opening = await _asked(locked)
    locked.go_on.clear()
    first = asyncio.create_task(desk.enter(PIN, ""))
    while not locked.tried:
        await asyncio.sleep(0)
    await desk.enter("0000 0000 01", "")
    locked.go_on.set()
    await first
    assert await opening == KEY
    await desk.enter(PIN, "")
    assert locked.tried == [PIN]
