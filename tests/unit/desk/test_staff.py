"""Who works at the station: signed in by PIN, locked when idle, changed over; time is virtual."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ohx_desktop.desk.staff import ByEhr, ByNobody, ByPin, StaffDesk
from ohx_desktop.desk.staff_states import (
    AskingEhr,
    AskingPin,
    ChoosingPerson,
    NotAsked,
    SignedIn,
    StaffState,
)
from ohx_desktop.domain.errors import KeyringLocked, NobodySignedIn, NotAuthorised
from ohx_desktop.staff.people import Role, StaffMember
from ohx_desktop.staff.pin_answer import PinAnswer, PinProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

GRACE = StaffMember(reference="Practitioner/12", name="Grace Adeyemi")
OMAR = StaffMember(reference="Practitioner/13", name="Omar Haddad", role=Role.ADMIN)
PINS = {GRACE.reference: "2580", OMAR.reference: "7391"}


class _Time:
    """Two clocks, one of which stands still while the computer sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept = timedelta()
        self.naps: list[float] = []

    def now(self) -> datetime:
        began = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
        return began + timedelta(seconds=self.seconds) + self.slept

    def clock(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


def _check(reference: str, pin: str) -> PinAnswer:
    return PinAnswer(problem=None if PINS[reference] == pin else PinProblem.WRONG)


@pytest.fixture
def time() -> _Time:
    return _Time()


@pytest.fixture
def desk(time: _Time) -> StaffDesk:
    way = ByPin(people=lambda: (GRACE, OMAR), check=_check)
    return StaffDesk(way, idle_s=600.0, now=time.now, clock=time.clock, sleep=time.sleep)


async def _sign_in(desk: StaffDesk, person: StaffMember) -> None:
    await desk.show_people()
    desk.choose(person)
    await desk.enter_pin(PINS[person.reference])
    assert isinstance(desk.state, SignedIn)


async def test_nobody_confirms_before_somebody_signed_in(desk: StaffDesk) -> None:
    with pytest.raises(NobodySignedIn):
        desk.who()
    await _sign_in(desk, GRACE)
    assert desk.who() == GRACE.reference


async def test_a_wrong_pin_signs_nobody_in_and_may_be_typed_again(desk: StaffDesk) -> None:
    await desk.show_people()
    desk.choose(GRACE)
    await desk.enter_pin(PINS[OMAR.reference])
    assert desk.state == AskingPin(person=GRACE, problem=PinProblem.WRONG)
    await desk.enter_pin("")
    assert desk.state == AskingPin(person=GRACE, problem=PinProblem.EMPTY)
    await desk.enter_pin(PINS[GRACE.reference])
    assert desk.who() == GRACE.reference


async def test_who_is_not_offered_cannot_be_chosen(desk: StaffDesk) -> None:
    await desk.show_people()
    desk.choose(StaffMember(reference="Practitioner/99", name="Nobody"))
    assert isinstance(desk.state, ChoosingPerson)


async def test_a_pin_that_comes_after_going_back_signs_nobody_in(time: _Time) -> None:
    going_back: list[Callable[[], Coroutine[None, None, None]]] = []
    loop = asyncio.get_running_loop()

    def check(_reference: str, _pin: str) -> PinAnswer:
        asyncio.run_coroutine_threadsafe(going_back[0](), loop).result()
        return PinAnswer()

    desk = StaffDesk(ByPin(people=lambda: (GRACE,), check=check), now=time.now)
    going_back.append(desk.show_people)
    await desk.show_people()
    desk.choose(GRACE)
    await desk.enter_pin("2580")
    assert desk.state == ChoosingPerson(people=(GRACE,))


async def test_a_keyring_that_fails_is_told(time: _Time) -> None:
    def check(_reference: str, _pin: str) -> PinAnswer:
        raise KeyringLocked("the secret store is locked")

    desk = StaffDesk(ByPin(people=lambda: (GRACE,), check=check), now=time.now)
    await desk.show_people()
    desk.choose(GRACE)
    await desk.enter_pin("2580")
    assert isinstance(desk.state, AskingPin)
    assert isinstance(desk.state.error, KeyringLocked)


async def test_signing_out_leaves_nothing_of_the_person(desk: StaffDesk) -> None:
    await _sign_in(desk, GRACE)
    await desk.sign_out()
    assert desk.state == ChoosingPerson(people=(GRACE, OMAR))
    with pytest.raises(NobodySignedIn):
        desk.who()


async def test_a_locked_station_asks_whoever_locked_it_and_lets_another_in(
    desk: StaffDesk,
) -> None:
    await _sign_in(desk, GRACE)
    desk.lock()
    assert desk.state == AskingPin(person=GRACE, locked=GRACE)
    with pytest.raises(NobodySignedIn):
        desk.who()
    await desk.show_people()
    assert desk.state == ChoosingPerson(people=(GRACE, OMAR), locked=GRACE)
    desk.choose(OMAR)
    await desk.enter_pin(PINS[OMAR.reference])
    assert desk.who() == OMAR.reference


async def test_who_comes_back_has_been_there_since_they_came(desk: StaffDesk, time: _Time) -> None:
    await _sign_in(desk, GRACE)
    before = desk.state
    time.seconds += 60
    desk.lock()
    await desk.enter_pin(PINS[GRACE.reference])
    assert desk.state == before


# ── the idle lock ────────────────────────────────────────────────────────────────────────────


async def _watched(desk: StaffDesk, time: _Time, until_s: float) -> None:
    watching = asyncio.create_task(desk.watch())
    while time.seconds < until_s:
        await asyncio.sleep(0)
    watching.cancel()
    await asyncio.wait({watching})


async def test_an_idle_station_is_locked_and_not_before(desk: StaffDesk, time: _Time) -> None:
    await _sign_in(desk, GRACE)
    await _watched(desk, time, 595)
    assert isinstance(desk.state, SignedIn)
    await _watched(desk, time, 606)
    assert isinstance(desk.state, AskingPin)
    assert time.naps, "it must not spin"
    assert min(time.naps) > 0


async def test_whoever_works_is_not_locked_out(desk: StaffDesk, time: _Time) -> None:
    await _sign_in(desk, GRACE)
    for minute in range(1, 30):
        time.seconds = minute * 60
        desk.note_activity()
    await _watched(desk, time, time.seconds + 500)
    assert isinstance(desk.state, SignedIn)


async def test_the_first_key_after_sleep_finds_the_station_locked(
    desk: StaffDesk, time: _Time
) -> None:
    await _sign_in(desk, GRACE)
    # One clock of the computer stood still meanwhile.
    time.slept = timedelta(hours=1)
    desk.note_activity()
    assert isinstance(desk.state, AskingPin)


async def test_a_clock_that_is_set_back_does_not_keep_the_station_open(
    desk: StaffDesk, time: _Time
) -> None:
    await _sign_in(desk, GRACE)
    time.slept = timedelta(hours=-5)
    time.seconds += 601
    desk.note_activity()
    assert isinstance(desk.state, AskingPin)


# ── at the EHR ───────────────────────────────────────────────────────────────────────────────


class _Ehr:
    """The EHR's own sign-in: whoever comes, or nobody."""

    def __init__(self) -> None:
        self.coming: asyncio.Future[StaffMember] = asyncio.get_running_loop().create_future()
        self.signed_out = 0

    async def sign_in(self) -> StaffMember:
        return await self.coming

    async def sign_out(self) -> None:
        self.signed_out += 1


async def _opened(desk: StaffDesk) -> asyncio.Task[None]:
    signing = asyncio.create_task(desk.sign_in_at_ehr())
    await asyncio.sleep(0)
    assert isinstance(desk.state, AskingEhr)
    assert desk.state.opened
    return signing


async def test_a_sign_in_at_the_ehr_is_given_up_and_begun_again() -> None:
    ehr = _Ehr()
    desk = StaffDesk(ByEhr(sign_in=ehr))
    seen: list[StaffState] = []
    desk.on_state = seen.append
    signing = await _opened(desk)
    desk.cancel()
    await signing
    assert seen == [AskingEhr(opened=True), AskingEhr()]
    ehr.coming = asyncio.get_running_loop().create_future()
    signing = await _opened(desk)
    ehr.coming.set_result(GRACE)
    await signing
    assert desk.who() == GRACE.reference
    await desk.sign_out()
    assert (desk.state, ehr.signed_out) == (AskingEhr(), 1)


async def test_why_the_ehr_let_nobody_in_is_told() -> None:
    ehr = _Ehr()
    desk = StaffDesk(ByEhr(sign_in=ehr))
    signing = await _opened(desk)
    error = NotAuthorised("the sign-in was declined", hint="sign in again")
    ehr.coming.set_exception(error)
    await signing
    assert desk.state == AskingEhr(error=error)


async def test_leaving_the_program_ends_a_sign_in_that_is_under_way() -> None:
    ehr = _Ehr()
    signing = await _opened(StaffDesk(ByEhr(sign_in=ehr)))
    signing.cancel()
    await asyncio.wait({signing})
    assert ehr.coming.cancelled()


# ── nobody signs in ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("person", "who"), [(GRACE, GRACE.reference), (None, None)])
async def test_where_nobody_signs_in_the_station_stays_open(
    person: StaffMember | None, who: str | None
) -> None:
    desk = StaffDesk(ByNobody(person=person), idle_s=1.0)
    desk.lock()
    await desk.sign_out()
    await desk.watch()
    assert (desk.state, desk.who()) == (NotAsked(person=person), who)
