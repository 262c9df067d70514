"""What the demo runs on: a throw-away profile, a sandbox EHR, a room with registered cuffs.

Nothing of it touches the clinic's settings, queue or keyring, and nothing stays when it ends.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.keystore import EphemeralKey
from ohx_desktop.settings.model import EhrSettings, Settings, StationSettings
from ohx_desktop.settings.profile import Profile
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.ehr.sandbox import SandboxHandle, sandbox_ehr_in_thread
from ohx_desktop.virtual.ehr.seed import MRN_SYSTEM, PRACTITIONER
from ohx_desktop.virtual.profiles import OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

_CUFF_ADDRESS = "A4:C1:38:0B:11:2E"
# Somebody else's measurements of this morning: they must never be offered.
_IN_THE_MEMORY = ((151, 95, 88, 190), (117, 74, 64, 95), (139, 88, 79, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRig:
    """The demo's outside world."""

    profile: Profile
    settings: Settings
    ehr: SandboxHandle
    room: VirtualRoom
    cuff: Cuff

    @property
    def older_records(self) -> int:
        """How many records lay in the cuff's memory before anybody measured."""
        return len(_IN_THE_MEMORY)

    def open_services(
        self, on_queue_change: Callable[[], None]
    ) -> AbstractAsyncContextManager[Workstation]:
        """Open the services of the workstation on this rig."""
        backend = virtual_backend(self.room)
        return open_workstation(
            self.profile,
            settings=self.settings,
            radio=BleakRadio(scanner_backend=backend.scanner, client_backend=backend.client),
            key_source=EphemeralKey(),
            device_secrets=VolatileSecrets(),
            on_queue_change=on_queue_change,
        )


@asynccontextmanager
async def demo_rig() -> AsyncGenerator[DemoRig]:
    """Build the rig while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ohx-demo-") as folder:
        sandbox = sandbox_ehr_in_thread()
        # Its start waits for another thread, which must not hold this loop up.
        handle = await asyncio.to_thread(sandbox.__enter__)
        cuff = Cuff(OMRON_HEM_7155T, address=_CUFF_ADDRESS)
        try:
            profile = Profile.at(Path(folder))
            profile.create()
            _register(cuff, profile)
            cuff.clock.set(system_now().replace(tzinfo=None))
            for systolic, diastolic, pulse, minutes in _IN_THE_MEMORY:
                cuff.remember(systolic, diastolic, pulse, ago=timedelta(minutes=minutes))
            room = VirtualRoom()
            room.add(cuff)
            yield DemoRig(
                profile=profile,
                settings=_settings(handle.base_url),
                ehr=handle,
                room=room,
                cuff=cuff,
            )
        finally:
            await cuff.close()
            await asyncio.to_thread(sandbox.__exit__, None, None, None)


def _register(cuff: Cuff, profile: Profile) -> None:
    identity = DeviceIdentity(
        manufacturer=cuff.profile.manufacturer, model=cuff.profile.model, address=_CUFF_ADDRESS
    )
    DeviceRegistry(profile.devices_file).add(
        EnrolledDevice(identity=identity, driver="blood-pressure", enrolled_at=system_now())
    )


def _settings(base_url: str) -> Settings:
    return Settings(
        ehr=EhrSettings(base_url=base_url, patient_identifier_system=MRN_SYSTEM),
        station=StationSettings(
            name="Demo station",
            practitioner=f"Practitioner/{PRACTITIONER}",
            practitioner_name="G. Adeyemi (demo)",
        ),
    )
