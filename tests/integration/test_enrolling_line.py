"""From a device on the air to the registry: the service of the devices page on virtual devices."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hosts import carry_in
from meeting import ADDRESS, PASSKEY, Meeting, Person, until
from tray_child import PATIENT, services

from ohx_desktop.ble import radio, registry
from ohx_desktop.ble.beurer import scale as scale_session
from ohx_desktop.ble.device_registry import DeviceRegistry
from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.events import LinkState, ReadingReceived, RecordRefused, SessionFailed
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.omron import handshake
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.desk import enrolling
from ohx_desktop.desk.capture import RegisteredCapture
from ohx_desktop.desk.devices import Devices
from ohx_desktop.desk.enrolling import DeviceDesk
from ohx_desktop.desk.enrolling_states import (
    Chosen,
    DeviceList,
    EnrolFailed,
    Enrolling,
    EnrolState,
    Registered,
    Searching,
)
from ohx_desktop.desk.passkey import PasskeyDesk
from ohx_desktop.desk.states import TypedProblem
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.errors import (
    AnotherDevice,
    BondedElsewhere,
    BondForgotten,
    DeviceNotFound,
    NotInPairingMode,
    OhxError,
    PasskeyRefused,
    RadioUnavailable,
)
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_models import HEM_7322T, HEM_7380T1
from ohx_desktop.virtual.pairing import PairingFailed, PairingFailure
from ohx_desktop.virtual.profiles import BEURER_BM54, BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import Adapter
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import BF720

S = TypeVar("S", bound=EnrolState)
PACE = replace(BRISK, link_timeout_s=20.0)
OTHER = "00:5F:BF:12:34:57"


class SystemPerson:
    """The operating system that asks in this process: it hands the question to the desk."""

    def __init__(self, passkeys: PasskeyDesk) -> None:
        self._passkeys = passkeys

    async def enter_passkey(self) -> int:
        number = await self._passkeys.ask(ADDRESS)
        if number is None:
            raise PairingFailed(PairingFailure.CANCELLED)
        return number

    async def confirm(self, passkey: int) -> bool:
        return True


class Station:
    """A workstation's devices page, without a window."""

    def __init__(self, meeting: Meeting, folder: Path) -> None:
        self.meeting = meeting
        self.folder = folder
        self.in_tray = 0
        self.passkeys = PasskeyDesk()
        self.secrets = VolatileSecrets()
        self.registry = DeviceRegistry(folder / "devices.json")
        bleak = BleakRadio(
            meeting.scanner_options.get("backend"),
            meeting.client_options.get("backend"),
            ask_passkey=self.passkeys.ask,
        )
        self.listener = Listener(bleak, secrets=self.secrets)
        self.devices = Devices(self.listener, self.registry, self.secrets, bleak.remove_bond)
        self.bugs: list[BaseException] = []
        self.told: list[EnrolState] = []
        self.desk = DeviceDesk(
            self.devices,
            self.passkeys,
            on_state=self.told.append,
            on_failure=self.bugs.append,
        )
        self.passkeys.on_question = self.desk.show_question
        if meeting.bluez is None:
            meeting.room.agent = SystemPerson(self.passkeys)

    async def reach(
        self, kind: type[S], condition: Callable[[S], bool] = lambda _: True, *, s: float = 25.0
    ) -> S:
        """Return the state of this kind once it fulfils the condition."""

        def reached() -> bool:
            state = self.desk.state
            return isinstance(state, kind) and condition(state)

        try:
            await until(reached, deadline_s=s)
        except TimeoutError:
            pytest.fail(f"{kind.__name__} was not reached from {self.desk.state}")
        assert isinstance(self.desk.state, kind)
        return self.desk.state

    async def choose(self, address: str = ADDRESS) -> Chosen:
        await self.desk.search()
        searching = await self.reach(
            Searching, lambda state: any(one.address == address for one in state.found)
        )
        await self.desk.choose(next(one for one in searching.found if one.address == address))
        return await self.reach(Chosen)

    async def fail(self) -> OhxError:
        await self.choose()
        await self.desk.enrol()
        return (await self.reach(EnrolFailed)).error

    async def register(self) -> Registered:
        await self.choose()
        await self.desk.enrol()
        return await self.reach(Registered)


