"""Sessions that nobody listens to any more, while they take their leave of their devices.

Some devices must be told goodbye, or they mix up their users; a scale may want twenty seconds for
it. The person has gone on by then, so it happens in the background, and only a new session with
the same device waits for it. What such a session still receives reaches nobody.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime

from ohx_desktop.domain.clock import Now

# Disconnecting takes up to two seconds on BlueZ, and few devices need more than that.
PART_S = 2.5
# Devices whose last goodbye is remembered.
_CAPACITY = 64


class Farewells:
    """The goodbyes of a Listener, one for each device."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._over_at: OrderedDict[str, datetime] = OrderedDict()

    def is_leaving(self, address: str) -> bool:
        """Tell whether a device is still being told goodbye."""
        return address in self._leaving

    def over_at(self, address: str) -> datetime | None:
        """Return when the last goodbye to a device was over (aware), None if there was none.

        What the device measured before belongs to whoever was there before.
        """
        return self._over_at.get(address)

    def begin(self, address: str, session: "asyncio.Task[None]") -> None:
        """End a session; it goes on until its device was told goodbye."""
        if session.done():
            return
        self._leaving[address] = session
        session.add_done_callback(lambda done: self._is_over(address, done))
        session.cancel()

    async def wait(self, sessions: Collection["asyncio.Task[None]"]) -> None:
        """Wait a moment for goodbyes; those that take longer go on in the background."""
        if sessions:
            await asyncio.wait(sessions, timeout=PART_S)

    async def wait_for(self, address: str) -> None:
        """Return once a device is not being told goodbye."""
        session = self._leaving.get(address)
        if session is not None:
            await asyncio.wait({session})

    async def close(self, within_s: float) -> None:
        """Wait so long for the goodbyes, then break off those that are left."""
        if not self._leaving:
            return
        _, late = await asyncio.wait(tuple(self._leaving.values()), timeout=within_s)
        for session in late:
            session.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _is_over(self, address: str, session: "asyncio.Task[None]") -> None:
        if self._leaving.get(address) is session:
            del self._leaving[address]
        self._over_at[address] = self._now()
        self._over_at.move_to_end(address)
        if len(self._over_at) > _CAPACITY:
            self._over_at.popitem(last=False)
        if not session.cancelled():
            session.exception()  # nobody listens; an error of a goodbye concerns no reading
