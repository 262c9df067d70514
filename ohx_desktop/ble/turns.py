"""One at a time, but nobody for ever: who takes too long goes on beside the next."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class Turns:
    """Gives turns of at most `longest_s`. `on_begun` is awaited in each, `on_over` called after."""

    def __init__(
        self,
        longest_s: float,
        *,
        on_begun: Callable[[], Awaitable[None]],
        on_over: Callable[[], None],
    ) -> None:
        self._longest_s = longest_s
        self._on_begun = on_begun
        self._on_over = on_over
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the context is open."""
        await self._lock.acquire()
        is_over = False

        def over() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._lock.release()
                self._on_over()

        timer = asyncio.get_running_loop().call_later(self._longest_s, over)
        try:
            await self._on_begun()
            yield
        finally:
            timer.cancel()
            over()
