"""Our BlueZ agent against a bus with as little, or as much, as there may be on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from dbus_fast import DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusStr
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from ohx_desktop.ble.bluez_agent import pair_with_agent
from ohx_desktop.domain.errors import DeviceSilent, PairingRefused, RadioUnavailable
from ohx_desktop.virtual.bluez_bus import private_system_bus

PATH = "/org/bluez/hci0/dev_C8_0F_10_00_00_01"
OTHER = "/org/bluez/hci0/dev_C8_0F_10_00_00_02"
ADDRESS = "C8:0F:10:00:00:01"
PASSKEY = 314159

OnPair = Callable[["ScriptedBlueZ"], Awaitable[None]]


class Device(ServiceInterface):
    def __init__(self, bluez: "ScriptedBlueZ", on_pair: OnPair) -> None:
        super().__init__("org.bluez.Device1")
        self._bluez = bluez
        self._on_pair = on_pair

    @dbus_method(name="Pair")
    async def pair(self) -> None:
        await self._on_pair(self._bluez)

    @dbus_property(name="Paired", access=PropertyAccess.READ)
    def paired(self) -> DBusBool:
        return self._bluez.is_paired


class Agents(ServiceInterface):
    def __init__(self, bluez: "ScriptedBlueZ") -> None:
        super().__init__("org.bluez.AgentManager1")
        self._bluez = bluez

    @dbus_method(name="RegisterAgent")
    def register(self, agent: DBusObjectPath, capability: DBusStr) -> None:
        self._bluez.agent, self._bluez.capability = agent, capability


class ScriptedBlueZ:
    """org.bluez with one device; `ask` calls the registered agent as BlueZ does."""

    agent = ""
    capability = ""
    sender = ""
    is_paired = False

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        bus.add_message_handler(self._note_sender)

    def _note_sender(self, message: Message) -> None:
        if message.member == "Pair":
            self.sender = message.sender or ""

    async def ask(self, member: str, signature: str, *body: object) -> Message:
        return await self.bus.call(
            Message(
                destination=self.sender,
                path=self.agent,
                interface="org.bluez.Agent1",
                member=member,
                signature=signature,
                body=list(body),
            )
        )


Serve = Callable[[OnPair], Awaitable[ScriptedBlueZ]]


@pytest.fixture
async def serve(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    async with private_system_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        bus = await MessageBus(bus_address=address).connect()

        async def start(on_pair: OnPair, *, with_agents: bool = True) -> ScriptedBlueZ:
            bluez = ScriptedBlueZ(bus)
            bus.export(PATH, Device(bluez, on_pair))
            if with_agents:
                bus.export("/org/bluez", Agents(bluez))
            await bus.request_name("org.bluez")
            return bluez

        yield start
        bus.disconnect()


async def pair(typed: int | None = PASSKEY, *, deadline_s: float = 5.0) -> list[str]:
    """Pair; return the addresses a person was asked about."""
    asked: list[str] = []

    async def ask(address: str) -> int | None:
        asked.append(address)
        return typed

    await pair_with_agent(PATH, ADDRESS, ask, deadline_s=deadline_s)
    return asked


async def test_the_person_is_asked_for_the_number_on_the_device(serve: Serve) -> None:
    answers: list[object] = []

    async def on_pair(bluez: ScriptedBlueZ) -> None:
        answers.extend((await bluez.ask("RequestPasskey", "o", PATH)).body)
        answers.extend((await bluez.ask("RequestPinCode", "o", PATH)).body)

    bluez = await serve(on_pair)
    assert await pair(271) == [ADDRESS, ADDRESS]
    assert answers == [271, "000271"]
    assert bluez.capability == "KeyboardDisplay"


@pytest.mark.parametrize("typed", [None, -1, 1_000_000])
async def test_without_a_number_the_agent_rejects(serve: Serve, typed: int | None) -> None:
    async def on_pair(bluez: ScriptedBlueZ) -> None:
        reply = await bluez.ask("RequestPasskey", "o", PATH)
        raise DBusError("org.bluez.Error.AuthenticationFailed", reply.error_name or "answered")

    await serve(on_pair)
    with pytest.raises(PairingRefused):
        await pair(typed)


async def test_questions_about_our_device_are_confirmed_and_others_rejected(serve: Serve) -> None:
    replies: dict[tuple[str, str], MessageType] = {}
    questions: tuple[tuple[str, str, tuple[object, ...]], ...] = (
        ("RequestConfirmation", "ou", (123,)),
        ("RequestAuthorization", "o", ()),
        ("AuthorizeService", "os", ("1810",)),
        ("DisplayPasskey", "ouq", (123, 0)),
        ("DisplayPinCode", "os", ("123",)),
        ("RequestPasskey", "o", ()),
        ("RequestPinCode", "o", ()),
    )

    async def on_pair(bluez: ScriptedBlueZ) -> None:
        for member, signature, rest in questions:
            for path in (PATH, OTHER):
                reply = await bluez.ask(member, signature, path, *rest)
                replies[member, path] = reply.message_type
        await bluez.ask("Cancel", "")
        await bluez.ask("Release", "")

    await serve(on_pair)
    await pair()
    for member, _, _ in questions:
        assert replies[member, PATH] is MessageType.METHOD_RETURN
        assert replies[member, OTHER] is MessageType.ERROR


async def test_a_bluez_without_agents_still_pairs_what_needs_none(serve: Serve) -> None:
    paired = asyncio.Event()

    async def on_pair(_: ScriptedBlueZ) -> None:
        paired.set()

    await serve(on_pair, with_agents=False)  # type: ignore[call-arg] # the fixture's own option
    assert await pair() == []
    assert paired.is_set()


async def test_a_device_that_is_bonded_already_is_not_paired_again(serve: Serve) -> None:
    calls: list[ScriptedBlueZ] = []

    async def on_pair(bluez: ScriptedBlueZ) -> None:
        calls.append(bluez)
        raise DBusError("org.bluez.Error.AuthenticationFailed", "Authentication Failed")

    bluez = await serve(on_pair)
    bluez.is_paired = True
    await pair()
    assert calls == [], "BlueZ would pair it over classic Bluetooth, and fail"


async def test_a_device_that_bonds_by_itself_meanwhile_is_paired(serve: Serve) -> None:
    async def on_pair(bluez: ScriptedBlueZ) -> None:
        bluez.is_paired = True
        raise DBusError("org.bluez.Error.AuthenticationFailed", "Authentication Failed")

    await serve(on_pair)
    await pair()


async def test_pairing_that_hangs_is_given_up(serve: Serve) -> None:
    async def on_pair(_: ScriptedBlueZ) -> None:
        await asyncio.Event().wait()

    await serve(on_pair)
    with pytest.raises(DeviceSilent):
        await pair(deadline_s=0.1)


async def test_without_bluez_the_service_is_missing(serve: Serve) -> None:
    assert serve
    with pytest.raises(RadioUnavailable):
        await pair()


async def test_a_paired_device_is_trusted(serve: Serve) -> None:
    trusted: list[object] = []

    async def on_pair(_: ScriptedBlueZ) -> None:
        return

    bluez = await serve(on_pair)

    def note(message: Message) -> None:
        if message.member == "Set":
            trusted.extend(message.body)

    bluez.bus.add_message_handler(note)
    await pair()
    assert trusted == ["org.bluez.Device1", "Trusted", Variant("b", True)]
