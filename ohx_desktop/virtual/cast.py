"""The devices of the bench, each with what it remembers and what it measures.

A role is a function that makes its device under the circumstances of a scenario. It returns an
actor: the device, and what the bench has it do, whatever kind it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.extension_encoding import GUEST
from ohx_desktop.virtual.extension_profiles import ExtensionKind, ExtensionProfile
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.ffe0 import Ffe0Scale
from ohx_desktop.virtual.ffe0_profiles import Ffe0Profile
from ohx_desktop.virtual.ffe0_records import Ffe0User
from ohx_desktop.virtual.glucose_meter import GlucoseMeter
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_extension import ExtensionDevice
from ohx_desktop.virtual.omron_models import HN_300T2, EepromProfile
from ohx_desktop.virtual.omron_scale import OmronEepromScale
from ohx_desktop.virtual.oximeter import Oximeter
from ohx_desktop.virtual.po60 import Po60
from ohx_desktop.virtual.profiles import CuffProfile, Pace
from ohx_desktop.virtual.room import VirtualDevice
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import ScaleProfile
from ohx_desktop.virtual.thermometer import Thermometer
from ohx_desktop.virtual.vital_encoding import Place
from ohx_desktop.virtual.vital_profiles import (
    GlucoseProfile,
    Make,
    OximeterProfile,
    ThermometerProfile,
)

PASSKEY = 314159
OMRON_KEY = bytes.fromhex("deadbeaf12341234deadbeaf12341234")
OTHER_HOSTS_KEY = b"UBPM-PairingKey!"
"""Keys that published programs use, so that nobody mistakes them for secrets."""

CONSENT_CODE = 3752
OTHER_CODE = 1204
FFE0_UID = bytes.fromhex("0000000000000065")
OTHER_UID = bytes.fromhex("0000000000000066")

_MEASUREMENT = (128, 82, 71)
_WEIGHT_KG = Decimal("79.95")
AGES = (timedelta(days=2, hours=3), timedelta(days=1, hours=2), timedelta(hours=9))
"""How old the readings of earlier days are, which must not be filed for the person who sits there
now; oldest first."""

_OLD_PRESSURES = ((141, 93, 80), (135, 88, 77), (133, 86, 74))
_OLD_WEIGHTS_KG = (Decimal("80.60"), Decimal("80.35"), Decimal("80.10"))
_TEMPERATURE = {False: "36.9", True: "98.4"}
_OLD_TEMPERATURES = {False: ("38.4", "37.9", "37.2"), True: ("101.1", "100.2", "99.0")}
"""By whether the thermometer counts in Fahrenheit."""
_OXIMETRY = (97, 72)
_OLD_OXIMETRIES = ((94, 88), (95, 84), (96, 79))
_GLUCOSE = {False: "105", True: "5.8"}
_OLD_GLUCOSES = {False: ("142", "131", "98"), True: ("7.9", "7.3", "5.4")}
"""By whether the meter counts in moles."""
_BEFORE_A_MEAL = 1
_QUICK_PACE_S = 0.8
"""The bench shortens the devices' own pause before they hang up, and a measurement."""
_PATIENCE_S = 20.0
"""How long who steps on a scale stands there while no program listens."""
_LOOKS_UP_S = 0.05


