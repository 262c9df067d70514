"""One renewal of a link at a time, whichever process begins it.

The operating system frees the lock of a process that dies, and a computer that slept wakes up
with it; a lease in the file would have run out meanwhile.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import filelock

from ohx_desktop.cloud.errors import CloudTransient
from ohx_desktop.domain.errors import StoreEnvironment

# Thousands of links need no file each; two that meet in one wait for each other.
_FILES = 64
_LOOK_AGAIN_S = 0.05
# A renewal takes a call's deadline, twice where the first one is refused, and the pauses between.
WAIT_S = 180.0


class LinkLocks:
    """The locks of one profile, as files in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        wait_s: float = WAIT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._wait_s = wait_s
        self._sleep = sleep

    @asynccontextmanager
    async def held(self, link_id: UUID, service: str) -> AsyncGenerator[None]:
        """Hold the lock of a link while the context is open.

        Raises CloudTransient where another process holds it for too long, StoreEnvironment where
        there can be no lock.
        """
        # Taken and freed by whichever thread the loop runs on; it never blocks.
        lock = filelock.FileLock(
            self._folder / f"{link_id.int % _FILES:02}.lock", thread_local=False, mode=0o600
        )
        waited_s = 0.0
        while not self._is_taken(lock):
            if waited_s >= self._wait_s:
                raise CloudTransient(service)
            await self._sleep(_LOOK_AGAIN_S)
            waited_s += _LOOK_AGAIN_S
        try:
            yield
        finally:
            lock.release()

    def _is_taken(self, lock: filelock.BaseFileLock) -> bool:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except filelock.Timeout:
            return False
        except OSError as error:
            raise StoreEnvironment(
                f"the locks of the cloud links cannot be used ({error.strerror})",
                meaning="no reading was affected; nothing was asked of the provider",
                hint="let an administrator check the disk and the folder's permissions",
            ) from error
        return True
