"""Changes that come while one is being written share the next commit.

A commit costs a flush of the disk, whatever is in it. So while several readings are on their way,
what became of them is written together; a change that comes alone is written at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from ohx_desktop.outbox.store import OutboxStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    call: Callable[[OutboxStore], Any]
    done: "asyncio.Future[Any]"


class JointCommits:
    """Runs changes in the store's thread, as many in one transaction as have come meanwhile.

    Each is a step of its own in it: one that the state table forbids leaves the others as they are.
    """

    def __init__(self, store: OutboxStore, thread: ThreadPoolExecutor) -> None:
        self._store = store
        self._thread = thread
        self._asked: deque[_Change] = deque()

    async def change(self, call: Callable[[OutboxStore], T]) -> T:
        """Return what `call` returned once it is durable; a cancel does not undo it.

        Raises StoreError, and what `call` raises.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._asked.append(_Change(call=call, done=done))
        self._thread.submit(self._commit, loop)
        return await asyncio.shield(done)

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write all that has been asked for; nothing when an earlier call has done so."""
        changes = [self._asked.popleft() for _ in range(len(self._asked))]
        if not changes:
            return
        results: list[Any]
        try:
            with self._store.together():
                results = [self._step(change) for change in changes]
        except BaseException as error:  # noqa: BLE001 - told to each that asked
            results = [error] * len(changes)
        loop.call_soon_threadsafe(_tell, changes, results)

    def _step(self, change: _Change) -> Any:
        try:
            return change.call(self._store)
        except Exception as error:
            if not self._store.is_together:
                # The engine has given the whole transaction up.
                raise
            return error


def _tell(changes: list[_Change], results: list[Any]) -> None:
    for change, result in zip(changes, results, strict=True):
        if change.done.done():
            continue
        if isinstance(result, BaseException):
            change.done.set_exception(result)
        else:
            change.done.set_result(result)