Values = Mapping[QuantityKind, Decimal]
"""What a device measured, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What scenarios vary for every device."""

    address: str
    has_backlog: bool
    clock_offset: timedelta
    clock_is_set: bool
    link_timeout_s: float
    faults: Faults
    is_memory_full: bool = False
    """Every slot of two users is taken."""

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

    `enter_pairing` is None for a device that can be paired whenever it is awake. `measures` is what
    `measure` measures, `remembers` what lies in the memory and for how long; empty where a role
    does not tell.
    """

    device: VirtualDevice
    model: str
    measure: Callable[[], Awaitable[object]]
    wake: Callable[[], None]
    enter_pairing: Callable[[], None] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    measures: Values = field(default_factory=dict)
    remembers: Sequence[tuple[Values, timedelta]] = ()


Role = Callable[[Circumstances], Actor]

User = TypeVar("User")


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
        backlog = _pressures(given, users=profile.users[:2], depth=profile.memory_per_user)
        for values, user, ago in backlog:
            device.remember(*values, ago=ago, user=user)
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(*_MEASUREMENT),
            wake=device.press_bluetooth_button,
            measures=_as_pressures(_MEASUREMENT),
            remembers=[(_as_pressures(values), ago) for values, _, ago in backlog],
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
        users = range(1, len(profile.users[:2]) + 1)
        backlog = _pressures(given, users=users, depth=profile.slots)
        for values, user, ago in backlog:
            device.remember(*values, ago=ago, user=user)
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(*_MEASUREMENT),
            wake=device.press_bluetooth_button,
            enter_pairing=device.hold_bluetooth_button,
            facts={} if key is None else {"key": key.hex()},
            measures=_as_pressures(_MEASUREMENT),
            remembers=[(_as_pressures(values), ago) for values, _, ago in backlog],
        )

    return make


def omron_scale() -> Role:
    """Cast a HN-300T2, whose memory is read."""

    def make(given: Circumstances) -> Actor:
        device = OmronEepromScale(
            address=given.address,
            clock=given.clock(HN_300T2.factory_time),
            pace=given.pace(HN_300T2.pace),
            faults=given.faults,
        )
        if given.has_backlog:
            for weight_kg, ago in zip(_OLD_WEIGHTS_KG, AGES, strict=True):
                device.remember_weight(weight_kg, ago=ago)
        return Actor(
            device=device,
            model=HN_300T2.model,
            measure=lambda: device.weigh(_WEIGHT_KG),
            wake=device.press_bluetooth_button,
            enter_pairing=device.hold_bluetooth_button,
        )

    return make


def omron_extension(profile: ExtensionProfile, *, has_user: bool = True) -> Role:
    """Cast a device with numbered records; a scale with a user for this computer, or the guest."""

    def make(given: Circumstances) -> Actor:
        device = ExtensionDevice(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
        )
        is_scale = profile.kind is ExtensionKind.SCALE
        user, facts = 1, {}
        if is_scale and has_user:
            user = device.users.register(CONSENT_CODE) or user
            facts = {"user": str(user), "consent_code": f"{CONSENT_CODE:04d}"}
        elif is_scale:
            user = GUEST
        olds: Sequence[tuple[int | Decimal, ...]] = _OLD_PRESSURES
        new: tuple[int | Decimal, ...] = _MEASUREMENT
        if is_scale:
            olds, new = [(weight_kg,) for weight_kg in _OLD_WEIGHTS_KG], (_WEIGHT_KG,)
        if given.has_backlog:
            for values, ago in zip(olds, AGES, strict=True):
                device.remember(*values, user=user, ago=ago)
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(*new, user=user),
            wake=device.press_button,
            facts=facts,
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
        backlog: Sequence[tuple[Decimal, int, timedelta]] = ()
        if has_user:
            device.users.active = device.users.register(CONSENT_CODE)
            facts = {"user": "1", "consent_code": f"{CONSENT_CODE:04d}"}
            users = [1]
            if given.is_memory_full and (other := device.users.register(OTHER_CODE)) is not None:
                users.append(other)
            backlog = _weights(given, users=users, depth=profile.memory_per_user)
            for weight_kg, user, ago in backlog:
                device.remember(weight_kg, user=user, ago=ago)

        async def measure() -> None:
            device.step_on()
            await _until_listened_to(device)
            await device.weigh(_WEIGHT_KG, has_bare_feet=has_bare_feet)

        return Actor(
            device=device,
            model=profile.model,
            measure=measure,
            wake=device.step_on,
            facts=facts,
            measures=_as_weight(_WEIGHT_KG),
            remembers=[(_as_weight(weight_kg), ago) for weight_kg, _, ago in backlog],
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
        users: list[bytes | None] = [FFE0_UID if has_user else None]
        if has_user:
            device.memory.add_user(Ffe0User(uid=FFE0_UID))
        if given.is_memory_full:
            users.append(OTHER_UID)
            device.memory.add_user(Ffe0User(uid=OTHER_UID, name=b"U  "))
        backlog = _weights(given, users=users, depth=profile.memory_per_user)
        for weight_kg, uid, ago in backlog:
            device.remember(weight_kg, uid=uid, ago=ago)
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
            measures=_as_weight(_WEIGHT_KG),
            remembers=[(_as_weight(weight_kg), ago) for weight_kg, _, ago in backlog],
        )

    return make


def thermometer(profile: ThermometerProfile, *, place: Place | None = None) -> Role:
    """Cast a thermometer; `place` is where it is held, None for a body."""

    def make(given: Circumstances) -> Actor:
        device = Thermometer(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
            passkey=PASSKEY,
        )
        if given.has_backlog:
            old = _OLD_TEMPERATURES[profile.in_fahrenheit]
            for temperature, ago in zip(old, AGES, strict=True):
                device.remember(temperature, ago=ago)
        now = _TEMPERATURE[profile.in_fahrenheit]
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(now, place=place),
            wake=device.press_button,
        )

    return make


def oximeter(profile: OximeterProfile) -> Role:
    """Cast an oximeter of the standard."""

    def make(given: Circumstances) -> Actor:
        device = Oximeter(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
        )
        if given.has_backlog:
            for values, ago in zip(_OLD_OXIMETRIES, AGES, strict=True):
                device.remember(*values, ago=ago)

        async def measure() -> None:
            device.press_button()
            if not profile.has_store:
                await _until_listened_to(device)
            await device.measure(*_OXIMETRY)

        return Actor(
            device=device,
            model=profile.model,
            measure=measure,
            wake=device.press_button,
        )

    return make


def po60(make_of: Make, *, backlog: int = len(AGES)) -> Role:
    """Cast a PO60 with so many old records."""

    def make(given: Circumstances) -> Actor:
        # A second without a word ends its link, however patient the scene is.
        pace = replace(given.pace(make_of.pace), link_timeout_s=make_of.pace.link_timeout_s)
        device = Po60(
            make_of,
            address=given.address,
            clock=given.clock(make_of.factory_time),
            pace=pace,
            faults=given.faults,
        )
        if given.has_backlog:
            for count in range(backlog, 0, -1):
                device.remember(*_OLD_OXIMETRIES[-1], ago=AGES[-1] * count)
        return Actor(
            device=device,
            model=make_of.model,
            measure=lambda: device.measure(*_OXIMETRY),
            wake=device.press_button,
        )

    return make


def glucose_meter(profile: GlucoseProfile) -> Role:
    """Cast a glucose meter."""
    passkey = PASSKEY if profile.fixed_passkey is None else profile.fixed_passkey

    def make(given: Circumstances) -> Actor:
        device = GlucoseMeter(
            profile,
            address=given.address,
            clock=given.clock(profile.factory_time),
            pace=given.pace(profile.pace),
            faults=given.faults,
            passkey=passkey,
        )
        if given.has_backlog:
            old = _OLD_GLUCOSES[profile.in_moles]
            for value, ago in zip(old, AGES, strict=True):
                device.remember(value, ago=ago)
        now = _GLUCOSE[profile.in_moles]
        return Actor(
            device=device,
            model=profile.model,
            measure=lambda: device.measure(now, meal=_BEFORE_A_MEAL),
            wake=device.press_button,
            facts={"passkey": f"{passkey:06d}"},
        )

    return make


def _pressures(
    given: Circumstances, *, users: Sequence[int], depth: int
) -> list[tuple[tuple[int, int, int], int, timedelta]]:
    """Return what a cuff remembers, oldest first: pressures and pulse, whose, and how old.

    No two are alike in a memory that is full.
    """
    few = [(values, users[0], ago) for values, ago in zip(_OLD_PRESSURES, AGES, strict=True)]
    if not given.is_memory_full:
        return few if given.has_backlog else []
    many = [
        (
            (100 + number % 60, 60 + number // 60, 52 + place),
            user,
            AGES[0] + timedelta(hours=number),
        )
        for place, user in enumerate(users)
        for number in range(depth, 0, -1)
    ]
    return [*many, *few]


def _weights(
    given: Circumstances, *, users: Sequence[User], depth: int
) -> list[tuple[Decimal, User, timedelta]]:
    """Return what a scale remembers, oldest first: kilograms, whose, and how old."""
    few = [(kg, users[0], ago) for kg, ago in zip(_OLD_WEIGHTS_KG, AGES, strict=True)]
    if not given.is_memory_full:
        return few if given.has_backlog else []
    many = [
        (
            Decimal(60 + 10 * place) + number * Decimal("0.2"),
            user,
            AGES[0] + timedelta(hours=number),
        )
        for place, user in enumerate(users)
        for number in range(depth, 0, -1)
    ]
    return [*many, *few]


def _as_pressures(values: tuple[int, int, int]) -> Values:
    kinds = (
        QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
        QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
        QuantityKind.PULSE_RATE,
    )
    return dict(zip(kinds, map(Decimal, values), strict=True))


def _as_weight(weight_kg: Decimal) -> Values:
    return {QuantityKind.BODY_WEIGHT: weight_kg}


async def _until_listened_to(device: Scale | Ffe0Scale | Oximeter) -> None:
    """Wait with the measurement until a program is ready for the result, or patience ends."""
    for _ in range(int(_PATIENCE_S / _LOOKS_UP_S)):
        if device.is_listened_to:
            return
        await asyncio.sleep(_LOOKS_UP_S)
