"""Which devices a workstation listens to: the registered ones, and none of a stranger's.

Where nothing is registered yet, any supported device may answer; its readings then count as of an
unregistered device, and a person compares them with the display.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from uuid import UUID

from ohx_desktop.ble.bond_trouble import explain_reading
from ohx_desktop.ble.device_registry import DeviceRegistry
from ohx_desktop.ble.events import CaptureEvent, ReadingReceived, RecordRefused, SessionFailed
from ohx_desktop.ble.keeping import HeardRecord, Keeper
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.listening import Listener
from ohx_desktop.desk.tray import TrayService
from ohx_desktop.domain.device import DeviceIdentity, DeviceKind
from ohx_desktop.domain.errors import AnotherDevice


class RegisteredCapture:
    """Hears the devices that this workstation may use; what they send is in the tray at once."""

    def __init__(self, listener: Listener, registry: DeviceRegistry, tray: TrayService) -> None:
        self._listener = listener
        self._registry = registry
        self._tray = tray

    def events(self, *, session_began: datetime, patient: str) -> AsyncGenerator[CaptureEvent]:
        """Listen until closed, with this patient in view; a lost radio is told and waited for.

        A device that answers for a registered one and says that it is another gives no reading,
        and nothing of it is kept.
        """
        heard = self._listener.listen(
            session_began=session_began,
            waits_for_radio=True,
            wanted=lambda advertisement, _recognised: self._may_answer(advertisement),
            keeper=_OfRegistered(self._tray.keeper(patient=patient), self._is_ours),
        )
        return self._of_registered(heard)

    def is_registered(self, device: DeviceIdentity | None) -> bool:
        """Tell whether this very device is registered with the workstation."""
        return device is not None and self._registry.knows(device)

    def kind_of(self, address: str | None) -> DeviceKind | None:
        """Return the kind of a device, or of any that may answer; None where it is not known."""
        return self._registry.kind_of(address)

    def _is_ours(self, device: DeviceIdentity | None) -> bool:
        """Tell whether readings of this device are taken: of any, until one is registered."""
        return not self._registry.devices or self.is_registered(device)

    async def _of_registered(
        self, events: AsyncGenerator[CaptureEvent]
    ) -> AsyncGenerator[CaptureEvent]:
        async with aclosing(events):
            async for event in events:
                yield self._judged(event) if self._registry.devices else event

    def _judged(self, event: CaptureEvent) -> CaptureEvent:
        match event:
            case ReadingReceived(reading=reading) if not self._is_ours(reading.device):
                error = AnotherDevice("the device is not the one that is registered here")
                return RecordRefused(error=error, stored=reading.stored)
            case SessionFailed(error=error):
                return SessionFailed(error=explain_reading(error))
        return event

    def _may_answer(self, advertisement: Advertisement) -> bool:
        return not self._registry.devices or self._registry.has_address(advertisement.address)


class _OfRegistered:
    """A keeper that takes nothing of a device whose readings are not taken."""

    def __init__(self, keeper: Keeper, is_ours: Callable[[DeviceIdentity | None], bool]) -> None:
        self._keeper = keeper
        self._is_ours = is_ours

    async def keep(self, records: Sequence[HeardRecord]) -> frozenset[UUID]:
        """Return once all of ours are durable, with the ids of readings met before."""
        ours = [record for record in records if self._is_ours(record.device)]
        return await self._keeper.keep(ours) if ours else frozenset()
