"""One link between this computer and a virtual device.

The host reads, writes, subscribes and pairs; the device sends values. Ordered faults strike here,
so that every way to meet a virtual device shows the same ones.
"""

import asyncio
from collections.abc import Awaitable, Callable

from ohx_desktop.virtual.faults import INSUFFICIENT_AUTHENTICATION, Faults, Reordering
from ohx_desktop.virtual.gatt import AttError, AttributeTable, Characteristic, Property
from ohx_desktop.virtual.pairing import PairingAgent, PairingFailed, PairingFailure

INVALID_HANDLE = 0x01
"""ATT error: the table has no such attribute (any more)."""

OnValue = Callable[[bytes], None]


class LinkDropped(Exception):  # noqa: N818 - reads as what happened
    """The link is gone; the operation had no answer."""


class Connection:
    """A link, open from its construction until `close`, whoever calls it."""

    def __init__(
        self,
        table: AttributeTable,
        faults: Faults,
        *,
        is_encrypted: bool,
        negotiate: Callable[[PairingAgent], Awaitable[None]],
    ) -> None:
        self.table = table
        self.faults = faults
        self.is_encrypted = is_encrypted
        self._negotiate = negotiate
        self._closed = asyncio.Event()
        self._when_closed: list[Callable[[], None]] = []
        self._subscribers: dict[int, OnValue] = {}
        self.operations = 0
        """How many the host has begun."""
        self.indications = 0
        """How many the device has sent, frames of its own protocol included."""
        self._late: Reordering[tuple[Characteristic, tuple[bytes, ...]]] = Reordering(
            faults.reordered_indication
        )
        self._floods: dict[int, asyncio.TimerHandle] = {}
        self._is_table_void = False
        self._opened_s = asyncio.get_running_loop().time()
        self._subscribed_after_s: dict[int, float] = {}
        self.written: list[tuple[str, bytes]] = []
        """What the host wrote, each with the UUID of its characteristic."""
        self.on_activity: Callable[[], None] = lambda: None
        self.on_security_request: Callable[[], None] = lambda: None

    @property
    def is_open(self) -> bool:
        """Whether the link stands."""
        return not self._closed.is_set()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once when the link ends."""
        self._when_closed.append(callback)

    def close(self) -> None:
        """End the link; a second call does nothing."""
        if not self.is_open:
            return
        self._closed.set()
        self._subscribers.clear()
        for flood in self._floods.values():
            flood.cancel()
        for callback in self._when_closed:
            callback()

    # ── what the host does ───────────────────────────────────────────────────────────────────

    async def read(self, handle: int) -> bytes:
        """Read the characteristic at `handle`. Raises AttError, LinkDropped."""
        characteristic = await self._operate(handle)
        if Property.READ not in characteristic.properties or characteristic.on_read is None:
            raise AttError(0x02)
        return characteristic.on_read()

    async def write(self, handle: int, value: bytes) -> None:
        """Write the characteristic at `handle`. Raises AttError, LinkDropped."""
        characteristic = await self._operate(handle)
        writable = {Property.WRITE, Property.WRITE_WITHOUT_RESPONSE}
        if not characteristic.properties & writable or characteristic.on_write is None:
            raise AttError(0x03)
        self.written.append((characteristic.uuid, value))
        characteristic.on_write(value)

    async def subscribe(self, handle: int, on_value: OnValue) -> None:
        """Write the Client Characteristic Configuration. Raises AttError, LinkDropped."""
        characteristic = await self._operate(handle)
        if not characteristic.can_subscribe:
            raise AttError(0x06)
        self._subscribers[handle] = on_value
        now_s = asyncio.get_running_loop().time()
        self._subscribed_after_s[handle] = now_s - self._opened_s
        if self.faults.flood_interval_s is not None:
            self._flood(handle, 0)
        self.on_activity()

    async def unsubscribe(self, handle: int) -> None:
        """Clear the Client Characteristic Configuration. Raises AttError, LinkDropped."""
        await self._operate(handle)
        self._subscribers.pop(handle, None)

    async def pair(self, agent: PairingAgent) -> None:
        """Pair and encrypt the link. Raises PairingFailed, LinkDropped."""
        self._count_operation()
        pairing = asyncio.ensure_future(self._negotiate(agent))
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait({pairing, closed}, return_when=asyncio.FIRST_COMPLETED)
            if not pairing.done():
                raise PairingFailed(PairingFailure.CANCELLED)
            pairing.result()
        finally:
            pairing.cancel()
            closed.cancel()
        self.is_encrypted = True
        self.on_activity()

    # ── what the device does ─────────────────────────────────────────────────────────────────

    def is_subscribed(self, characteristic: Characteristic) -> bool:
        """Whether the host wants values of this characteristic."""
        return characteristic.handle in self._subscribers

    def subscribed_after_s(self, characteristic: Characteristic) -> float | None:
        """Return how long after connecting the host subscribed; None while it has not."""
        if not self.is_subscribed(characteristic):
            return None
        return self._subscribed_after_s[characteristic.handle]

    def subscribed_for_s(self, characteristic: Characteristic) -> float | None:
        """Return how long ago the host subscribed; None while it has not."""
        after_s = self.subscribed_after_s(characteristic)
        if after_s is None:
            return None
        return asyncio.get_running_loop().time() - self._opened_s - after_s

    def request_security(self) -> None:
        """Ask the host to pair or encrypt; it does so by itself, some time later.

        Source: Core specification, Security Manager, Security Request.
        """
        if not self.is_encrypted:
            self.on_security_request()

    def client_configuration(self, characteristic: Characteristic) -> int:
        """Return the value of its Client Characteristic Configuration: 1 notify, 2 indicate."""
        if not self.is_subscribed(characteristic):
            return 0
        return 2 if Property.INDICATE in characteristic.properties else 1

    async def send(self, characteristic: Characteristic, value: bytes) -> None:
        """Notify or indicate; returns when confirmed. Raises LinkDropped."""
        due: tuple[tuple[Characteristic, tuple[bytes, ...]], ...] = ((characteristic, (value,)),)
        if Property.INDICATE in characteristic.properties:
            number = self.count_indication()
            if number == self.faults.lose_link_after_indications:
                self.close()
            frames = self.faults.frames_for(number, value)
            due = self._late.next(number, (characteristic, frames))
        if characteristic.handle not in self._subscribers:
            raise LinkDropped
        for source, frames in due:
            for frame in frames:
                if (on_value := self._subscribers.get(source.handle)) is not None:
                    on_value(frame)
        await asyncio.sleep(0)  # the host's confirmation

    def count_indication(self) -> int:
        """Return the number of the next indication or frame."""
        number, self.indications = self.indications, self.indications + 1
        return number

    # ── faults ───────────────────────────────────────────────────────────────────────────────

    async def _operate(self, handle: int) -> Characteristic:
        """Count an operation, let ordered faults strike, return what it is about."""
        await asyncio.sleep(0)  # the radio round trip
        self._count_operation()
        await self._answer_at_all()
        self.on_activity()
        if self._is_table_void:
            raise AttError(INVALID_HANDLE)
        characteristic = self.table.at(handle)
        if (code := self.faults.att_errors.get(characteristic.uuid)) is not None:
            raise AttError(code)
        if not self.is_encrypted and (characteristic.is_protected or self.faults.needs_pairing):
            raise AttError(INSUFFICIENT_AUTHENTICATION)
        return characteristic

    def _count_operation(self) -> None:
        number, self.operations = self.operations, self.operations + 1
        if number == self.faults.lose_link_after_operations:
            self.close()
        if number == self.faults.services_change_after_operations:
            self._is_table_void = True
            self._subscribers.clear()
        if not self.is_open:
            raise LinkDropped

    async def _answer_at_all(self) -> None:
        """Wait for the end of the link where the device does not answer any more."""
        first_missed = self.faults.no_answer_after_operations
        if first_missed is not None and self.operations > first_missed:
            await self._closed.wait()
            raise LinkDropped

    def _flood(self, handle: int, number: int) -> None:
        """Send hostile values for ever; each is another one, so that none is a copy."""
        on_value = self._subscribers.get(handle)
        if on_value is None or self.faults.flood_interval_s is None:
            return
        on_value(number.to_bytes(8, "big") + b"\xff" * 12)
        loop = asyncio.get_running_loop()
        self._floods[handle] = loop.call_later(
            self.faults.flood_interval_s, self._flood, handle, number + 1
        )
