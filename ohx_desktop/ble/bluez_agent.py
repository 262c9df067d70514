"""Pairing on Linux: our own BlueZ agent, for as long as one device is being paired.

bleak brings no agent, and without one BlueZ refuses to pair even where nobody has to do anything.
BlueZ asks the agent of whoever called Pair, so agent and call share one bus connection of ours;
that works whether or not a desktop has an agent of its own. Ours answers for no other device.

Source: BlueZ D-Bus API, org.bluez.Agent1, org.bluez.AgentManager1, org.bluez.Device1.
"""

import asyncio
from typing import Any

from dbus_fast import BusType, DBusError, DBusFastError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from ohx_desktop.ble.link import AskPasskey
from ohx_desktop.domain.errors import (
    DeviceSilent,
    PairingRefused,
    PasskeyRefused,
    RadioReason,
    RadioUnavailable,
)

_BLUEZ = "org.bluez"
_DEVICE = "org.bluez.Device1"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_AGENT_MANAGER = "org.bluez.AgentManager1"
_AGENT_PATH = "/org/ohx/desktop/agent"
# The agent can both show and take numbers, so that devices with a display ask for theirs.
_CAPABILITY = "KeyboardDisplay"
_LARGEST_PASSKEY = 999_999

_REJECTED = "org.bluez.Error.Rejected"
_NO_BLUEZ = frozenset(
    {
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.NoReply",  # it left the bus in the middle of the pairing
    }
)


async def pair_with_agent(
    device_path: str, address: str, ask_passkey: AskPasskey | None, *, deadline_s: float
) -> None:
    """Pair and bond the device at a BlueZ object path; return at once if it is bonded.

    Raises PairingRefused, PasskeyRefused, DeviceSilent when the deadline passes, RadioUnavailable
    without BlueZ.
    """
    bus = MessageBus(bus_type=BusType.SYSTEM)
    agent = _Agent(device_path, address, ask_passkey)
    try:
        async with asyncio.timeout(deadline_s):
            await bus.connect()
            await _pair(bus, device_path, agent)
    except TimeoutError as error:
        if agent.was_asked:
            raise PasskeyRefused("the number on the device was not typed in time") from error
        raise DeviceSilent(
            "pairing took too long",
            hint="put the device into pairing mode and type the number it shows in time",
        ) from error
    except (OSError, EOFError, DBusFastError) as error:
        raise RadioUnavailable(
            "the Bluetooth service of this computer cannot be reached",
            reason=RadioReason.NO_SERVICE,
        ) from error
    finally:
        await agent.withdraw_question()
        bus.disconnect()  # BlueZ drops the agent and any pairing of ours with the connection


async def _pair(bus: MessageBus, device_path: str, agent: "_Agent") -> None:
    # Never Pair a device that is bonded: BlueZ takes that for a wish to pair over classic
    # Bluetooth as well, and fails (seen with 5.66).
    if await _is_paired(bus, device_path):
        return
    bus.export(_AGENT_PATH, agent)
    # A BlueZ without an agent manager cannot use an agent; pairing may work without.
    await _call(bus, "/org/bluez", _AGENT_MANAGER, "RegisterAgent", "os", _AGENT_PATH, _CAPABILITY)
    # For a pairing that the device starts before our call does: BlueZ asks the default agent then.
    await _call(bus, "/org/bluez", _AGENT_MANAGER, "RequestDefaultAgent", "o", _AGENT_PATH)
    reply = await _call(bus, device_path, _DEVICE, "Pair")
    # A device may have asked to be paired, and been, before our call.
    if reply.message_type is MessageType.ERROR and not await _is_paired(bus, device_path):
        if reply.error_name in _NO_BLUEZ:
            raise RadioUnavailable(
                "the Bluetooth service of this computer is not running",
                reason=RadioReason.NO_SERVICE,
            )
        if agent.was_asked:
            raise PasskeyRefused("the device did not get the number that it shows")
        raise PairingRefused(f"pairing failed ({reply.error_name})")
    # A trusted device may connect by itself without another question.
    trust = (_DEVICE, "Trusted", Variant("b", True))
    await _call(bus, device_path, _PROPERTIES, "Set", "ssv", *trust)


