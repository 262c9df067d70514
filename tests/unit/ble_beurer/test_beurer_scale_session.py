"""Sessions with a SIG scale: no person is weighed as another, and no profile stays behind."""

from datetime import date
from decimal import Decimal

import pytest
from beurer_runner import NOW, Peer
from sig_scale_peer import COMPOSITION, STORED_WEIGHT, WEIGHT, SigScale

from ohx_desktop.ble.assigned_numbers import (
    BODY_COMPOSITION_MEASUREMENT,
    CURRENT_TIME,
    DATABASE_CHANGE_INCREMENT,
    DATE_OF_BIRTH,
    GENDER,
    HEIGHT,
    USER_CONTROL_POINT,
    WEIGHT_MEASUREMENT,
)
from ohx_desktop.ble.beurer.scale import Consent, ScaleSession
from ohx_desktop.ble.beurer.scale_layout import LAYOUT_FFF0, LAYOUT_FFFF
from ohx_desktop.ble.beurer.scale_profile import Profile
from ohx_desktop.ble.beurer.scale_values import Activity, MeasurementState
from ohx_desktop.ble.beurer.scale_weighing import Weighings
from ohx_desktop.ble.codec.user_data import Gender
from ohx_desktop.ble.service_user import ServiceUser
from ohx_desktop.domain.errors import DecodingError, DeviceError, DeviceSilent
from ohx_desktop.domain.quantity import QuantityKind

OURS = ServiceUser(index=1, code=3752)
PROFILE = Profile(
    date_of_birth=date(1961, 4, 2), gender=Gender.MALE, height_cm=183, activity=Activity.LOW
)
NEUTRAL_BIRTH, PATIENTS_BIRTH = "c7070a01", "a9070402"


def session(profile: Profile | None = None) -> ScaleSession:
    return ScaleSession(layout=LAYOUT_FFFF, profile=profile)


def kinds(scale: Peer) -> list[set[str]]:
    return [{q.kind.value for q in record.measured.quantities} for record in scale.records]


def test_the_first_visit_registers_consents_and_sets_nobodys_profile() -> None:
    scale = SigScale(codes={1: 1111, 2: 2222})
    visit = session()
    scale.run(visit.prepare())
    user = scale.run(visit.register(3752))
    assert user == ServiceUser(index=3, code=3752)
    assert scale.subscribed == list(LAYOUT_FFFF.subscriptions)
    now = NOW.replace(tzinfo=None)
    assert scale.written(CURRENT_TIME) == ["ea070b180c0000020001"]
    assert now.isoformat() == "2026-11-24T12:00:00"
    assert scale.written(USER_CONTROL_POINT) == ["01a80e", "0203a80e"]
    assert scale.written(DATE_OF_BIRTH)[-1] == NEUTRAL_BIRTH
    assert (scale.written(GENDER)[-1], scale.written(HEIGHT)[-1]) == ("01", "a500")
    assert scale.written(LAYOUT_FFFF.activity)[-1] == "03"


def test_the_code_is_in_no_representation() -> None:
    assert "3752" not in repr(OURS)
    assert "1961" not in repr(PROFILE)


def test_a_scale_without_a_free_slot_is_told() -> None:
    scale = SigScale(codes={index: index for index in range(1, 9)})
    with pytest.raises(DeviceError, match="slot"):
        scale.run(session().register(3752))


def test_the_consent_is_the_one_of_the_captures() -> None:
    scale = SigScale(codes={1: 3752})
    assert scale.run(session().consent(OURS)) is Consent.GIVEN
    assert scale.written(USER_CONTROL_POINT) == ["0201a80e"]


def test_a_scale_that_lost_its_users_asks_for_registering_again() -> None:
    scale = SigScale()
    visit = session()
    assert scale.run(visit.consent(OURS)) is Consent.UNKNOWN_USER
    assert not visit.may_have_active_user
    assert not scale.written(DATE_OF_BIRTH)
    assert scale.run(visit.list_users()) == ()


def test_a_silent_scale_is_not_used() -> None:
    scale = SigScale(is_mute=True)
    visit = session()
    with pytest.raises(DeviceSilent):
        scale.run(visit.consent(OURS))
    assert visit.may_have_active_user
    assert scale.silences == [30.0]


