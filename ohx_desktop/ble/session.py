"""One conversation with one device: what every driver needs, and the frame around it.

A driver is a coroutine that talks over a `Link` and tells what it learns; it knows no scanning, no
connecting and no window. `converse` runs it as a task of its own, so that its deadlines hold
however slowly the events are taken, and so that closing the generator ends it at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from ohx_desktop.ble.assigned_numbers import CURRENT_TIME
from ohx_desktop.ble.codec.current_time import decode_current_time
from ohx_desktop.ble.codec.device_information import (
    IDENTITY_CHARACTERISTICS,
    decode_device_identity,
)
from ohx_desktop.ble.device_secrets import DeviceSecrets, NoSecrets
from ohx_desktop.ble.events import CaptureEvent, LinkState, SessionFailed, StateChanged
from ohx_desktop.ble.keeping import HeardRecord, KeepingLine
from ohx_desktop.ble.link import Link, Radio
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceSilent,
    OhxError,
    PairingRefused,
    RadioUnavailable,
)

# Devices advertise for a minute at most; one that does not answer by then is gone.
CONNECT_S = 20.0
# No marker ends a stream of records; the makers' programs take this much silence for the end.
SILENCE_S = 4.0
# A device that connects first and measures then needs up to a minute before its record comes.
FIRST_RECORD_S = 60.0
# The makers' programs never listen longer.
SESSION_S = 120.0
# One cuff stays silent for ever when it is subscribed within 0.1 s after discovery.
SETTLE_S = 0.15

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What a driver knows beside the link, and where it tells what it learns.

    `session_began` (aware) is the moment the person was called. `first_met` notes a frame and
    returns in which listening it was first met, None for now; `listening` is the present one.
    `last_sequences` are the highest record numbers taken so far, by the address of the device.
    `identity` is who the device said it is, None before anybody asked. `policy` is what an
    administrator has switched on. `keeping` makes records durable before they are told, None where
    nobody keeps them.
    """

    address: str
    name: str | None
    recognised: Recognised
    session_began: datetime
    now: Now
    first_met: Callable[[bytes], object | None]
    listening: object
    secrets: DeviceSecrets = field(default_factory=NoSecrets)
    policy: DevicePolicy = NOTHING_SWITCHED_ON
    last_sequences: MutableMapping[str, int] = field(default_factory=dict)
    identity: DeviceIdentity | None = None
    events: "asyncio.Queue[CaptureEvent | None]" = field(default_factory=asyncio.Queue)
    keeping: KeepingLine | None = None

    @property
    def who(self) -> DeviceIdentity:
        """Who the device is, by its advertisement as long as nobody has asked."""
        return self.identity or DeviceIdentity(
            manufacturer=self.recognised.manufacturer,
            model=self.recognised.model,
            address=self.address,
        )

    def tell(self, event: CaptureEvent, record: HeardRecord | None = None) -> None:
        """Tell an event, once the record that goes with it is kept."""
        if self.keeping is None:
            self.events.put_nowait(event)
        else:
            self.keeping.put(event, record)

    def keep(self, record: HeardRecord) -> None:
        """Keep a record of which nothing can be told yet."""
        if self.keeping is not None:
            self.keeping.put(None, record)

    def tell_state(self, state: LinkState) -> None:
        """Tell that the session moved on."""
        self.tell(StateChanged(state=state, address=self.address, name=self.name))


Driver = Callable[[Link, Conversation], Awaitable[None]]


