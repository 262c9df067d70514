"""From the other families on the air to Readings: the program's own Listener on virtual devices.

Each is enrolled as a person would do it, and then gives exactly the new reading.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hosts import carry_in
from meeting import ADDRESS, PASSKEY, Meeting, Person, until

from ohx_desktop.ble import registry
from ohx_desktop.ble.beurer import scale as scale_session
from ohx_desktop.ble.device_secrets import DeviceSecrets, VolatileSecrets
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.link import AskPasskey
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.omron import extension_session
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import (
    BondedElsewhere,
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceSilent,
    MeasurementFailed,
    PairingRefused,
    Truncated,
    Unsupported,
)
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.cast import OMRON_KEY
from ohx_desktop.virtual.extension_profiles import ExtensionProfile
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_extension import ExtensionDevice
from ohx_desktop.virtual.omron_models import (
    HEM_6232T,
    HEM_7142T2,
    HEM_7322T,
    HEM_7380T1,
    EepromProfile,
)
from ohx_desktop.virtual.profiles import BEURER_BM85, BRISK
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import BF720, SBF73, ScaleProfile
from ohx_desktop.virtual.scenarios import SCENARIOS

KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
CODE = 3752
NEW = ("128", "82", "71")
YESTERDAY = ("141", "93", "80")
THIS_MORNING = ("133", "86", "74")
WEIGHED = ("79.95",)
OXIMETRY = ("72", "97")
PACE = replace(BRISK, link_timeout_s=20.0)
CALLED_AGO = timedelta(seconds=30)


def listener(
    meeting: Meeting, secrets: DeviceSecrets, *, ask_passkey: AskPasskey | None = None
) -> Listener:
    radio = BleakRadio(
        meeting.scanner_options.get("backend"),
        meeting.client_options.get("backend"),
        ask_passkey=ask_passkey,
    )
    return Listener(radio, secrets=secrets)


def listen(ear: Listener) -> AsyncGenerator[CaptureEvent]:
    return ear.listen(session_began=system_now() - CALLED_AGO, wanted=lambda _, __: True)


async def one_session(ear: Listener) -> list[CaptureEvent]:
    taken: list[CaptureEvent] = []
    async with asyncio.timeout(25.0), aclosing(listen(ear)) as events:
        async for event in events:
            taken.append(event)
            if isinstance(event, StateChanged) and event.state is LinkState.ENDED:
                break
    return taken


def readings(events: list[CaptureEvent]) -> list[Reading]:
    return [event.reading for event in events if isinstance(event, ReadingReceived)]


def new(events: list[CaptureEvent]) -> list[tuple[str, ...]]:
    return [values(reading) for reading in readings(events) if not reading.stored]


def stored(events: list[CaptureEvent]) -> list[tuple[str, ...]]:
    return sorted(values(reading) for reading in readings(events) if reading.stored)


def errors(events: list[CaptureEvent]) -> list[type[Exception]]:
    return [type(e.error) for e in events if isinstance(e, SessionFailed | RecordRefused)]


def values(reading: Reading) -> tuple[str, ...]:
    kinds = (
        QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
        QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
        QuantityKind.PULSE_RATE,
        QuantityKind.BODY_WEIGHT,
        QuantityKind.BODY_TEMPERATURE,
        QuantityKind.OXYGEN_SATURATION,
        QuantityKind.BLOOD_GLUCOSE,
    )
    found = [reading.quantity(kind) for kind in kinds]
    return tuple(str(quantity.value) for quantity in found if quantity is not None)


# ── Omron cuffs by their memory ──────────────────────────────────────────────────────────────


def eeprom_cuff(
    meeting: Meeting, profile: EepromProfile, *, is_bonded: bool = True, **options: Any
) -> OmronEepromCuff:
    """Put a cuff with two old records into the room."""
    cuff = OmronEepromCuff(profile, address=ADDRESS, **{"pace": PACE, **options})
    cuff.remember(141, 93, 80, ago=timedelta(days=1))
    cuff.remember(133, 86, 74, ago=timedelta(hours=4))
    carry_in(meeting, cuff, is_bonded=is_bonded)
    return cuff


@pytest.mark.parametrize("profile", [HEM_7322T, HEM_6232T, HEM_7142T2, HEM_7380T1])
async def test_a_cuff_is_enrolled_and_then_gives_exactly_the_new_reading(
    meeting: Meeting, profile: EepromProfile
) -> None:
    await meeting.seat(Person())
    cuff = eeprom_cuff(meeting, profile, is_bonded=False)
    ear = listener(meeting, VolatileSecrets())
    cuff.hold_bluetooth_button()
    async with asyncio.timeout(20.0):
        identity, driver = await ear.identify(ADDRESS, deadline_s=5.0)
    assert (identity.model, driver) == (profile.model, "omron-eeprom")
    await cuff.measure(*map(int, NEW))
    events = await one_session(ear)
    assert errors(events) == []
    assert new(events) == [NEW]
    assert stored(events) == [THIS_MORNING, YESTERDAY]
    (reading,) = (one for one in readings(events) if not one.stored)
    assert reading.clock.trust is ClockTrust.DEVICE
    assert cuff.memory.unread[1][1] == 3, "reading took records from the maker's program"


async def test_a_cuff_with_a_wrong_clock_gives_a_corrected_time(meeting: Meeting) -> None:
    clock = CuffClock(offset=timedelta(hours=-1))
    cuff = eeprom_cuff(meeting, HEM_7322T, key=KEY, clock=clock)
    await cuff.measure(*map(int, NEW))
    secrets = VolatileSecrets()
    await secrets.set(ADDRESS, KEY.hex())
    events = await one_session(listener(meeting, secrets))
    (reading,) = (one for one in readings(events) if not one.stored)
    assert values(reading) == NEW
    assert reading.clock.trust is ClockTrust.CORRECTED


async def test_a_cuff_with_the_key_of_another_computer_gives_nothing(meeting: Meeting) -> None:
    cuff = eeprom_cuff(meeting, HEM_7322T, key=bytes(16))
    await cuff.measure(*map(int, NEW))
    secrets = VolatileSecrets()
    await secrets.set(ADDRESS, KEY.hex())
    events = await one_session(listener(meeting, secrets))
    assert errors(events) == [BondedElsewhere]
    assert readings(events) == []


# ── scenes of the bench ──────────────────────────────────────────────────────────────────────


def kept_for(facts: Mapping[str, str]) -> str:
    """Return what an earlier enrolment would have kept."""
    if "consent_code" in facts:
        return f"{facts['user']}:{facts['consent_code']}"
    return OMRON_KEY.hex() if "key" in facts else ""


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the program leave virtual devices the little time they need."""
    monkeypatch.setattr(registry, "_OMRON_SETTLE_S", 0.05)
    monkeypatch.setattr(extension_session, "AFTER_SUBSCRIBING_S", 0.05)
    monkeypatch.setattr(extension_session, "AFTER_CONSENT_S", 0.1)
    monkeypatch.setattr(extension_session, "ANSWER_S", 1.5)


