"""A scan that goes on for days, whatever happens to the radio meanwhile.

The adapter is unplugged or switched off, the Bluetooth service crashes, a scan gets stuck: the scan
is begun anew, at once where the system tells of the change, else after ever longer pauses.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ohx_desktop.ble.link import Advertisement, Radio
from ohx_desktop.domain.errors import RadioReason, RadioUnavailable

# What the platform's scanner keeps is freed, and a scan that hears only a part is mended.
RENEWAL_S = 3600.0
# Changes of the radio come in bursts: an adapter is switched off, then taken away.
SETTLE_S = 0.2
# From the first look for a lost radio to all further ones.
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 10.0


class KeptScan:
    """Scans until cancelled.

    `on_heard` gets each advertisement, `on_lost` why nothing can be heard (each reason once), and
    `on_begun` is called whenever a scan began. Without `waits_for_radio`, a radio that cannot be
    used from the first is an error.
    """

    def __init__(
        self,
        radio: Radio,
        *,
        on_heard: Callable[[Advertisement], None],
        on_begun: Callable[[], None],
        on_lost: Callable[[RadioUnavailable], None],
        waits_for_radio: bool,
    ) -> None:
        self._radio = radio
        self._on_heard = on_heard
        self._on_begun = on_begun
        self._on_lost = on_lost
        self._waits_for_radio = waits_for_radio
        self._limit: asyncio.Timeout | None = None
        self._is_due = asyncio.Event()
        self._failures = 0
        self._told: RadioReason | None = None

    @property
    def is_on(self) -> bool:
        """Tell whether devices are heard now."""
        return self._limit is not None

    def begin_anew(self) -> None:
        """End the scan, or the waiting for the radio, and begin another one."""
        self._is_due.set()
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Scan. Raises RadioUnavailable."""
        async with self._radio.changes() as changed:
            following = asyncio.create_task(self._follow(changed))
            try:
                while True:
                    try:
                        await self._scan()
                    except RadioUnavailable as error:
                        if not self._waits_for_radio:
                            raise
                        await self._wait_for_radio(error)
            finally:
                following.cancel()
                await asyncio.wait({following})

    async def _follow(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            await asyncio.sleep(SETTLE_S)
            changed.clear()
            self.begin_anew()

    async def _scan(self) -> None:
        self._is_due.clear()
        try:
            async with asyncio.timeout(RENEWAL_S) as limit, self._radio.scan() as heard:
                self._limit = limit
                self._begun()
                if self._is_due.is_set():  # the radio changed while the scan was begun
                    self.begin_anew()
                async for advertisement in heard:
                    self._on_heard(advertisement)
        except TimeoutError:
            return  # it is time for another one
        finally:
            self._limit = None
        raise RadioUnavailable("the scan ended by itself", reason=RadioReason.UNKNOWN)

    def _begun(self) -> None:
        self._failures, self._told, self._waits_for_radio = 0, None, True
        self._on_begun()

    async def _wait_for_radio(self, error: RadioUnavailable) -> None:
        self._failures += 1
        # One unexplained failure is a hiccup of the adapter; two are worth a person's notice.
        is_certain = error.reason is not RadioReason.UNKNOWN or self._failures > 1
        if is_certain and error.reason is not self._told:
            self._told = error.reason
            self._on_lost(error)
        pause_s = min(FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 8), LAST_RETRY_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._is_due.wait()