async def converse(
    radio: Radio, driver: Driver, conversation: Conversation
) -> AsyncGenerator[CaptureEvent]:
    """Connect, run the driver, disconnect; yield what it tells, and ENDED as the last event.

    A failure is told as SessionFailed. Closing the generator cancels the driver and waits until
    it has taken its leave, what came is kept and the link is down; cancelling that breaks the leave
    off. Raises RadioUnavailable.
    """
    talking = asyncio.ensure_future(_talk(radio, driver, conversation))
    talking.add_done_callback(lambda _: conversation.events.put_nowait(None))
    try:
        while (event := await conversation.events.get()) is not None:
            yield event
        await talking
    finally:
        await _end(talking)


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has cleaned up; pass further cancellations on to it."""
    is_cancelled = False
    task.cancel()
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            is_cancelled = True
            task.cancel()
    if is_cancelled:
        raise asyncio.CancelledError
    if not task.cancelled():
        task.exception()  # whoever awaits the events was told, or listens no more


async def _talk(radio: Radio, driver: Driver, conversation: Conversation) -> None:
    try:
        conversation.tell_state(LinkState.CONNECTING)
        async with radio.connect(conversation.address, deadline_s=CONNECT_S) as link:
            conversation.tell_state(LinkState.IDENTIFYING)
            try:
                await driver(link, conversation)
            finally:
                if conversation.keeping is not None:
                    await conversation.keeping.finish()
    except RadioUnavailable:
        raise
    except OhxError as error:  # a device, a form it has, or the store of its key
        conversation.tell(SessionFailed(error=error))
    conversation.tell_state(LinkState.ENDED)


async def with_pairing(
    link: Link, conversation: Conversation, operation: Callable[[], Awaitable[_T]]
) -> _T:
    """Run an operation; if the device wants a bond first, pair and run it once more.

    Raises PairingRefused when pairing does not help: trying on would lock the device.
    """
    try:
        return await operation()
    except PairingRefused:
        await pair(link, conversation)
        return await operation()


async def pair(link: Link, conversation: Conversation) -> None:
    """Pair, and tell so meanwhile. Raises PairingRefused."""
    conversation.tell_state(LinkState.PAIRING)
    await link.pair()
    conversation.tell_state(LinkState.IDENTIFYING)


async def identify(link: Link, conversation: Conversation) -> Conversation:
    """Return the conversation with the device's identity; ask for it unless that was done.

    A device that wants to be paired first is paired. Raises ConnectionLost, PairingRefused.
    """
    if conversation.identity is not None:
        return conversation
    if conversation.recognised.pairs_first:
        await pair(link, conversation)
    return replace(conversation, identity=await read_identity(link, conversation))


async def read_identity(link: Link, conversation: Conversation) -> DeviceIdentity:
    """Read who the device is, as far as it tells. Raises ConnectionLost, PairingRefused."""
    return decode_device_identity(
        await _read_what_is_there(link, conversation, IDENTITY_CHARACTERISTICS),
        address=link.address,
        manufacturer=conversation.recognised.manufacturer,
        model=conversation.recognised.model,
    )


async def measure_clock_offset(link: Link, conversation: Conversation) -> timedelta | None:
    """Return the device's clock minus the host's, None where it shows no usable time.

    Raises ConnectionLost, PairingRefused.
    """
    before = conversation.now()
    values = await _read_what_is_there(link, conversation, (CURRENT_TIME,))
    return clock_offset(values.get(CURRENT_TIME, b""), before, conversation.now())


def clock_offset(value: bytes, before: datetime, after: datetime) -> timedelta | None:
    """Return what 0x2A2B showed minus the host's time, None where it names no moment.

    `before` and `after` (aware) enclose the exchange.
    """
    try:
        shown = decode_current_time(value).moment
    except DecodingError:
        return None
    return None if shown is None else offset_of(shown, before, after)


def offset_of(shown: datetime, before: datetime, after: datetime) -> timedelta:
    """Return a device's naive time minus the host's in the middle of the exchange."""
    middle = before + (after - before) / 2
    return shown - middle.astimezone().replace(tzinfo=None)


async def settle(connected_s: float, at_least_s: float) -> None:
    """Wait until the link is `at_least_s` old; `connected_s` is the loop's time of connecting."""
    age_s = asyncio.get_running_loop().time() - connected_s
    await asyncio.sleep(max(at_least_s, SETTLE_S) - age_s)


async def _read_what_is_there(
    link: Link, conversation: Conversation, characteristics: Iterable[str]
) -> dict[str, bytes]:
    """Read what can be read: a refused value is left out, as no reading depends on it."""
    values: dict[str, bytes] = {}
    for characteristic in (c for c in characteristics if c in link.characteristics):

        async def read(characteristic: str = characteristic) -> bytes:
            return await link.read(characteristic)

        try:
            values[characteristic] = await with_pairing(link, conversation, read)
        except (ConnectionLost, PairingRefused, RadioUnavailable):
            raise
        except DeviceSilent:
            break  # the next ones would wait in vain, too
        except DeviceError:
            continue
    return values
