"""Runs dialogues over a link: one deadline for each step, and a way out that the device knows.

However a dialogue ends (its result, an error, a session that takes too long, a person who goes
away), it may take its leave of the device while the link is up. That is bounded, too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from ohx_desktop.ble.dialogue import (
    Answer,
    Dialogue,
    Expect,
    Heard,
    HostTime,
    Pair,
    Pause,
    Read,
    Step,
    Subscribe,
    T,
    Tell,
    Unsubscribe,
    Write,
)
from ohx_desktop.ble.events import LinkState
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.ble.session import SESSION_S, Conversation, pair, with_pairing
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceSilent,
    OhxError,
    PairingRefused,
    RadioUnavailable,
)

# A link has limits of its own for each exchange; this one holds for any link.
STEP_S = 20.0
# A person may have to type a number meanwhile.
PAIR_STEP_S = 70.0
# Saying goodbye to a device that was in the middle of something.
LEAVE_S = 3.0

R = TypeVar("R")

OnNews = Callable[[ScaleRecord | DecodingError], None]


class _GoneAwayError(OhxError):
    """Nobody wants the result any more. Never leaves this module."""


async def drive(
    link: Link,
    dialogue: Dialogue[T],
    conversation: Conversation,
    *,
    on_news: OnNews | None = None,
    session_s: float = SESSION_S,
    leave_s: float = LEAVE_S,
) -> T:
    """Run a dialogue to its end and return its result.

    After `session_s` it is told to leave, and after a cancellation: then it has `leave_s` for it.
    Raises ConnectionLost, DeviceSilent, PairingRefused and what the dialogue raises.
    """
    runner = _Runner(link, dialogue, conversation, on_news)
    lost = asyncio.ensure_future(link.wait_disconnected())
    lost.add_done_callback(lambda _: runner.inbox.put_nowait(None))
    try:
        async with asyncio.timeout(session_s):
            return await runner.to_the_end()
    except TimeoutError:
        too_long = DeviceSilent("the device did not finish in time")
        await runner.leave(too_long, leave_s)
        raise too_long from None
    except asyncio.CancelledError:
        await runner.leave(_GoneAwayError("nobody waits for the device any more"), leave_s)
        raise
    finally:
        lost.cancel()
        dialogue.close()


class _Runner(Generic[T]):
    """One dialogue on its way. `inbox` holds what the device sent, None once the link is gone."""

    def __init__(
        self,
        link: Link,
        dialogue: Dialogue[T],
        conversation: Conversation,
        on_news: OnNews | None,
    ) -> None:
        self.inbox: asyncio.Queue[Heard | None] = asyncio.Queue()
        self._link = link
        self._dialogue = dialogue
        self._conversation = conversation
        self._on_news = on_news
        self._is_receiving = False

    async def to_the_end(self) -> T:
        """Take all steps and return the dialogue's result."""
        return await self._go_on(partial(self._dialogue.send, None))

    async def leave(self, reason: OhxError, within_s: float) -> None:
        """Have the dialogue end for a reason, and take the steps it still wants."""
        try:
            async with asyncio.timeout(within_s):
                await self._go_on(partial(self._dialogue.throw, reason))
        except (TimeoutError, OhxError):
            return  # the reason itself, or a device that does not let us say goodbye

    async def _go_on(self, resume: Callable[[], Step]) -> T:
        while True:
            try:
                step = resume()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                resume = partial(self._dialogue.send, await self._take(step))
            except OhxError as error:
                resume = partial(self._dialogue.throw, error)

    async def _take(self, step: Step) -> Answer:
        match step:
            case Expect(timeout_s):
                return await self._next(timeout_s)
            case HostTime():
                return self._conversation.now()
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Tell(news):
                if self._on_news is not None:
                    self._on_news(news)
            case _:
                return await self._exchange(step)
        return None

    async def _next(self, timeout_s: float) -> Heard | None:
        """Return the next value, None on silence. Raises ConnectionLost, once and ever after."""
        try:
            async with asyncio.timeout(timeout_s):
                heard = await self.inbox.get()
        except TimeoutError:
            return None
        if heard is None:
            self.inbox.put_nowait(None)
            raise ConnectionLost("the device disconnected in the middle of the session")
        if not self._is_receiving:
            self._is_receiving = True
            self._conversation.tell_state(LinkState.RECEIVING)
        return heard

    async def _exchange(self, step: Step) -> Answer:
        link, conversation = self._link, self._conversation
        match step:
            case Pair():
                await _limited(pair(link, conversation), PAIR_STEP_S)
            case Unsubscribe(uuid):
                await _limited(link.unsubscribe(uuid))
            case Subscribe(uuid):
                deliver = partial(self._deliver, uuid)
                await with_pairing(
                    link, conversation, lambda: _limited(link.subscribe(uuid, deliver))
                )
            case Write(uuid, value, with_response):
                await with_pairing(
                    link,
                    conversation,
                    lambda: _limited(link.write(uuid, value, with_response=with_response)),
                )
            case Read(uuid):
                return await self._read(uuid)
        return None

    async def _read(self, uuid: str) -> Heard | None:
        link = self._link
        if uuid not in link.characteristics:
            return None
        try:
            value = await with_pairing(link, self._conversation, lambda: _limited(link.read(uuid)))
        except (ConnectionLost, DeviceSilent, PairingRefused, RadioUnavailable):
            raise
        except DeviceError:
            return None  # the device keeps it to itself
        return Heard(uuid, value)

    def _deliver(self, uuid: str, value: bytes) -> None:
        self.inbox.put_nowait(Heard(uuid, value))


async def _limited(exchange: Awaitable[R], limit_s: float = STEP_S) -> R:
    try:
        async with asyncio.timeout(limit_s):
            return await exchange
    except TimeoutError as error:
        raise DeviceSilent("the device does not answer") from error
