"""Objects on a D-Bus: interfaces with properties that come and go, methods, and their signals.

dbus-fast's own `ServiceInterface` fixes the properties of a class and hides who calls. BlueZ needs
both: a device has an RSSI only while it is heard, and discovery belongs to the caller. So this
speaks `org.freedesktop.DBus.ObjectManager`, `.Properties` and `.Introspectable` on messages.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from ohx_desktop.virtual.bluez_interfaces import (
    INTROSPECTABLE,
    OBJECT_MANAGER,
    PEER,
    PROPERTIES,
    Answer,
    BusError,
    Interface,
    Method,
    describe_node,
)

_log = logging.getLogger(__name__)


class ObjectTree:
    """All objects of one service on one bus connection."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._objects: dict[str, dict[str, Interface]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        bus.add_message_handler(self._received)

    # ── objects ──────────────────────────────────────────────────────────────────────────────

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def add(self, path: str, interface: Interface) -> None:
        """Export an interface and announce it."""
        self._objects.setdefault(path, {})[interface.name] = interface
        added = {interface.name: interface.properties}
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, added])

    def remove(self, path: str) -> None:
        """Take an object and all beneath it away, the deepest first, and announce it."""
        doomed = [known for known in self._objects if known == path or known.startswith(f"{path}/")]
        for known in sorted(doomed, reverse=True):
            names = list(self._objects.pop(known))
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [known, names])

    def drop(self, path: str, interface: str) -> None:
        """Take one interface of an object away and announce it; nothing if it is not there."""
        if self._objects.get(path, {}).pop(interface, None) is not None:
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, [interface]])

    def get(self, path: str, interface: str, name: str) -> Any:
        """Return the plain value of a property, None where it is absent."""
        variant = self._objects[path][interface].properties.get(name)
        return None if variant is None else variant.value

    def change(
        self,
        path: str,
        interface: str,
        changed: Mapping[str, Variant],
        *,
        invalidated: Iterable[str] = (),
        always: bool = False,
    ) -> None:
        """Change properties and announce those that really changed, or all if `always`."""
        properties = self._objects[path][interface].properties
        news = {
            name: value
            for name, value in changed.items()
            if always or properties.get(name) != value
        }
        gone = [name for name in invalidated if properties.pop(name, None) is not None]
        properties.update(news)
        if news or gone:
            body = [interface, news, gone]
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    async def close(self) -> None:
        """Abandon calls that are still running."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    # ── messages ─────────────────────────────────────────────────────────────────────────────

    def _signal(self, path: str, interface: str, member: str, signature: str, body: Any) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, body))

    def _received(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or message.interface == PEER:
            return False
        method = self._find(message)
        if method is None:
            is_known = message.path in self._objects
            name = "UnknownMethod" if is_known else "UnknownObject"
            text = f"{message.member} is not offered here"
            return Message.new_error(message, f"org.freedesktop.DBus.Error.{name}", text)
        call = asyncio.get_running_loop().create_task(self._answer(message, method))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return True

    def _find(self, message: Message) -> Method | None:
        standard = {
            (OBJECT_MANAGER, "GetManagedObjects"): Method(
                handler=self._managed_objects, gives="a{oa{sa{sv}}}"
            ),
            (PROPERTIES, "Get"): Method(handler=self._get, gives="v"),
            (PROPERTIES, "GetAll"): Method(handler=self._get_all, gives="a{sv}"),
            (PROPERTIES, "Set"): Method(handler=self._set),
            (INTROSPECTABLE, "Introspect"): Method(handler=self._introspect, gives="s"),
        }
        if (found := standard.get((message.interface or "", message.member or ""))) is not None:
            return found
        interfaces = self._objects.get(message.path or "", {})
        interface = interfaces.get(message.interface or "")
        return None if interface is None else interface.methods.get(message.member or "")

    async def _answer(self, message: Message, method: Method) -> None:
        after: Callable[[], None] | None = None
        try:
            answer = await method.handler(message) or Answer()
            reply = Message.new_method_return(
                message, method.gives, list(answer.body), list(answer.unix_fds)
            )
            after = answer.after
        except BusError as error:
            reply = Message.new_error(message, error.name, error.text)
        except Exception as error:  # noqa: BLE001 - logged; the caller must not wait for ever
            _log.exception("the emulated service failed in %s", message.member)
            reply = Message.new_error(message, "org.bluez.Error.Failed", type(error).__name__)
        if self._bus.connected:
            await self._bus.send(reply)
        if after is not None:
            after()

    # ── standard interfaces ──────────────────────────────────────────────────────────────────

    async def _managed_objects(self, _: Message) -> Answer:
        everything = {
            path: {name: interface.properties for name, interface in interfaces.items()}
            for path, interfaces in self._objects.items()
        }
        return Answer(body=(everything,))

    def _interface(self, message: Message) -> Interface:
        try:
            return self._objects[message.path or ""][message.body[0]]
        except KeyError:
            raise BusError(
                "org.freedesktop.DBus.Error.UnknownObject", "No such object or interface"
            ) from None

    async def _get(self, message: Message) -> Answer:
        properties = self._interface(message).properties
        if (value := properties.get(message.body[1])) is None:
            raise BusError("org.freedesktop.DBus.Error.InvalidArgs", "No such property")
        return Answer(body=(value,))

    async def _get_all(self, message: Message) -> Answer:
        return Answer(body=(self._interface(message).properties,))

    async def _set(self, message: Message) -> Answer:
        interface, name, variant = self._interface(message), message.body[1], message.body[2]
        if name not in interface.writable:
            raise BusError("org.freedesktop.DBus.Error.PropertyReadOnly", f"{name} is read-only")
        interface.writable[name](variant.value)
        self.change(message.path or "", interface.name, {name: variant})
        return Answer()

    async def _introspect(self, message: Message) -> Answer:
        path = message.path or "/"
        below = f"{path.rstrip('/')}/"
        children = {
            known.removeprefix(below).split("/")[0]
            for known in self._objects
            if known.startswith(below)
        }
        interfaces = self._objects.get(path, {}).values()
        return Answer(body=(describe_node(interfaces, sorted(children)),))
