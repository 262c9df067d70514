"""`org.bluez.AgentManager1`, and the agents that programs register with it.

An agent is how BlueZ asks the person at the computer. Without one, pairing fails even where no
question would be asked, as with real BlueZ. Source: BlueZ documentation, org.bluez.Agent.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from ohx_desktop.virtual.bluez_interfaces import BusError, Interface, Method
from ohx_desktop.virtual.pairing import PairingFailed, PairingFailure

AGENT_MANAGER = "org.bluez.AgentManager1"
AGENT = "org.bluez.Agent1"

_CAPABILITIES = {
    "": "KeyboardDisplay",
    "DisplayOnly": "DisplayOnly",
    "DisplayYesNo": "DisplayYesNo",
    "KeyboardOnly": "KeyboardOnly",
    "NoInputNoOutput": "NoInputNoOutput",
    "KeyboardDisplay": "KeyboardDisplay",
}
_CAN_TYPE = {"KeyboardOnly", "KeyboardDisplay"}
_CAN_COMPARE = {"DisplayYesNo", "KeyboardDisplay"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registration:
    sender: str
    path: str
    capability: str


class BusAgent:
    """A registered agent, asked about one device: a `PairingAgent` over D-Bus."""

    def __init__(self, bus: MessageBus, registration: _Registration, device_path: str) -> None:
        self._bus = bus
        self._registration = registration
        self._device_path = device_path

    async def enter_passkey(self) -> int:
        """Call RequestPasskey. Raises PairingFailed."""
        self._require(_CAN_TYPE)
        passkey: int = (await self._ask("RequestPasskey", "o", [self._device_path]))[0]
        return passkey

    async def confirm(self, passkey: int) -> bool:
        """Call RequestConfirmation. Raises PairingFailed."""
        self._require(_CAN_COMPARE)
        await self._ask("RequestConfirmation", "ou", [self._device_path, passkey])
        return True

    def _require(self, capabilities: set[str]) -> None:
        # Too little input or output would fall back to Just Works, which a device that wants
        # protection against a man in the middle refuses.
        if self._registration.capability not in capabilities:
            raise PairingFailed(PairingFailure.REFUSED)

    async def _ask(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        try:
            reply = await self._bus.call(self._message(member, signature, body))
        except asyncio.CancelledError:
            if self._bus.connected:
                self._bus.send(self._message("Cancel", "", []))
            raise
        if reply.message_type is MessageType.ERROR:
            is_cancelled = reply.error_name == "org.bluez.Error.Canceled"
            raise PairingFailed(
                PairingFailure.CANCELLED if is_cancelled else PairingFailure.REFUSED
            )
        return list(reply.body)

    def _message(self, member: str, signature: str, body: list[Any]) -> Message:
        return Message(
            destination=self._registration.sender,
            path=self._registration.path,
            interface=AGENT,
            member=member,
            signature=signature,
            body=body,
        )


class AgentManager:
    """The agents registered on the bus; the first one is the default until another asks."""

    def __init__(self, bus: MessageBus, *, refuses_everybody: bool = False) -> None:
        self._bus = bus
        self._refuses_everybody = refuses_everybody
        self._agents: dict[str, _Registration] = {}
        self._default: str | None = None

    @property
    def interface(self) -> Interface:
        """The D-Bus interface."""
        return Interface(
            name=AGENT_MANAGER,
            methods={
                "RegisterAgent": Method(handler=self._register, takes="os"),
                "UnregisterAgent": Method(handler=self._unregister, takes="o"),
                "RequestDefaultAgent": Method(handler=self._request_default, takes="o"),
            },
        )

    @property
    def count(self) -> int:
        """How many are registered."""
        return len(self._agents)

    def agent_for(self, sender: str | None, device_path: str) -> BusAgent | None:
        """Return the caller's own agent, else the default one, else None."""
        chosen = self._agents.get(sender or "") or self._agents.get(self._default or "")
        return None if chosen is None else BusAgent(self._bus, chosen, device_path)

    def forget(self, sender: str) -> None:
        """Drop the agent of a program that left the bus."""
        self._agents.pop(sender, None)
        if self._default == sender:
            self._default = next(iter(self._agents), None)

    async def _register(self, message: Message) -> None:
        if self._refuses_everybody:
            raise BusError("org.freedesktop.DBus.Error.AccessDenied", "Rejected send message")
        path, capability = message.body
        sender = message.sender or ""
        if sender in self._agents:
            raise BusError("org.bluez.Error.AlreadyExists", "Already Exists")
        if capability not in _CAPABILITIES:
            raise BusError("org.bluez.Error.InvalidArguments", "Invalid arguments in method call")
        self._agents[sender] = _Registration(
            sender=sender, path=path, capability=_CAPABILITIES[capability]
        )
        if self._default is None:
            self._default = sender

    async def _unregister(self, message: Message) -> None:
        self._registration_of(message)
        self.forget(message.sender or "")

    async def _request_default(self, message: Message) -> None:
        self._registration_of(message)
        self._default = message.sender

    def _registration_of(self, message: Message) -> _Registration:
        registration = self._agents.get(message.sender or "")
        if registration is None or registration.path != message.body[0]:
            raise BusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        return registration
