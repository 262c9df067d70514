"""A room with virtual devices and one computer: what its Bluetooth adapter is and can hear.

Both ways to meet virtual devices share it, so a scenario is written once. No globals: whoever
makes a room passes it on.
"""

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Protocol

from ohx_desktop.virtual.pairing import NoAgent, PairingAgent
from ohx_desktop.virtual.peripheral import Peripheral


class Adapter(Enum):
    """The Bluetooth adapter of the computer."""

    ON = auto()
    OFF = auto()
    MISSING = auto()


class VirtualDevice(Protocol):
    """Something with a radio in it that can be switched off."""

    @property
    def peripheral(self) -> Peripheral:
        """Its radio."""
        ...

    async def close(self) -> None:
        """Switch it off."""
        ...


class VirtualRoom:
    """Devices in range, the adapter, and the bonds this computer keeps.

    `agent` is the person who answers pairing questions where the operating system would ask
    them; the emulated BlueZ asks the agents registered on its bus instead.
    """

    def __init__(self, *, agent: PairingAgent | None = None) -> None:
        self.agent: PairingAgent = agent or NoAgent()
        self.bonds: set[str] = set()
        self._adapter = Adapter.ON
        self._devices: dict[str, VirtualDevice] = {}
        self._undo_watches: dict[str, Callable[[], None]] = {}
        self._listeners: list[Callable[[Peripheral], None]] = []
        self._adapter_listeners: list[Callable[[], None]] = []

    # ── devices ──────────────────────────────────────────────────────────────────────────────

    @property
    def devices(self) -> Iterable[Peripheral]:
        """The radio of every device in the room, on the air or not."""
        return tuple(device.peripheral for device in self._devices.values())

    def device(self, address: str) -> Peripheral | None:
        """Return the radio with this address, upper or lower case."""
        found = self._devices.get(address.upper())
        return None if found is None else found.peripheral

    def add(self, device: VirtualDevice) -> None:
        """Carry a device into the room; the room switches it off in the end."""
        radio = device.peripheral
        address = radio.address.upper()
        if address in self._devices:
            raise ValueError("two devices cannot share an address")
        radio.is_in_range = True
        self._devices[address] = device
        self._undo_watches[address] = radio.watch(self._heard)
        self._heard(radio)

    def remove(self, device: VirtualDevice) -> None:
        """Carry a device out of range; its link breaks, and it is its owner's from now on."""
        radio = device.peripheral
        address = radio.address.upper()
        self._undo_watches.pop(address)()
        del self._devices[address]
        radio.is_in_range = False
        if radio.connection is not None:
            radio.connection.close()
        self._heard(radio)

    def listen(self, callback: Callable[[Peripheral], None]) -> Callable[[], None]:
        """Call `callback` whenever a device is heard or falls silent; returns the undoing."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def _heard(self, device: Peripheral) -> None:
        for listener in tuple(self._listeners):
            listener(device)

    # ── the computer ─────────────────────────────────────────────────────────────────────────

    @property
    def adapter(self) -> Adapter:
        """The state of the adapter; switching it off breaks every link."""
        return self._adapter

    @adapter.setter
    def adapter(self, state: Adapter) -> None:
        self._adapter = state
        if state is not Adapter.ON:
            for device in self.devices:
                if device.connection is not None:
                    device.connection.close()
        for listener in tuple(self._adapter_listeners):
            listener()

    def watch_adapter(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when the adapter changes; returns the undoing."""
        self._adapter_listeners.append(callback)
        return lambda: self._adapter_listeners.remove(callback)

    def bond(self, device: VirtualDevice) -> None:
        """Let this computer and the device know each other, as after an earlier pairing."""
        self.bonds.add(device.peripheral.address.upper())
        device.peripheral.has_bond = True

    def is_bonded(self, address: str) -> bool:
        """Whether this computer holds a bond with the device."""
        return address.upper() in self.bonds

    async def close(self) -> None:
        """Switch every device off."""
        for device in tuple(self._devices.values()):
            self.remove(device)
            await device.close()