@asynccontextmanager
async def opened(meeting: Meeting, folder: Path) -> AsyncIterator[Station]:
    made = Station(meeting, folder)
    yield made
    await made.desk.close()
    assert made.bugs == []
    assert made.passkeys.question is None
    assert not any(device.connection for device in meeting.room.devices), "a link stayed"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual devices need none of the pauses that real ones do."""
    monkeypatch.setattr(handshake, "_AFTER_SUBSCRIBING_S", 0.05)
    monkeypatch.setattr(registry, "_OMRON_SETTLE_S", 0.1)
    monkeypatch.setattr(registry, "_SETTLE_S", {})
    monkeypatch.setattr(radio, "_DISCONNECT_S", 0.3)
    monkeypatch.setattr(scale_session, "BACKLOG_S", 0.3)
    monkeypatch.setattr(scale_session, "LIST_SILENCE_S", 0.2)


@pytest.fixture
async def station(in_process: Meeting, tmp_path: Path) -> AsyncIterator[Station]:
    async with opened(in_process, tmp_path) as made:
        yield made


@pytest.fixture
async def bluez_station(bluez_bench: Meeting, tmp_path: Path) -> AsyncIterator[Station]:
    async with opened(bluez_bench, tmp_path) as made:
        yield made


@pytest.fixture(params=["station", "bluez_station"])
def each_station(request: pytest.FixtureRequest) -> Station:
    """Return a station for each of the two ways to meet a device: their pairings differ."""
    found: Station = request.getfixturevalue(request.param)
    return found


def key_cuff(
    station: Station, *, address: str = ADDRESS, is_bonded: bool = False, key: bytes | None = None
) -> OmronEepromCuff:
    cuff = OmronEepromCuff(HEM_7322T, address=address, pace=PACE, key=key)
    carry_in(station.meeting, cuff, is_bonded=is_bonded)
    return cuff


# ── the way to a registered device ───────────────────────────────────────────────────────────


async def test_an_omron_in_pairing_mode_is_found_registered_and_forgotten(
    each_station: Station,
) -> None:
    station = each_station
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    chosen = await station.choose()
    assert (chosen.device.manufacturer, chosen.device.is_registered) == ("OMRON", False)
    await station.desk.enrol()
    registered = await station.reach(Registered)
    assert registered.device.identity.model == "HEM-7322T"
    assert registered.device.identity.serial is not None
    links = [state.link for state in station.told if isinstance(state, Enrolling)]
    assert links[:2] == [LinkState.LISTENING, LinkState.CONNECTING]
    assert station.registry.devices == (registered.device,)
    assert await station.secrets.get(ADDRESS) is not None
    assert station.meeting.room.is_bonded(ADDRESS)

    await station.desk.show_list()
    await station.desk.forget(ADDRESS)
    left = await station.reach(DeviceList, lambda state: state.forgetting is None)
    assert (left.devices, left.error) == ((), None)
    assert await station.secrets.get(ADDRESS) is None
    # Where programs cannot take a bond away, the person is told to.
    assert station.meeting.room.is_bonded(ADDRESS) is (left.bond_left is not None)


async def test_a_scale_is_registered(station: Station) -> None:
    await station.meeting.seat(Person())
    scale = Scale(BF720, address=ADDRESS, pace=PACE)
    carry_in(station.meeting, scale)
    scale.step_on()
    registered = await station.register()
    assert registered.device.driver == "beurer-sig-scale"


async def test_the_number_on_a_cuff_is_typed_after_two_slips(each_station: Station) -> None:
    station = each_station
    cuff = station.meeting.cuff(BEURER_BM54, pace=PACE)
    cuff.press_bluetooth_button()
    await station.choose()
    await station.desk.enrol()
    await station.reach(Enrolling, lambda state: state.question is not None)
    assert cuff.peripheral.display == f"{PASSKEY:06d}"
    for typed, problem in (
        ("  ", TypedProblem.EMPTY),
        ("31415", TypedProblem.NOT_SIX_DIGITS),
        ("31415x", TypedProblem.NOT_SIX_DIGITS),
    ):
        station.passkeys.answer(typed)
        state = await station.reach(Enrolling)
        assert state.question is not None
        assert state.question.problem is problem
    station.passkeys.answer("314 159")
    assert (await station.reach(Registered)).device.identity.model == "BM54"


async def test_the_list_tells_what_is_registered_and_what_cannot_be_used(
    station: Station,
) -> None:
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    await station.register()
    twin = key_cuff(station, address=OTHER)
    twin.hold_bluetooth_button()
    cuff.hold_bluetooth_button()
    await station.desk.search()
    searching = await station.reach(
        Searching, lambda state: {one.address for one in state.found} == {ADDRESS, OTHER}
    )
    first, second = sorted(searching.found, key=lambda one: one.address)
    assert (first.is_registered, second.is_registered) == (True, False)


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────


async def test_an_omron_that_is_not_in_pairing_mode_says_so_and_then_takes_us(
    station: Station,
) -> None:
    cuff = key_cuff(station)
    cuff.press_bluetooth_button()
    assert isinstance(await station.fail(), NotInPairingMode)
    assert station.registry.devices == ()
    cuff.hold_bluetooth_button()
    await station.desk.enrol()
    await station.reach(Registered)


async def test_a_modern_omron_that_is_not_in_pairing_mode_says_so(each_station: Station) -> None:
    station = each_station
    cuff = OmronEepromCuff(HEM_7380T1, address=ADDRESS, pace=PACE)
    carry_in(station.meeting, cuff)
    cuff.press_bluetooth_button()
    assert isinstance(await station.fail(), NotInPairingMode)


@pytest.mark.parametrize("number", ["000000", None], ids=["wrong", "given-up"])
async def test_a_number_that_is_wrong_or_missing_is_named_and_tried_again(
    each_station: Station, number: str | None
) -> None:
    station = each_station
    cuff = station.meeting.cuff(BEURER_BM54, pace=PACE)
    cuff.press_bluetooth_button()
    await station.choose()
    await station.desk.enrol()
    await station.reach(Enrolling, lambda state: state.question is not None)
    if number is None:
        station.passkeys.give_up()
    else:
        station.passkeys.answer(number)
    assert isinstance((await station.reach(EnrolFailed)).error, PasskeyRefused)
    cuff.press_bluetooth_button()
    await station.desk.enrol()
    await station.reach(Enrolling, lambda state: state.question is not None)
    station.passkeys.answer(str(PASSKEY))
    await station.reach(Registered)


async def test_a_number_that_nobody_types_ends_the_question_in_time(station: Station) -> None:
    station.passkeys._answer_s = 0.2
    station.meeting.cuff(BEURER_BM54, pace=PACE).press_bluetooth_button()
    assert isinstance(await station.fail(), PasskeyRefused)
    assert station.passkeys.question is None


async def test_a_cuff_that_keeps_the_bond_of_a_phone_is_named(bluez_station: Station) -> None:
    station = bluez_station
    cuff = station.meeting.cuff(BEURER_BM54, pace=PACE, faults=Faults(refuse_pairing=True))
    cuff.press_bluetooth_button()
    error = await station.fail()
    assert isinstance(error, BondedElsewhere)
    assert "menu" in error.hint


async def test_a_device_that_has_gone_is_told_and_waited_for_no_longer(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolling, "WAIT_FOR_DEVICE_S", 0.4)
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    await station.choose()
    station.meeting.room.remove(cuff)
    await station.desk.enrol()
    assert isinstance((await station.reach(EnrolFailed)).error, DeviceNotFound)
    await cuff.close()


async def test_a_search_ends_by_itself_and_without_bluetooth_says_why(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolling, "SEARCH_S", 0.3)
    await station.desk.search()
    await station.reach(Searching, lambda state: state.is_over and state.error is None)
    station.meeting.room.adapter = Adapter.MISSING
    await station.desk.search()
    state = await station.reach(Searching, lambda state: state.error is not None)
    assert isinstance(state.error, RadioUnavailable)


@pytest.mark.parametrize("stage", ["searching", "asking", "connecting"])
async def test_whatever_runs_is_given_up_and_leaves_no_link(
    each_station: Station, stage: str
) -> None:
    station = each_station
    cuff = station.meeting.cuff(BEURER_BM54, pace=PACE)
    cuff.press_bluetooth_button()
    await station.choose()
    if stage == "searching":
        await station.desk.search()
    else:
        await station.desk.enrol()
        wants_number = stage == "asking"
        await station.reach(
            Enrolling,
            lambda state: (
                state.question is not None
                if wants_number
                else state.link is not LinkState.LISTENING
            ),
        )
    await station.desk.show_list()
    await station.reach(DeviceList)
    await until(lambda: cuff.peripheral.connection is None)
    assert station.registry.devices == ()
    await asyncio.sleep(0)
    assert isinstance(station.desk.state, DeviceList)


# ── reading what was registered ──────────────────────────────────────────────────────────────


async def one_session(station: Station) -> list[ReadingReceived | RecordRefused | SessionFailed]:
    """Return the first thing worth telling of a session; what was kept is in the station's tray."""
    told = []
    async with asyncio.timeout(25.0), services(station.folder) as (_, _, tray):
        capture = RegisteredCapture(station.listener, station.registry, tray)
        heard = capture.events(
            session_began=system_now() - timedelta(seconds=30), patient=PATIENT.reference
        )
        async with aclosing(heard) as events:
            async for event in events:
                if isinstance(event, ReadingReceived | RecordRefused | SessionFailed):
                    told.append(event)
                    break
        station.in_tray = len(await tray.items())
    return told


