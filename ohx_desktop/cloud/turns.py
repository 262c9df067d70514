"""Who is next: the desk before the background, and in each of them one link after the other."""

import asyncio
from collections import OrderedDict, deque
from uuid import UUID

_Queue = OrderedDict[UUID | None, deque[asyncio.Future[None]]]


class Turns:
    """Who waits for a permit. Of a link that waits for several, one is given at a time."""

    def __init__(self) -> None:
        self._urgent: _Queue = OrderedDict()
        self._others: _Queue = OrderedDict()

    @property
    def any_waits(self) -> bool:
        """True while somebody waits."""
        for queue in (self._urgent, self._others):
            for link, turns in list(queue.items()):
                while turns and turns[0].done():
                    turns.popleft()
                if not turns:
                    del queue[link]
        return bool(self._urgent or self._others)

    def take(self, link: UUID | None, *, urgent: bool) -> asyncio.Future[None]:
        """Return what is done when it is this one's turn."""
        queue = self._urgent if urgent else self._others
        turn = asyncio.get_running_loop().create_future()
        queue.setdefault(link, deque()).append(turn)
        return turn

    def give(self) -> None:
        """Let the next one go. Does nothing where nobody waits any more."""
        if not self.any_waits:
            return
        queue = self._urgent or self._others
        link, turns = queue.popitem(last=False)
        turns.popleft().set_result(None)
        if turns:
            queue[link] = turns

    def fail(self, error: Exception, *, urgent_only: bool = False) -> None:
        """Tell those who wait that nothing will be given for now."""
        for turn in self._all(urgent_only=urgent_only):
            turn.set_exception(error)

    def cancel(self) -> None:
        """Cancel all who wait."""
        for turn in self._all():
            turn.cancel()

    def _all(self, *, urgent_only: bool = False) -> list[asyncio.Future[None]]:
        queues = (self._urgent,) if urgent_only else (self._urgent, self._others)
        waiting = [turn for queue in queues for turns in queue.values() for turn in turns]
        for queue in queues:
            queue.clear()
        return [turn for turn in waiting if not turn.done()]
