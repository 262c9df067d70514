"""What an object on a D-Bus consists of, and how it describes itself to others."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

from dbus_fast import Message, Variant
from dbus_fast.signature import get_signature_tree

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"


class BusError(Exception):
    """A D-Bus error reply."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"[{name}] {text}")
        self.name = name
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a method returns; `after` runs once the reply is on its way."""

    body: tuple[Any, ...] = ()
    unix_fds: tuple[int, ...] = ()
    after: Callable[[], None] | None = None


Handler = Callable[[Message], Awaitable[Answer | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method with its D-Bus signatures."""

    handler: Handler
    takes: str = ""
    gives: str = ""


@dataclass(slots=True, kw_only=True)
class Interface:
    """One interface of one object. `writable`: what happens when a caller sets a property."""

    name: str
    properties: dict[str, Variant] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    writable: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)


def describe_node(interfaces: Iterable[Interface], children: Iterable[str]) -> str:
    """Return the introspection XML of an object."""
    own = "".join(map(_describe, interfaces))
    nodes = "".join(f"<node name={quoteattr(name)}/>" for name in children)
    return f"<node>{_STANDARD_XML}{own}{nodes}</node>"


_STANDARD_XML = (
    f'<interface name="{PROPERTIES}">'
    '<method name="Get"><arg type="s" direction="in"/><arg type="s" direction="in"/>'
    '<arg type="v" direction="out"/></method>'
    '<method name="Set"><arg type="s" direction="in"/><arg type="s" direction="in"/>'
    '<arg type="v" direction="in"/></method>'
    '<method name="GetAll"><arg type="s" direction="in"/>'
    '<arg type="a{sv}" direction="out"/></method>'
    '<signal name="PropertiesChanged"><arg type="s"/><arg type="a{sv}"/><arg type="as"/></signal>'
    "</interface>"
    f'<interface name="{OBJECT_MANAGER}">'
    '<method name="GetManagedObjects"><arg type="a{oa{sa{sv}}}" direction="out"/></method>'
    '<signal name="InterfacesAdded"><arg type="o"/><arg type="a{sa{sv}}"/></signal>'
    '<signal name="InterfacesRemoved"><arg type="o"/><arg type="as"/></signal>'
    "</interface>"
)


def _describe(interface: Interface) -> str:
    methods = "".join(
        f'<method name="{name}">{_arguments(method)}</method>'
        for name, method in interface.methods.items()
    )
    properties = "".join(
        f'<property name="{name}" type="{variant.signature}" '
        f'access="{"readwrite" if name in interface.writable else "read"}"/>'
        for name, variant in interface.properties.items()
    )
    return f'<interface name="{interface.name}">{methods}{properties}</interface>'


def _arguments(method: Method) -> str:
    return "".join(
        f'<arg type="{kind.signature}" direction="{direction}"/>'
        for signature, direction in ((method.takes, "in"), (method.gives, "out"))
        for kind in get_signature_tree(signature).types
    )