def quickened(profile: ExtensionProfile) -> ExtensionProfile:
    return replace(
        profile,
        subscribing_s=min(profile.subscribing_s, 0.03),
        busy_s=min(profile.busy_s, 0.06),
    )


class Scene:
    """A scenario of the bench, and what a listener tells of it."""

    def __init__(self, meeting: Meeting, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        # The person steps on as soon as the scale is asked; nothing more is in its memory.
        monkeypatch.setattr(scale_session, "BACKLOG_S", 1.2)
        without_waiting(monkeypatch)
        _, self.actor = SCENARIOS[name].furnish()
        if isinstance(self.actor.device, ExtensionDevice):
            self.actor.device.profile = quickened(self.actor.device.profile)
        carry_in(meeting, self.actor.device, is_bonded=SCENARIOS[name].is_bonded)
        self._secrets = VolatileSecrets()
        self._ear = listener(meeting, self._secrets)

    async def play(self) -> list[CaptureEvent]:
        """Measure while the program listens, and return what it told in one session."""
        await self._secrets.set(ADDRESS, kept_for(self.actor.facts))
        measuring = asyncio.ensure_future(self.actor.measure())
        try:
            return await one_session(self._ear)
        finally:
            measuring.cancel()
            await asyncio.wait({measuring})


SCENES = [
    ("omron-eeprom", NEW),
    ("omron-eeprom-7322t", NEW),
    ("omron-eeprom-wrong-checksum", NEW),
    ("omron-eeprom-clock-wrong", NEW),
    ("omron-fe4a", NEW),
    ("omron-fe4a-token", NEW),
    ("beurer-bm85", NEW),
    ("omron-extension", NEW),
    ("omron-scale-extension", WEIGHED),
    ("omron-scale-eeprom", WEIGHED),
    ("omron-bp7255", NEW),
    ("scale", WEIGHED),
    ("scale-stubs", WEIGHED),
    ("ffe0-scale", WEIGHED),
    ("ffe0-scale-unknown-person", WEIGHED),
    ("ffe0-scale-bf800", WEIGHED),
    ("thermometer-ft95", ("36.9",)),
    ("thermometer-clock-wrong", ("36.9",)),
    ("oximeter-no-store", OXIMETRY),
    ("oximeter-po60-clock-wrong", OXIMETRY),
    ("glucose-moles", ("5.8",)),
]


@pytest.mark.parametrize(("name", "expected"), SCENES)
async def test_exactly_the_new_reading_is_new(
    meeting: Meeting, name: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = await Scene(meeting, name, monkeypatch).play()
    assert errors(events) == []
    assert [tuple(map(float, one)) for one in new(events)] == [tuple(map(float, expected))]
    is_asked_as_nobody = name in {"ffe0-scale", "ffe0-scale-bf800"}
    has_no_memory = is_asked_as_nobody or name == "oximeter-no-store"
    assert len(stored(events)) == (0 if has_no_memory else 3)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("omron-eeprom-other-host", [BondedElsewhere]),
        ("omron-eeprom-silent", [ConnectionLost, DeviceSilent]),
        ("omron-scale-extension-refused", [DeviceError]),
        ("omron-scale-extension-half-lost", [Truncated]),
        ("scale-no-user", [PairingRefused]),
        ("scale-silent", [ConnectionLost, DeviceSilent]),
        ("ffe0-scale-dozing", [DeviceSilent]),
        ("ffe0-scale-link-lost-once", [ConnectionLost]),
        ("thermometer-ft95-object", [Unsupported]),
        ("oximeter-po60-link-lost-once", [ConnectionLost]),
        ("glucose-truncated", [Truncated]),
    ],
)
async def test_what_goes_wrong_is_told_and_is_no_reading(
    meeting: Meeting,
    name: str,
    told: list[type[Exception]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = await Scene(meeting, name, monkeypatch).play()
    assert new(events) == []
    (error,) = errors(events)
    assert error in told


async def test_a_link_that_breaks_in_the_memory_leaves_what_came_before_and_no_more(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(meeting, "omron-eeprom-link-lost-once", monkeypatch)
    first = await scene.play()
    assert errors(first) in ([], [ConnectionLost])
    assert new(first) in ([], [NEW])


async def test_a_scale_that_could_not_weigh_says_so(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(meeting, "scale-failed-measurement", monkeypatch)
    monkeypatch.setattr(scale_session, "MEASUREMENT_S", 1.0)
    monkeypatch.setattr(scale_session, "MEASUREMENT_END_S", 0.3)
    events = await scene.play()
    assert MeasurementFailed in errors(events)
    assert new(events) == []


async def test_a_damaged_record_is_refused_and_no_older_one_takes_its_place(
    meeting: Meeting,
) -> None:
    cuff = eeprom_cuff(meeting, HEM_7322T, key=KEY, faults=Faults(damaged_record=True))
    await cuff.measure(*map(int, NEW))
    secrets = VolatileSecrets()
    await secrets.set(ADDRESS, KEY.hex())
    events = await one_session(listener(meeting, secrets))
    assert errors(events) == [DecodingError]
    assert new(events) == []


# ── Beurer ───────────────────────────────────────────────────────────────────────────────────


async def test_a_bm85_gives_exactly_the_new_reading(meeting: Meeting) -> None:
    cuff = meeting.cuff(BEURER_BM85, is_bonded=True, pace=PACE)
    cuff.remember(141, 93, 80, ago=timedelta(days=1))
    await cuff.measure(*map(int, NEW))
    events = await one_session(listener(meeting, VolatileSecrets()))
    assert errors(events) == []
    assert new(events) == [NEW]
    assert stored(events) == [YESTERDAY]


@pytest.mark.parametrize("profile", [BF720, SBF73])
async def test_a_scale_is_enrolled_and_then_weighs_who_steps_on(
    meeting: Meeting, profile: ScaleProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_session, "BACKLOG_S", 0.3)
    await meeting.seat(Person())
    scale = Scale(replace(profile, data_after_consent_s=0.02), address=ADDRESS, pace=PACE)
    scale.users.register(CODE)
    carry_in(meeting, scale)
    ear = listener(meeting, VolatileSecrets())
    scale.step_on()
    async with asyncio.timeout(20.0):
        identity, driver = await ear.identify(ADDRESS, deadline_s=5.0)
    assert (identity.model, driver) == (profile.model, "beurer-sig-scale")
    assert len(scale.users.indexes) == 2
    assert scale.users.active is None

    mine = scale.users.indexes[-1]
    scale.remember("71.5", user=mine, ago=timedelta(days=1))
    scale.step_on()
    listening = asyncio.create_task(one_session(ear))
    await until(lambda: scale._is_taking, deadline_s=10.0)
    await scale.weigh("79.95")
    events = await listening
    assert errors(events) == []
    assert new(events) == [("79.950",)] or new(events) == [("79.95",)]
    assert [float(one[0]) for one in stored(events)] == [71.5]
    assert scale.users.active is None


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("thermometer-ft95-unpaired", "thermometer"),
        ("oximeter-po60", "beurer-oximeter"),
        ("oximeter", "pulse-oximeter"),
        ("glucose-gl50evo-unpaired", "glucose"),
    ],
)
async def test_a_device_of_one_value_is_enrolled(meeting: Meeting, name: str, driver: str) -> None:
    scenario = SCENARIOS[name]
    _, actor = scenario.furnish()
    passkey = int(actor.facts.get("passkey", PASSKEY))
    await meeting.seat(Person(passkey))
    carry_in(meeting, actor.device, is_bonded=scenario.is_bonded)
    actor.wake()

    async def typed(_: str) -> int:
        return passkey

    ear = listener(meeting, VolatileSecrets(), ask_passkey=typed)
    async with asyncio.timeout(20.0):
        identity, found = await ear.identify(ADDRESS, deadline_s=5.0)
    assert (identity.model, found) == (actor.model, driver)