def test_without_a_profile_it_is_written_back_as_it_was_and_counted() -> None:
    scale = SigScale(codes={1: 3752})
    scale.run(session().consent(OURS))
    assert scale.written(DATE_OF_BIRTH) == ["bc070102"]
    assert scale.written(GENDER) == ["00"]
    assert scale.written(HEIGHT) == ["b400"]
    assert scale.written(DATABASE_CHANGE_INCREMENT) == ["08000000"]


def test_what_a_scale_gives_without_consent_is_never_written() -> None:
    scale = SigScale(codes={1: 3752})
    scale.values[DATE_OF_BIRTH] = b"\xff" * 4
    del scale.values[HEIGHT]
    scale.run(session().consent(OURS))
    assert not scale.written(DATE_OF_BIRTH)
    assert not scale.written(HEIGHT)


@pytest.mark.parametrize(("before", "after"), [("feffffff", "00000000"), ("00000000", "01000000")])
def test_the_counter_of_changes_wraps(before: str, after: str) -> None:
    scale = SigScale(codes={1: 3752})
    scale.values[DATABASE_CHANGE_INCREMENT] = bytes.fromhex(before)
    scale.run(session().consent(OURS))
    assert scale.written(DATABASE_CHANGE_INCREMENT) == [after]


@pytest.mark.parametrize("value", [None, b"", b"\xff\xff\xff\xff"])
def test_a_scale_that_does_not_tell_its_counter_is_not_used(value: bytes | None) -> None:
    scale = SigScale(codes={1: 3752})
    del scale.values[DATABASE_CHANGE_INCREMENT]
    if value is not None:
        scale.values[DATABASE_CHANGE_INCREMENT] = value
    with pytest.raises(DeviceError):
        scale.run(session().consent(OURS))


def test_without_the_persons_profile_only_the_weight_is_told() -> None:
    scale = SigScale(codes={1: 3752})
    visit = session()
    scale.run(visit.consent(OURS))
    assert scale.run(visit.weigh()) is MeasurementState.SUCCESS
    assert kinds(scale) == [{"body_weight"}]
    assert scale.records[0].frames == (bytes.fromhex(WEIGHT),)


def test_with_the_persons_profile_the_composition_is_told_too() -> None:
    scale = SigScale(codes={1: 3752})
    visit = session(PROFILE)
    scale.run(visit.consent(OURS))
    assert scale.written(DATE_OF_BIRTH) == [PATIENTS_BIRTH]
    scale.run(visit.weigh())
    assert QuantityKind.BODY_FAT_PERCENTAGE in kinds(scale)[0]
    assert scale.records[0].frames == (bytes.fromhex(WEIGHT), bytes.fromhex(COMPOSITION))


def test_the_person_before_never_looks_new() -> None:
    scale = SigScale(codes={1: 3752}, memory=[(STORED_WEIGHT, COMPOSITION)])
    visit = session(PROFILE)
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    assert [record.is_live for record in scale.records] == [False, None]
    assert [record.measured.from_storage for record in scale.records] == [True, False]


def test_the_stored_copy_of_a_weighing_is_told_once() -> None:
    scale = SigScale(codes={1: 3752}, measurement=[WEIGHT, COMPOSITION, WEIGHT, COMPOSITION])
    visit = session(PROFILE)
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    assert len(scale.records) == 1


def test_records_of_another_user_are_dropped() -> None:
    others = "0e783eea07050c12353602ee002607"
    scale = SigScale(codes={1: 3752}, memory=[(others, COMPOSITION)])
    visit = session(PROFILE)
    scale.run(visit.consent(OURS))
    scale.run(visit.leave())
    assert not scale.records


def test_leaving_clears_the_active_user_and_the_persons_profile() -> None:
    scale = SigScale(codes={1: 3752})
    visit = session(PROFILE)
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    active = [scale.active]
    scale.run(visit.leave())
    active.append(scale.active)
    assert active == [1, None]
    assert not visit.may_have_active_user
    assert scale.written(USER_CONTROL_POINT)[-1] == "02000000"
    assert scale.written(DATE_OF_BIRTH) == [PATIENTS_BIRTH, NEUTRAL_BIRTH]
    last_two = [uuid for uuid, _ in scale.writes[-2:]]
    assert last_two == [DATABASE_CHANGE_INCREMENT, USER_CONTROL_POINT]


