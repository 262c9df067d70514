"""Which devices a workstation listens to: the registered ones, and none of a stranger's.

Where nothing is registered yet, any supported device may answer; its readings then count as of an
unregistered device, and a person compares them with the display.
"""

from collections.abc import AsyncGenerator
from datetime import datetime

from ohx_desktop.ble.device_registry import DeviceRegistry
from ohx_desktop.ble.events import CaptureEvent
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.listening import Listener
from ohx_desktop.desk.tray import TrayService
from ohx_desktop.domain.device import DeviceIdentity


class RegisteredCapture:
    """Hears the devices that this workstation may use; what they send is in the tray at once."""

    def __init__(self, listener: Listener, registry: DeviceRegistry, tray: TrayService) -> None:
        self._listener = listener
        self._registry = registry
        self._tray = tray

    def events(self, *, session_began: datetime, patient: str) -> AsyncGenerator[CaptureEvent]:
        """Listen until closed, with this patient in view; a lost radio is told and waited for."""
        return self._listener.listen(
            session_began=session_began,
            waits_for_radio=True,
            wanted=lambda advertisement, _recognised: self._may_answer(advertisement),
            keeper=self._tray.keeper(patient=patient),
        )

    def is_registered(self, device: DeviceIdentity | None) -> bool:
        """Tell whether this very device is registered with the workstation."""
        return device is not None and self._registry.knows(device)

    def _may_answer(self, advertisement: Advertisement) -> bool:
        return not self._registry.devices or self._registry.has_address(advertisement.address)
