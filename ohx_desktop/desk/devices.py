"""The devices of a workstation: find, register, list, forget. Window and command line share it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.ble.bond_trouble import is_in_pairing_mode
from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.ble.device_secrets import DeviceSecrets
from ohx_desktop.ble.events import CaptureEvent
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.listening import Listener, strength
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.registry import recognise
from ohx_desktop.ble.unread import unread
from ohx_desktop.desk.enrolling_states import FoundDevice
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import DeviceSilent

# Connecting, a number that a person types, a key and one whole session: twice what that takes.
ENROL_S = 180.0

RemoveBond = Callable[[str], Awaitable[bool]]
"""Has the system forget its bond with an address; tells whether none is left."""


class BondLeft(StrEnum):
    """What became of the system's own bond when a device was forgotten."""

    REMOVED = "removed"
    BY_HAND = "by-hand"
    """The system keeps it until a person removes the device in its settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A device that is no longer registered, and what became of its bond."""

    device: EnrolledDevice
    bond: BondLeft


async def _nothing(_: object) -> None:
    """Note nothing."""


class Devices:
    """What can be done with the devices of one profile.

    `listener` is this computer's one ear: readings come by it, too. `secrets` keeps keys.
    `on_registered` and `on_forgotten` note what else is kept of a device. Methods that change the
    registry return once it is on disk.
    """

    def __init__(
        self,
        listener: Listener,
        registry: DeviceRegistry,
        secrets: DeviceSecrets,
        remove_bond: RemoveBond,
        *,
        on_registered: Callable[[EnrolledDevice], Awaitable[None]] = _nothing,
        on_forgotten: Callable[[str], Awaitable[None]] = _nothing,
        now: Now = system_now,
    ) -> None:
        self.listener = listener
        self._registry = registry
        self._secrets = secrets
        self._remove_bond = remove_bond
        self._on_registered = on_registered
        self._on_forgotten = on_forgotten
        self._now = now

    @property
    def registered(self) -> tuple[EnrolledDevice, ...]:
        """All registered devices, oldest first."""
        return self._registry.devices

    async def search(self) -> AsyncGenerator[tuple[FoundDevice, ...]]:
        """Yield the devices heard so far, the nearest first, at each piece of news, until closed.

        Devices of known makers that are not read are among them, with the reason. Raises
        RadioUnavailable.
        """
        heard: dict[str, Advertisement] = {}
        shown: tuple[FoundDevice, ...] = ()
        async with aclosing(self.listener.hear()) as advertisements:
            async for advertisement in advertisements:
                heard[advertisement.address] = advertisement
                nearest = sorted(heard.values(), key=strength, reverse=True)
                found = tuple(one for each in nearest if (one := self._found(each)) is not None)
                if found != shown:
                    shown = found
                    yield found

    async def enrol(
        self,
        address: str,
        *,
        deadline_s: float,
        on_found: Callable[[Recognised], None] = lambda _: None,
        on_event: Callable[[CaptureEvent], None] = lambda _: None,
    ) -> EnrolledDevice:
        """Pair a device a person has chosen, ask who it is, and register it.

        It must be heard within `deadline_s`; `on_found` and `on_event` hear how it goes on. One
        that is registered and asks to be paired anew gets a fresh bond: the old one would stand in
        its way. Raises DeviceNotFound, the DeviceError and KeystoreError families, Unsupported,
        StoreEnvironment.
        """
        try:
            async with asyncio.timeout(deadline_s + ENROL_S):
                if self._registry.has_address(address):
                    await self._renew_bond(address, deadline_s)
                identity, driver = await self.listener.identify(
                    address, deadline_s=deadline_s, on_found=on_found, on_event=on_event
                )
        except TimeoutError as error:
            raise DeviceSilent("the device was not registered in time") from error
        device = EnrolledDevice(identity=identity, driver=driver, enrolled_at=self._now())
        await asyncio.to_thread(self._registry.add, device)
        await self._on_registered(device)
        return device

    async def forget(self, address: str) -> Forgotten:
        """Remove a device from the registry, its key from the store, its bond from the system.

        The registry comes last, so that whatever fails can be tried again. Raises DeviceNotFound,
        KeyringLocked, StoreEnvironment.
        """
        self._registry.require(address)
        await self._secrets.forget(address)
        is_gone = await self._remove_bond(address)
        device = await asyncio.to_thread(self._registry.remove, address)
        await self._on_forgotten(address)
        return Forgotten(device=device, bond=BondLeft.REMOVED if is_gone else BondLeft.BY_HAND)

    async def _renew_bond(self, address: str, deadline_s: float) -> None:
        with suppress(TimeoutError):  # not heard: what follows says so
            async with asyncio.timeout(deadline_s), aclosing(self.listener.hear()) as heard:
                async for advertisement in heard:
                    if advertisement.address == address:
                        if is_in_pairing_mode(advertisement):
                            await self._remove_bond(address)
                        return

    def _found(self, advertisement: Advertisement) -> FoundDevice | None:
        recognised = recognise(advertisement)
        known = unread(advertisement) if recognised is None else recognised
        if known is None:
            return None
        return FoundDevice(
            address=advertisement.address,
            name=advertisement.name,
            manufacturer=known.manufacturer,
            model=known.model,
            rssi=advertisement.rssi,
            recognised=recognised,
            why_unread=None if isinstance(known, Recognised) else known.why,
            is_registered=self._registry.has_address(advertisement.address),
            has_registered_twin=recognised is not None
            and self._has_twin(recognised, advertisement),
        )

    def _has_twin(self, recognised: Recognised, advertisement: Advertisement) -> bool:
        """Tell whether another device of this model is registered."""
        return recognised.model is not None and any(
            device.identity.model == recognised.model
            and device.identity.address != advertisement.address
            for device in self._registry.devices
        )
