"""Looking for damage in the file of a window that stays open for weeks, before anybody needs it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from ohx_desktop.domain.errors import StoreDamaged, StoreError
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.store import OutboxStore

LOOK_EVERY_S = 24 * 3600.0


@asynccontextmanager
async def watched(
    outbox: AsyncOutbox,
    on_damage: Callable[[StoreDamaged], None],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[None]:
    """Look at every page once a day while the context is open; tell of damage once."""
    watching = asyncio.create_task(_watch(outbox, on_damage, sleep), name="page watch")
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(
    outbox: AsyncOutbox,
    on_damage: Callable[[StoreDamaged], None],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    while True:
        await sleep(LOOK_EVERY_S)
        try:
            await outbox.read(OutboxStore.require_whole)
        except StoreDamaged as error:
            on_damage(error)
            outbox.problem = error
            outbox.urge()
            outbox.notify()
            return
        except StoreError:
            continue  # a full disk or a lock is not damage; the next look tells
