"""A scan, by bleak, that stands aside while a device is connected and mends itself when it is mute.

Source: bleak 3 documentation; behaviour of BlueZ 5.66 and 5.82.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from ohx_desktop.ble.bleak_link import limited
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.domain.errors import DeviceError, RadioReason, RadioUnavailable

if TYPE_CHECKING:
    from bleak import BleakScanner

# Starting and stopping a scan are a few calls on the system bus.
SCAN_CONTROL_S = 10.0
# A system may drop a scan without a word (adapter off, service crashed): after so long without any
# advertisement the scan is started anew, which also tells why it cannot be. Not ten seconds, at
# which the kernel itself restarts scans.
SCAN_SILENCE_S = 15.0
# Advertisements that nobody has taken yet.
_BACKLOG = 1000


class BleakScan:
    """One scan on its way, silent as long as it `must_pause`.

    `unstick` is awaited after a start that failed without a reason.
    """

    def __init__(
        self,
        scanner: "BleakScanner",
        *,
        must_pause: Callable[[], bool],
        unstick: Callable[[], Awaitable[None]],
    ) -> None:
        self._scanner = scanner
        self._must_pause = must_pause
        self._unstick = unstick
        self._heard: asyncio.Queue[Advertisement | None] = asyncio.Queue(_BACKLOG)
        self._control = asyncio.Lock()
        self._is_on = self._is_over = False

    def hear(self, advertisement: Advertisement | None) -> None:
        """Take an advertisement; None has the scan look after itself."""
        if not self._heard.full():
            self._heard.put_nowait(advertisement)

    async def stop(self) -> None:
        """End the scan for good."""
        self._is_over = True
        await self.adjust()

    async def advertisements(self) -> AsyncGenerator[Advertisement]:
        """Yield what is heard. Raises RadioUnavailable when the scan cannot go on."""
        while True:
            await self.adjust()
            try:
                async with asyncio.timeout(SCAN_SILENCE_S):
                    advertisement = await self._heard.get()
            except TimeoutError:
                await self.adjust(anew=True)
            else:
                if advertisement is not None:
                    yield advertisement

    async def adjust(self, *, anew: bool = False) -> None:
        """Start or stop the scanner as it is wanted now. Raises RadioUnavailable."""
        async with self._control:
            if self._is_on and (anew or not self._is_wanted):
                self._is_on = False
                await self._stop()
            if self._is_wanted and not self._is_on:
                await self._start()
                self._is_on = True

    @property
    def _is_wanted(self) -> bool:
        return not (self._is_over or self._must_pause())

    async def _start(self) -> None:
        try:
            await limited(self._scanner.start(), SCAN_CONTROL_S, "scan")
        except RadioUnavailable:
            raise
        except DeviceError as error:
            from ohx_desktop.ble.bleak_errors import radio_unavailable

            await self._unstick()
            raise radio_unavailable(RadioReason.UNKNOWN) from error

    async def _stop(self) -> None:
        try:
            await limited(self._scanner.stop(), SCAN_CONTROL_S, "stop the scan")
        except DeviceError:
            return  # a scan that cannot be stopped has lost its adapter; the next start tells why
