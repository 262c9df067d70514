"""A host for any virtual device: an unmodified bleak that collects what it is sent."""

import asyncio
from collections import defaultdict
from typing import Any, Self

from bleak import BleakClient, BleakScanner
from meeting import Meeting, until

from ohx_desktop.virtual.room import VirtualDevice


class Host:
    """A BleakClient for one device; `heard` are the values by characteristic UUID."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.heard: defaultdict[str, list[bytes]] = defaultdict(list)
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.client.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def subscribe(self, *uuids: str) -> None:
        """Subscribe to each in order."""
        for uuid in uuids:
            await self.client.start_notify(uuid, self._collector(uuid))

    async def write(self, uuid: str, value: bytes | str) -> None:
        """Write bytes, or their hexadecimal digits, with response."""
        raw = bytes.fromhex(value) if isinstance(value, str) else value
        await self.client.write_gatt_char(uuid, raw, response=True)

    async def read(self, uuid: str) -> bytes:
        """Read a value."""
        return bytes(await self.client.read_gatt_char(uuid))

    async def next_value(self, uuid: str) -> bytes:
        """Take the oldest value that came by this characteristic, or wait for one."""
        await until(lambda: bool(self.heard[uuid]))
        return self.heard[uuid].pop(0)

    async def ask(self, uuid: str, value: bytes | str) -> bytes:
        """Write, and return the value that comes back by the same characteristic."""
        await self.write(uuid, value)
        return await self.next_value(uuid)

    async def wait_ended(self) -> None:
        """Return when the device has hung up."""
        async with asyncio.timeout(5.0):
            await self.ended.wait()

    def _collector(self, uuid: str) -> Any:
        return lambda _, value: self.heard[uuid].append(bytes(value))


def carry_in(meeting: Meeting, device: VirtualDevice, *, is_bonded: bool = False) -> None:
    """Put a device into the room, known to this computer or not."""
    meeting.room.add(device)
    if is_bonded:
        meeting.room.bond(device)


async def host_for(meeting: Meeting, device: VirtualDevice) -> Host:
    """Scan for the device; returns a host that is not connected yet."""
    found = await BleakScanner.find_device_by_address(
        device.peripheral.address, timeout=2.0, **meeting.scanner_options
    )
    assert found is not None
    host: Host
    client = BleakClient(
        found, disconnected_callback=lambda _: host.ended.set(), **meeting.client_options
    )
    host = Host(client)
    return host


async def is_quiet(host: Host, uuid: str, *, for_s: float = 0.15) -> bool:
    """Whether nothing comes by this characteristic for a while."""
    try:
        async with asyncio.timeout(for_s):
            while not host.heard[uuid]:
                await asyncio.sleep(0.005)
    except TimeoutError:
        return True
    return False
