"""What Linux tells of its Bluetooth: the service comes and goes, adapters come, go and switch.

bleak asks once and then believes what it was told: a service that crashed leaves the bus without
a word, its links look alive for ever, and a scan is mute. So this listens on a connection of its
own, and lives through a bus that is renewed.

Source: D-Bus specification, NameOwnerChanged; BlueZ D-Bus API, org.bluez.Adapter1.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from dbus_fast import BusType, DBusFastError, Message, MessageType
from dbus_fast.aio import MessageBus

_BLUEZ = "org.bluez"
_ADAPTER = "org.bluez.Adapter1"
_BUS = "org.freedesktop.DBus"
_MATCHES = (
    f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{_BLUEZ}'",
    f"type='signal',sender='{_BLUEZ}',interface='{_BUS}.ObjectManager'",
    f"type='signal',sender='{_BLUEZ}',interface='{_BUS}.Properties',arg0='{_ADAPTER}'",
)
# To connect to the bus takes milliseconds. A bus that is gone is looked for again.
_CONNECT_S = 2.0
_RETRY_S = 5.0

OnChange = Callable[[bool], None]
"""Is told of a change; True when every link and scan is gone with it."""


@asynccontextmanager
async def watching_bluez(on_change: OnChange) -> AsyncIterator[None]:
    """Tell `on_change` of each change while the context is open. Raises nothing."""
    is_ready = asyncio.Event()
    watching = asyncio.create_task(_watch(on_change, is_ready))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                await is_ready.wait()
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _watch(on_change: OnChange, is_ready: asyncio.Event) -> None:
    while True:
        with suppress(OSError, EOFError, DBusFastError):  # no bus, or one that broke
            async with _system_bus() as bus:
                await _follow(bus, on_change, is_ready)
        if is_ready.is_set():
            on_change(True)
        is_ready.set()  # nobody need wait for a bus that is not there
        await asyncio.sleep(_RETRY_S)


@asynccontextmanager
async def _system_bus() -> AsyncIterator[MessageBus]:
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        yield await bus.connect()
    finally:
        was_connected = bus.connected
        bus.disconnect()  # frees its socket even where it never connected
        if was_connected:
            with suppress(OSError, EOFError, DBusFastError):
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast


async def _follow(bus: MessageBus, on_change: OnChange, is_ready: asyncio.Event) -> None:
    bus.add_message_handler(lambda message: _received(message, on_change))
    for rule in _MATCHES:
        await bus.call(
            Message(
                destination=_BUS,
                path="/org/freedesktop/DBus",
                interface=_BUS,
                member="AddMatch",
                signature="s",
                body=[rule],
            )
        )
    if is_ready.is_set():
        on_change(False)  # what happened while there was no bus is unknown
    is_ready.set()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast


def _received(message: Message, on_change: OnChange) -> None:
    if message.message_type is not MessageType.SIGNAL:
        return
    match message.member, message.body:
        case "NameOwnerChanged", [name, str(old), _] if name == _BLUEZ:
            on_change(bool(old))
        case "InterfacesAdded" | "InterfacesRemoved", [_, interfaces] if _ADAPTER in interfaces:
            on_change(False)
        case "PropertiesChanged", [interface, changed, _] if interface == _ADAPTER:
            if "Powered" in changed:
                on_change(False)
