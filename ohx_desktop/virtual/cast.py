"""The devices of the bench, each with what it remembers and what it measures.

A role is a function that makes its device under the circumstances of a scenario. It returns an
actor: the device, and what the bench has it do, whatever kind it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.ffe0 import Ffe0Scale
from ohx_desktop.virtual.ffe0_profiles import Ffe0Profile
from ohx_desktop.virtual.ffe0_records import Ffe0User
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_models import EepromProfile
from ohx_desktop.virtual.profiles import CuffProfile, Pace
from ohx_desktop.virtual.room import VirtualDevice
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import ScaleProfile

PASSKEY = 314159
OMRON_KEY = bytes.fromhex("deadbeaf12341234deadbeaf12341234")
OTHER_HOSTS_KEY = b"UBPM-PairingKey!"
"""Keys that published programs use, so that nobody mistakes them for secrets."""

CONSENT_CODE = 3752
FFE0_UID = bytes.fromhex("0000000000000065")

_MEASUREMENT = (128, 82, 71)
_WEIGHT_KG = Decimal("79.95")
AGES = (timedelta(days=2, hours=3), timedelta(days=1, hours=2), timedelta(hours=9))
"""How old the readings of earlier days are, which must not be filed for the person who sits there
now; oldest first."""

_OLD_PRESSURES = ((141, 93, 80), (135, 88, 77), (133, 86, 74))
_OLD_WEIGHTS_KG = (Decimal("80.60"), Decimal("80.35"), Decimal("80.10"))
_QUICK_PACE_S = 0.8
"""The bench shortens the devices' own pause before they hang up, and a measurement."""
_PATIENCE_S = 20.0
"""How long who steps on a scale stands there while no program listens."""
_LOOKS_UP_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What scenarios vary for every device."""

    address: str
    has_backlog: bool
    clock_offset: timedelta
    clock_is_set: bool
    link_timeout_s: float
    faults: Faults

    def clock(self, factory_time: datetime) -> CuffClock:
        """Return the device's clock."""
        return CuffClock(
            offset=self.clock_offset, started_at=None if self.clock_is_set else factory_time
        )

    def pace(self, pace: Pace) -> Pace:
        """Return the device's pace, quickened."""
        return replace(
            pace,
            quiet_s=min(pace.quiet_s, _QUICK_PACE_S),
            link_timeout_s=self.link_timeout_s,
            measuring_s=min(pace.measuring_s, _QUICK_PACE_S),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A device and what a person does with it. `facts` are what a program may have to know.

    `enter_pairing` is None for a device that can be paired whenever it is awake.
    """

    device: VirtualDevice
    model: str
    measure: Callable[[], Awaitable[object]]
    wake: Callable[[], None]
    enter_pairing: Callable[[], None] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


Role = Callable[[Circumstances], Actor]


def cuff(profile: CuffProfile) -> Role:
    """Cast a cuff that sends its records by itself."""

    def make(given: Circumstances) -> Actor:
        device = Cuff(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
            passkey=PASSKEY,
        )
        if given.has_backlog:
            for values, ago in zip(_OLD_PRESSURES, AGES, strict=True):
                device.remember(*values, ago=ago)
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(*_MEASUREMENT),
            wake=device.press_bluetooth_button,
        )

    return make


def omron_eeprom(profile: EepromProfile, *, key: bytes | None = OMRON_KEY) -> Role:
    """Cast a cuff whose memory is read; `key` is what a host has programmed into it."""

    def make(given: Circumstances) -> Actor:
        device = OmronEepromCuff(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
            key=key,
        )
        if given.has_backlog:
            for values, ago in zip(_OLD_PRESSURES, AGES, strict=True):
                device.remember(*values, ago=ago)
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(*_MEASUREMENT),
            wake=device.press_bluetooth_button,
            enter_pairing=device.hold_bluetooth_button,
            facts={} if key is None else {"key": key.hex()},
        )

    return make


def scale(profile: ScaleProfile, *, has_user: bool = True, has_bare_feet: bool = True) -> Role:
    """Cast a scale that sends what its users consent to, with one user or none."""
    quick = replace(profile, data_after_consent_s=min(profile.data_after_consent_s, _QUICK_PACE_S))

    def make(given: Circumstances) -> Actor:
        device = Scale(
            quick,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
            passkey=PASSKEY,
        )
        facts = {}
        if has_user:
            device.users.active = device.users.register(CONSENT_CODE)
            facts = {"user": "1", "consent_code": f"{CONSENT_CODE:04d}"}
            if given.has_backlog:
                for weight_kg, ago in zip(_OLD_WEIGHTS_KG, AGES, strict=True):
                    device.remember(weight_kg, user=1, ago=ago)

        async def measure() -> None:
            device.step_on()
            await _until_listened_to(device)
            await device.weigh(_WEIGHT_KG, has_bare_feet=has_bare_feet)

        return Actor(
            device=device, model=profile.model, measure=measure, wake=device.step_on, facts=facts
        )

    return make


def ffe0_scale(profile: Ffe0Profile, *, has_user: bool = True, is_dozing: bool = False) -> Role:
    """Cast a scale of the FFE0 family, with one person it knows or none."""

    def make(given: Circumstances) -> Actor:
        device = Ffe0Scale(
            profile,
            address=given.address,
            clock_offset=given.clock_offset,
            clock_is_set=given.clock_is_set,
            pace=given.pace(profile.pace),
            faults=given.faults,
        )
        if has_user:
            device.memory.add_user(Ffe0User(uid=FFE0_UID))
        if given.has_backlog:
            for weight_kg, ago in zip(_OLD_WEIGHTS_KG, AGES, strict=True):
                device.remember(weight_kg, uid=FFE0_UID if has_user else None, ago=ago)
        if is_dozing:
            device.leave_alone()

        async def measure() -> None:
            device.step_on()
            await _until_listened_to(device)
            await device.weigh(_WEIGHT_KG)

        return Actor(
            device=device,
            model=profile.model,
            measure=measure,
            wake=device.press_button,
            facts={"uid": FFE0_UID.hex()} if has_user else {},
        )

    return make


async def _until_listened_to(device: Scale | Ffe0Scale) -> None:
    """Stand on the scale until a program is ready for the result, or patience ends."""
    for _ in range(int(_PATIENCE_S / _LOOKS_UP_S)):
        if device.is_listened_to:
            return
        await asyncio.sleep(_LOOKS_UP_S)
