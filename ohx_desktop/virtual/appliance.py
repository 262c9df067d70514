"""What devices that answer a host have in common: awake, in a link, asleep.

    asleep ─ wake ─► advertising ◄─► connected ─► asleep

The device decides what to say; it is said in order, one value after the other, over the link that
stands. Ordered faults that concern whole frames strike here.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.faults import Reordering
from ohx_desktop.virtual.gatt import Characteristic
from ohx_desktop.virtual.peripheral import AdvertisingData, Peripheral
from ohx_desktop.virtual.profiles import Pace

Pieces = Sequence[tuple[Characteristic, bytes]]
"""Values that make up one frame, each with the characteristic it is sent by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saying:
    characteristic: Characteristic
    value: bytes
    delay_s: float
    when_said: Callable[[], None] | None


class Appliance:
    """The radio side of a device. Call `close` when done; it owns tasks while it is awake.

    `advertising` tells what is said on the air, asked anew each time. `on_heard` is called after
    everything a host does, `on_hung_up` when a link ends.
    """

    def __init__(
        self, peripheral: Peripheral, *, pace: Pace, advertising: Callable[[], AdvertisingData]
    ) -> None:
        self.peripheral = peripheral
        self.on_connected: Callable[[Connection], None] = lambda _: None
        self.on_heard: Callable[[], None] = lambda: None
        self.on_hung_up: Callable[[], None] = lambda: None
        self._pace = pace
        self._advertising = advertising
        self._to_say: deque[_Saying | None] = deque()
        self._late: Reordering[bytes] = Reordering(None)
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._sleep_timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        peripheral.on_connected = self._connected
        peripheral.on_disconnected = self._disconnected

    @property
    def is_awake(self) -> bool:
        """Whether it is on the air or in a link."""
        return self._sleep_timer is not None

    @property
    def connection(self) -> Connection | None:
        """The link that stands."""
        return self.peripheral.connection

    # ── awake and asleep ─────────────────────────────────────────────────────────────────────

    def wake(self) -> None:
        """Go on the air, or stay there longer."""
        if self._sleep_timer is not None:
            self._sleep_timer.cancel()
        loop = asyncio.get_running_loop()
        self._sleep_timer = loop.call_later(self._pace.advertising_s, self.sleep)
        self.announce()

    def announce(self) -> None:
        """Tell on the air what is true now, if it is on the air."""
        if self.is_awake:
            self.peripheral.advertise(self._advertising())

    def sleep(self) -> None:
        """Leave the air; a link that stands is left to end by itself."""
        if self._sleep_timer is not None:
            self._sleep_timer.cancel()
            self._sleep_timer = None
        self.peripheral.stop_advertising()

    async def close(self) -> None:
        """Take the batteries out."""
        self.sleep()
        self.rest_after(None)
        self.peripheral.switch_off()
        if self._serving is not None:
            await asyncio.wait({self._serving})

    # ── in a link ────────────────────────────────────────────────────────────────────────────

    def say(
        self,
        characteristic: Characteristic,
        value: bytes,
        *,
        delay_s: float = 0.0,
        when_said: Callable[[], None] | None = None,
    ) -> None:
        """Send a value when its turn comes; a host that has not subscribed misses it."""
        connection = self.connection
        if connection is None or connection.faults.silent:
            return
        saying = _Saying(
            characteristic=characteristic, value=value, delay_s=delay_s, when_said=when_said
        )
        self._to_say.append(saying)
        self._news.set()

    def say_frame(
        self, frame: bytes, cut: Callable[[bytes], Pieces], *, delay_s: float = 0.0
    ) -> None:
        """Send a frame of the device's own protocol, `cut` into values, spoilt as ordered."""
        connection = self.connection
        if connection is None:
            return
        number = connection.count_indication()
        if number == connection.faults.lose_link_after_indications:
            self.hang_up()
            return
        for due in self._late.next(number, frame):
            for sent in connection.faults.frames_for(number, due):
                for characteristic, value in cut(sent):
                    self.say(characteristic, value, delay_s=delay_s)

    def rest_after(self, quiet_s: float | None) -> None:
        """Hang up and sleep after so long; None to stay awake. A new call replaces the last."""
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        if quiet_s is not None:
            self._rest_timer = asyncio.get_running_loop().call_later(quiet_s, self._rest)

    def _rest(self) -> None:
        self.sleep()
        self.hang_up()

    def hang_up(self) -> None:
        """End the link after what is still to be said."""
        self._to_say.append(None)
        self._news.set()

    def forget(self) -> None:
        """Leave unsaid what has not been said yet."""
        self._to_say.clear()

    def _connected(self, connection: Connection) -> None:
        self._to_say.clear()
        self._late = Reordering(connection.faults.reordered_indication)
        connection.on_activity = self._heard
        self.on_connected(connection)
        self._serving = asyncio.get_running_loop().create_task(self._serve(connection))

    def _heard(self) -> None:
        self._news.set()
        self.on_heard()

    def _disconnected(self) -> None:
        if self._serving is not None and self._serving is not asyncio.current_task():
            self._serving.cancel()
        self.rest_after(None)
        self.on_hung_up()
        self.announce()

    async def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(LinkDropped):  # the host is gone
            while connection.is_open:
                if not self._to_say:
                    await self._wait_for_news(connection)
                elif (saying := self._to_say.popleft()) is None:
                    connection.close()
                else:
                    await self._send(connection, saying)

    async def _send(self, connection: Connection, saying: _Saying) -> None:
        interval_s = connection.faults.indication_interval_s
        await asyncio.sleep(saying.delay_s if interval_s is None else interval_s)
        if not connection.is_subscribed(saying.characteristic):
            return
        await connection.send(saying.characteristic, saying.value)
        if saying.when_said is not None:
            saying.when_said()

    async def _wait_for_news(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._pace.link_timeout_s):
                await self._news.wait()
        except TimeoutError:
            connection.close()
        self._news.clear()