def test_a_user_who_stays_active_is_not_forgotten() -> None:
    scale = SigScale(codes={0: 0, 1: 3752})
    visit = session()
    scale.run(visit.consent(OURS))
    scale.run(visit.leave())
    assert visit.may_have_active_user


def test_no_consent_is_sent_while_a_measurement_runs() -> None:
    scale = SigScale(codes={1: 3752}, state=None)
    visit = session()
    scale.run(visit.consent(OURS))
    with pytest.raises(DeviceSilent):
        scale.run(visit.weigh())
    waited = len(scale.silences)
    scale.run(visit.leave())
    assert scale.silences[waited] == 20.0
    assert scale.active is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("02", MeasurementState.TIMED_OUT),
        ("03", MeasurementState.FAILED),
        ("04", MeasurementState.NO_USER),
    ],
)
def test_a_measurement_that_was_none_is_told_as_such(
    state: str, expected: MeasurementState
) -> None:
    scale = SigScale(codes={1: 3752}, measurement=[], state=state)
    visit = session()
    scale.run(visit.consent(OURS))
    assert scale.run(visit.weigh()) is expected
    assert not scale.records


def test_the_user_list_ends_with_its_mark_or_with_silence() -> None:
    scale = SigScale(codes={1: 1, 4: 4})
    assert scale.run(session().list_users()) == (1, 4)
    assert not scale.silences
    full = SigScale(codes={index: index for index in range(1, 9)})
    assert full.run(session().list_users()) == tuple(range(1, 9))
    assert full.silences == [2.0]


def test_the_answer_to_a_request_to_show_a_code_is_no_user() -> None:
    scale = SigScale(codes={1: 1})
    scale.send(LAYOUT_FFFF.user_list, "1101")
    assert scale.run(session().list_users()) == (1,)


@pytest.mark.parametrize("answer", ["", "20", "2002", "200209", "300201"])
def test_an_answer_nobody_understands_is_no_consent(answer: str) -> None:
    peer = Peer()
    peer.send(USER_CONTROL_POINT, answer)
    with pytest.raises(DeviceError):
        peer.run(session().consent(OURS))


def test_a_weight_that_came_without_its_composition_is_told_alone() -> None:
    scale = SigScale(codes={1: 3752}, measurement=[WEIGHT])
    visit = ScaleSession(layout=LAYOUT_FFFF, profile=PROFILE)
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    (record,) = scale.records
    weight = record.measured.quantities[0]
    assert (weight.kind, weight.value) == (QuantityKind.BODY_WEIGHT, Decimal("79.96"))


def test_each_numbering_has_its_own_characteristics() -> None:
    scale = SigScale(layout=LAYOUT_FFF0, codes={1: 3752})
    visit = ScaleSession(layout=LAYOUT_FFF0)
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    assert scale.written(LAYOUT_FFF0.take_measurement) == ["00"]
    assert len(scale.records) == 1


def test_estimates_from_a_wrong_profile_refuse_no_weight() -> None:
    impossible_index = "0e783eea07050c12353601ffff2607"
    scale = SigScale(codes={1: 3752}, measurement=[impossible_index, COMPOSITION])
    visit = session()
    scale.run(visit.consent(OURS))
    scale.run(visit.weigh())
    assert kinds(scale) == [{"body_weight"}]
    assert not scale.refusals


@pytest.mark.parametrize(
    ("characteristic", "before"),
    [(WEIGHT_MEASUREMENT, ()), (BODY_COMPOSITION_MEASUREMENT, (WEIGHT_MEASUREMENT,))],
)
def test_a_refused_weighing_goes_with_its_bytes(
    characteristic: str, before: tuple[str, ...]
) -> None:
    weighings = Weighings(keeps_estimates=True)
    for earlier in before:
        assert list(weighings.add(earlier, bytes.fromhex("001027"))) == []
    odd = b"\x02\x10"
    refusals = [
        news for news in weighings.add(characteristic, odd) if isinstance(news, DecodingError)
    ]
    assert [refusal.frames for refusal in refusals] == [(odd,)]