async def _is_paired(bus: MessageBus, device_path: str) -> bool:
    """Tell whether BlueZ holds a bond with the device; False also where it cannot say."""
    reply = await _call(bus, device_path, _PROPERTIES, "Get", "ss", _DEVICE, "Paired")
    return reply.message_type is MessageType.METHOD_RETURN and reply.body[0].value is True


async def _call(
    bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: Any
) -> Message:
    message = Message(
        destination=_BLUEZ,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=list(body),
    )
    reply = await bus.call(message)
    if reply is None:
        raise EOFError("the bus gave no answer")
    return reply


class _Agent(ServiceInterface):
    """Answers BlueZ for one device and rejects every other.

    `was_asked` tells that the device wants its number typed: then that is what failed.
    """

    def __init__(self, device_path: str, address: str, ask_passkey: AskPasskey | None) -> None:
        super().__init__("org.bluez.Agent1")
        self._device_path = device_path
        self._address = address
        self._ask_passkey = ask_passkey
        self.was_asked = False
        self._question: asyncio.Future[int | None] | None = None

    async def withdraw_question(self) -> None:
        """Ask nobody any more: the pairing is over, however it went."""
        if self._question is not None and not self._question.done():
            self._question.cancel()
            await asyncio.wait({self._question})
            await asyncio.sleep(0)  # the refusal leaves before the bus does

    @dbus_method(name="Release")
    def release(self) -> None:
        """BlueZ has let the agent go; there is nothing to give back."""

    @dbus_method(name="Cancel")
    def cancel(self) -> None:
        """BlueZ has given up; Pair fails with the reason, and nobody need answer any more."""
        if self._question is not None:
            self._question.cancel()

    @dbus_method(name="RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        """Return the number the device shows."""
        return await self._passkey(device)

    @dbus_method(name="RequestPinCode")
    async def request_pin_code(self, device: DBusObjectPath) -> DBusStr:
        """Return the number the device shows, as older devices take it."""
        return f"{await self._passkey(device):06d}"

    @dbus_method(name="DisplayPasskey")
    def display_passkey(
        self, device: DBusObjectPath, _passkey: DBusUInt32, _entered: DBusUInt16
    ) -> None:
        """Cuffs have no keys to type a number of ours on."""
        self._require_ours(device)

    @dbus_method(name="DisplayPinCode")
    def display_pin_code(self, device: DBusObjectPath, _pin_code: DBusStr) -> None:
        """Cuffs have no keys to type a number of ours on."""
        self._require_ours(device)

    @dbus_method(name="RequestConfirmation")
    def request_confirmation(self, device: DBusObjectPath, _passkey: DBusUInt32) -> None:
        """Confirm for the device a person has just chosen to pair."""
        self._require_ours(device)

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, device: DBusObjectPath) -> None:
        """Authorise the device a person has just chosen to pair."""
        self._require_ours(device)

    @dbus_method(name="AuthorizeService")
    def authorize_service(self, device: DBusObjectPath, _uuid: DBusStr) -> None:
        """Authorise services of the device a person has just chosen to pair."""
        self._require_ours(device)

    async def _passkey(self, device: str) -> int:
        self._require_ours(device)
        self.was_asked = True
        passkey = None if self._ask_passkey is None else await self._answer(self._ask_passkey)
        if passkey is None or not 0 <= passkey <= _LARGEST_PASSKEY:
            raise DBusError(_REJECTED, "nobody gave the number")
        return passkey

    async def _answer(self, ask_passkey: AskPasskey) -> int | None:
        self._question = asyncio.ensure_future(ask_passkey(self._address))
        await asyncio.wait({self._question})
        return None if self._question.cancelled() else self._question.result()

    def _require_ours(self, device: str) -> None:
        if device != self._device_path:
            raise DBusError(_REJECTED, "this device is not being paired here")
