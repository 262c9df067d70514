"""Has a person open the key of the queue before anything else. A service without a window."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ohx_desktop.desk.unlock_states import AskingKeyPin, UnlockProblem
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ops.logging import Field, log_event


class Locked(Protocol):
    """The key that waits for its PIN. `is_new` is true where none was made yet."""

    is_new: bool

    def open(self, pin: str) -> bytes:
        """Return the key. Blocking. Raises KeyPinWrong, UsageError, KeystoreError, StoreError."""
        ...


class UnlockDesk:
    """Asks until the key is there. `on_state` is called with each new state, on the loop."""

    def __init__(self, locked: Locked, *, on_state: Callable[[AskingKeyPin], None]) -> None:
        self._locked = locked
        self._on_state = on_state
        self._key: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.state = AskingKeyPin(is_new=locked.is_new)

    async def key(self) -> bytes:
        """Return the key, once a person has opened it. May be cancelled."""
        self._show(self.state)
        return await asyncio.shield(self._key)

    async def enter(self, pin: str, again: str) -> None:
        """Try a PIN; `again` is the same once more where it is chosen, and unused otherwise."""
        if self.state.checking or self._key.done():
            return
        asked = AskingKeyPin(is_new=self._locked.is_new)
        if not pin:
            self._show(replace(asked, problem=UnlockProblem.EMPTY))
            return
        if asked.is_new and pin != again:
            self._show(replace(asked, problem=UnlockProblem.NOT_THE_SAME))
            return
        self._show(replace(asked, checking=True))
        try:
            key = await asyncio.to_thread(self._locked.open, pin)
        except OhxError as error:
            log_event("key.refused", {Field.CODE: error.code})
            self._show(replace(asked, error=error))
            return
        log_event("key.opened")
        self._key.set_result(key)

    def _show(self, state: AskingKeyPin) -> None:
        self.state = state
        self._on_state(state)