async def test_a_device_with_the_right_name_and_another_identity_gives_no_reading(
    station: Station,
) -> None:
    await station.meeting.seat(Person())
    cuff = station.meeting.cuff(OMRON_HEM_7155T, pace=PACE)
    cuff.press_bluetooth_button()
    registered = (await station.register()).device
    await station.desk.close()
    swapped = replace(registered.identity, serial="another-serial")
    assert registered.identity.serial not in {None, swapped.serial}
    station.registry.add(replace(registered, identity=swapped))
    await cuff.measure(128, 82, 71)
    (event,) = await one_session(station)
    assert isinstance(event, RecordRefused)
    assert isinstance(event.error, AnotherDevice)
    assert station.in_tray == 0, "a reading of an unknown device waits to be given to somebody"
    station.registry.add(registered)
    await cuff.measure(131, 84, 70)
    (event,) = await one_session(station)
    assert isinstance(event, ReadingReceived)
    assert station.in_tray > 0


async def test_a_registered_omron_that_a_phone_took_over_is_named(station: Station) -> None:
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    await station.register()
    await station.desk.close()
    cuff.lock.key = bytes(16)
    await cuff.measure(128, 82, 71)
    (event,) = await one_session(station)
    assert isinstance(event, SessionFailed)
    assert isinstance(event.error, BondedElsewhere)


async def test_a_registered_device_whose_key_is_gone_is_to_be_registered_again(
    station: Station,
) -> None:
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    await station.register()
    await station.secrets.set(ADDRESS, "no key")
    await cuff.measure(128, 82, 71)
    (event,) = await one_session(station)
    assert isinstance(event, SessionFailed)
    assert isinstance(event.error, BondForgotten)


async def test_a_registered_cuff_that_forgot_us_is_registered_anew_with_a_fresh_bond(
    bluez_station: Station,
) -> None:
    station = bluez_station
    cuff = key_cuff(station)
    cuff.hold_bluetooth_button()
    await station.register()
    cuff.peripheral.has_bond = False
    cuff.hold_bluetooth_button()
    await station.register()
    assert cuff.peripheral.has_bond
