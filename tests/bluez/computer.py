"""The computer: bluetoothd as Debian ships it, and what an outsider asks and tells it by D-Bus."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from air import Air
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

BLUETOOTHD_LOG = Path("/out/bluetoothd.log")
ADAPTER = "/org/bluez/hci0"
_BLUEZ = "org.bluez"
_DEADLINE_S = 30.0


class Computer:
    """A bluetoothd on the machine's system bus, with the adapter `air` belongs to."""

    def __init__(self, air: Air, bus: MessageBus) -> None:
        self.air = air
        self._bus = bus
        self._daemon: asyncio.subprocess.Process | None = None

    # ── the daemon ───────────────────────────────────────────────────────────────────────────

    async def start_bluetoothd(self) -> None:
        """Start bluetoothd; return when its adapter is switched on."""
        program = Path(os.environ["OHX_BLUEZ_VM"]) / "usr/libexec/bluetooth/bluetoothd"
        with BLUETOOTHD_LOG.open("ab") as log:  # noqa: ASYNC230 - a file of the test's own, once
            self._daemon = await asyncio.create_subprocess_exec(
                program, "--nodetach", "--debug", stdout=log, stderr=log
            )
        async with asyncio.timeout(_DEADLINE_S):
            while await self.adapter("Powered") is None:
                await asyncio.sleep(0.05)
        await self.switch_adapter(is_on=True)

    async def kill_bluetoothd(self) -> None:
        """Kill it as a crash does: without a word."""
        if self._daemon is not None:
            self._daemon.kill()
            await self._daemon.wait()
            self._daemon = None

    async def switch_adapter(self, *, is_on: bool) -> None:
        """Switch Bluetooth on or off, as a person does in the desktop's settings."""
        await self._call(
            ADAPTER,
            "org.freedesktop.DBus.Properties",
            "Set",
            "ssv",
            "org.bluez.Adapter1",
            "Powered",
            Variant("b", is_on),
        )
        await self._until_powered(is_on=is_on)

    async def until_scanning(self) -> None:
        """Return once a program scans."""
        async with asyncio.timeout(_DEADLINE_S):
            while await self.adapter("Discovering") is not True:
                await asyncio.sleep(0.05)

    async def _until_powered(self, *, is_on: bool) -> None:
        async with asyncio.timeout(_DEADLINE_S):
            while await self.adapter("Powered") is not is_on:
                await asyncio.sleep(0.05)

    # ── what it knows ────────────────────────────────────────────────────────────────────────

    async def adapter(self, name: str) -> Any:
        """Return a property of the adapter, None without adapter or daemon."""
        return (await self._objects()).get(ADAPTER, {}).get("org.bluez.Adapter1", {}).get(name)

    async def device(self, address: str, name: str) -> Any:
        """Return a property of a device, None where it is not known."""
        path = f"{ADAPTER}/dev_{address.replace(':', '_')}"
        return (await self._objects()).get(path, {}).get("org.bluez.Device1", {}).get(name)

    async def forget_devices(self) -> None:
        """Remove every device and bond."""
        for path, interfaces in (await self._objects()).items():
            if "org.bluez.Device1" in interfaces:
                await self._call(ADAPTER, "org.bluez.Adapter1", "RemoveDevice", "o", path)

    async def programs_on_bus(self) -> set[str]:
        """Return the unique names of all connections to the bus."""
        reply = await self._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="ListNames",
            )
        )
        return {name for name in reply.body[0] if name.startswith(":")}

    async def _objects(self) -> dict[str, dict[str, dict[str, Any]]]:
        reply = await self._call(
            "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", may_fail=True
        )
        if reply.message_type is MessageType.ERROR:
            return {}
        return {
            path: {
                interface: {name: variant.value for name, variant in properties.items()}
                for interface, properties in interfaces.items()
            }
            for path, interfaces in reply.body[0].items()
        }

    async def _call(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        *body: Any,
        may_fail: bool = False,
    ) -> Message:
        async with asyncio.timeout(_DEADLINE_S):
            reply = await self._bus.call(
                Message(
                    destination=_BLUEZ,
                    path=path,
                    interface=interface,
                    member=member,
                    signature=signature,
                    body=list(body),
                )
            )
        assert may_fail or reply.message_type is MessageType.METHOD_RETURN, reply.body
        return reply


@asynccontextmanager
async def computer_with(air: Air) -> AsyncIterator[Computer]:
    """Run a computer while the block lasts."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    computer = Computer(air, bus)
    try:
        await computer.start_bluetoothd()
        yield computer
    finally:
        await computer.kill_bluetoothd()
        bus.disconnect()
