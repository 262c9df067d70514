"""Beurer's scales: what is told as new, and that no scale keeps a person for the next one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ble_encoding import current_time
from ble_fakes import ADDRESS
from ble_time import elapsed_s
from driver_fakes import (
    START,
    Device,
    conversation,
    failures,
    new,
    readings,
    refusals,
    stopped_after,
    stored,
    told_by,
)
from ffe0_peer import LIVE, Ffe0Scale
from sig_scale_peer import COMPOSITION, SigScale

from ohx_desktop.ble.assigned_numbers import (
    CURRENT_TIME,
    MODEL_NUMBER,
    USER_CONTROL_POINT,
    WEIGHT_SCALE_SERVICE,
    uuid16,
)
from ohx_desktop.ble.beurer.ffe0 import FFE0_SERVICE, FFE1
from ohx_desktop.ble.beurer.scale_layout import LAYOUT_FFFF
from ohx_desktop.ble.device_secrets import NoSecrets
from ohx_desktop.ble.drivers import enrol_device
from ohx_desktop.ble.link import Advertisement, Link
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    MeasurementFailed,
    NoKeyring,
    PairingRefused,
    Unsupported,
)
from ohx_desktop.domain.quantity import QuantityKind

ME, CODE = 2, 1234


async def enrol(link: Link, talk: Conversation) -> None:
    await enrol_device(link, talk)


# ── SIG scales ───────────────────────────────────────────────────────────────────────────────


def weight(kg: float, stamp: datetime, user: int = ME) -> str:
    """Return a 2A9D value of the BF720, as hexadecimal digits."""
    date = bytes([stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second])
    head = b"\x0e" + round(kg * 200).to_bytes(2, "little") + stamp.year.to_bytes(2, "little")
    return (head + date + bytes([user]) + bytes.fromhex("ee002607")).hex()


class Timed(SigScale):
    """Fills in when the weight was measured: now."""

    kg = 80.0

    def _answer(self, uuid: str, value: bytes) -> None:
        if uuid == self.layout.take_measurement and self.measurement:
            now = START + timedelta(seconds=elapsed_s())
            self.measurement = [weight(self.kg, now), COMPOSITION]
        super()._answer(uuid, value)


def sig_scale(peer: SigScale | None = None, **fields: Any) -> tuple[Device, SigScale]:
    if peer is None:
        peer = Timed(
            codes={1: 1, ME: CODE},
            memory=[(weight(71.5, START - timedelta(days=1)), COMPOSITION)],
        )
    device = Device(
        take=peer.take,
        outbox=peer.inbox,
        services=frozenset({WEIGHT_SCALE_SERVICE, uuid16(0x181B), LAYOUT_FFFF.service}),
        characteristics=frozenset({*LAYOUT_FFFF.subscriptions, *peer.values}),
        values={
            MODEL_NUMBER: b"BF720",
            CURRENT_TIME: lambda: current_time(START + timedelta(seconds=elapsed_s())),
        },
        **fields,
    )
    return device, peer


def talk_to_bf720(secret: str | None = f"{ME}:{CODE}") -> Conversation:
    heard = Advertisement(
        address=ADDRESS, name="BF720", service_uuids=frozenset({WEIGHT_SCALE_SERVICE})
    )
    return conversation(heard, secret)


def test_whoever_steps_on_is_told_as_new_and_the_memory_as_stored() -> None:
    device, scale = sig_scale()
    told = told_by(device, talk_to_bf720())
    assert failures(told) == []
    assert new(told) == [("80.00",)]
    assert stored(told) == [("71.50",)]
    assert scale.active is None
    (reading,) = (one for one in readings(told) if not one.stored)
    assert reading.clock.trust is ClockTrust.DEVICE
    assert [quantity.kind for quantity in reading.quantities] == [QuantityKind.BODY_WEIGHT]


class Occupied(Timed):
    """Somebody stands on it when the consent comes."""

    def _control(self, value: bytes) -> bytes:
        if value[0] == 2 and value[1]:
            self.memory.append((weight(80.0, START + timedelta(seconds=1)), COMPOSITION))
        return super()._control(value)


def test_who_woke_the_scale_need_not_step_on_again() -> None:
    device, scale = sig_scale(Occupied(codes={ME: CODE}))
    told = told_by(device, talk_to_bf720())
    assert new(told) == [("80.00",)]
    assert scale.written(LAYOUT_FFFF.take_measurement) == []
    assert scale.active is None


def test_what_a_wrong_clock_timed_before_it_was_set_is_stored() -> None:
    device, scale = sig_scale(Occupied(codes={ME: CODE}))
    was_set: list[bool] = []

    def shown() -> bytes:
        wrong = timedelta() if was_set else timedelta(days=1)
        was_set.append(True)
        return current_time(START + wrong + timedelta(seconds=elapsed_s()))

    device.values[CURRENT_TIME] = shown
    told = told_by(device, talk_to_bf720())
    assert stored(told) == [("80.00",)]
    assert len(scale.written(LAYOUT_FFFF.take_measurement)) == 1


def test_a_scale_is_bonded_before_anything_is_asked() -> None:
    device, _ = sig_scale(wants_bond=True)
    assert new(told_by(device, talk_to_bf720())) == [("80.00",)]
    assert device.log[:2] == ["connect", "pair"]
    refusing, _ = sig_scale(wants_bond=True, refuses_pairing=True)
    assert failures(told_by(refusing, talk_to_bf720())) == [PairingRefused]


@pytest.mark.parametrize("how", ["lose_at", "mute_at", "leaves"])
def test_a_scale_that_fails_at_any_step_tells_no_wrong_weight(how: str) -> None:
    device, _ = sig_scale()
    told_by(device, talk_to_bf720())
    for step in range(1, device.exchanges + 1):
        fault: dict[str, Any]
        fault = {"leaves": True, "mute_at": step} if how == "leaves" else {how: step}
        broken, _ = sig_scale(**fault)
        told = told_by(broken, talk_to_bf720())
        assert new(told) in ([], [("80.00",)])
        if not new(told):
            assert failures(told)
            assert set(failures(told)) <= {ConnectionLost, DeviceSilent, DeviceError}


def test_a_failure_while_the_link_is_up_clears_the_consent() -> None:
    device, scale = sig_scale(Timed(codes={ME: CODE}, state=None))
    told = told_by(device, talk_to_bf720())
    assert failures(told) == [DeviceSilent]
    assert scale.active is None
    assert scale.written(USER_CONTROL_POINT)[-1] == "02000000"


def test_a_session_stopped_at_any_moment_clears_the_consent() -> None:
    device, _ = sig_scale()
    lasts_s = told_by(device, talk_to_bf720())[-1][0]
    for step in range(80):
        stopped, scale = sig_scale()
        stopped_after(lasts_s * step / 80, stopped, talk_to_bf720())
        assert scale.active is None


@pytest.mark.parametrize(("state", "refused"), [("02", []), ("03", [MeasurementFailed])])
def test_nobody_on_the_scale_is_no_failure_but_a_failed_weighing_is_told(
    state: str, refused: list[type]
) -> None:
    device, scale = sig_scale(SigScale(codes={ME: CODE}, measurement=[], state=state))
    told = told_by(device, talk_to_bf720())
    assert failures(told) == []
    assert readings(told) == []
    assert [type(one.error) for one in refusals(told)] == refused
    assert scale.active is None


@pytest.mark.parametrize("secret", [f"{ME}:4321", "5:1", None, "nonsense"])
def test_a_scale_that_does_not_know_us_is_not_used(secret: str | None) -> None:
    device, scale = sig_scale()
    told = told_by(device, talk_to_bf720(secret))
    assert failures(told) == [PairingRefused]
    assert readings(told) == []
    assert scale.active is None


def test_another_model_number_than_advertised_is_refused() -> None:
    device, scale = sig_scale()
    device.values[MODEL_NUMBER] = b"BF450"
    assert failures(told_by(device, talk_to_bf720())) == [Unsupported]
    assert scale.writes == []


def test_an_enrolled_scale_is_known_afterwards_and_takes_one_slot_only() -> None:
    device, scale = sig_scale(Timed(codes={1: 1}))
    enrolling = talk_to_bf720(None)
    assert failures(told_by(device, enrolling, enrol)) == []
    assert set(scale.codes) == {1, 2}
    assert scale.active is None
    again = replace(talk_to_bf720(), secrets=enrolling.secrets)
    assert failures(told_by(device, again, enrol)) == []
    assert set(scale.codes) == {1, 2}
    later = replace(talk_to_bf720(), secrets=enrolling.secrets)
    assert new(told_by(device, later)) == [("80.00",)]


def test_no_slot_is_taken_whose_code_nobody_keeps() -> None:
    device, scale = sig_scale(Timed(codes={}))
    told = told_by(device, replace(talk_to_bf720(), secrets=NoSecrets()), enrol)
    assert failures(told) == [NoKeyring]
    assert scale.codes == {}


def test_a_full_scale_says_so() -> None:
    device, _ = sig_scale(Timed(codes=dict.fromkeys(range(1, 9), 7)))
    assert failures(told_by(device, talk_to_bf720(None), enrol)) == [DeviceError]


# ── FFE0 scales ──────────────────────────────────────────────────────────────────────────────


def halves(kg: float, stamp: datetime) -> tuple[str, str]:
    unix_s = int(stamp.astimezone(UTC).timestamp())
    raw = unix_s.to_bytes(4, "big") + round(kg * 20).to_bytes(2, "big")
    whole = raw + bytes.fromhex("01b500df0209018d00e907170aa20108")
    return whole[:11].hex(), whole[11:].hex()


def result(kg: float, stamp: datetime) -> list[str]:
    first, second = halves(kg, stamp)
    return ["e7590301010000000000000065", f"e7590302{first}", f"e7590303{second}"]


def ffe0_scale(peer: Ffe0Scale | None = None, **fields: Any) -> tuple[Device, Ffe0Scale]:
    if peer is None:
        yesterday = int((START - timedelta(days=1)).astimezone(UTC).timestamp())
        stored_kg = yesterday.to_bytes(4, "big").hex() + "05640201"
        peer = Ffe0Scale(unknown=[f"e747010101{stored_kg}"], live=LIVE + result(83.55, START))
    device = Device(
        take=peer.take,
        outbox=peer.inbox,
        services=frozenset({FFE0_SERVICE}),
        characteristics=frozenset({FFE1}),
        **fields,
    )
    return device, peer


def talk_to_bf710() -> Conversation:
    return conversation(
        Advertisement(address=ADDRESS, name="Beurer BF710", service_uuids=frozenset({FFE0_SERVICE}))
    )


def test_a_live_weighing_is_new_and_what_was_stored_is_stored() -> None:
    device, scale = ffe0_scale()
    told = told_by(device, talk_to_bf710())
    assert failures(told) == []
    assert new(told) == [("83.55",)]
    assert stored(told) == [("69.00",)]
    assert scale.commands[-1] == "ea02"
    assert not scale.deleted
    assert "pair" not in device.log
    (reading,) = (one for one in readings(told) if not one.stored)
    assert reading.clock.trust is ClockTrust.DEVICE
    assert reading.measured_at == START.astimezone()


def test_a_weight_without_a_result_is_for_a_person_to_compare() -> None:
    device, _ = ffe0_scale(Ffe0Scale(live=LIVE))
    (reading,) = readings(told_by(device, talk_to_bf710()))
    assert not reading.stored
    assert reading.needs_display_check


def test_nobody_stepping_on_is_no_failure() -> None:
    device, _ = ffe0_scale(Ffe0Scale())
    told = told_by(device, talk_to_bf710())
    assert failures(told) == []
    assert readings(told) == []


@pytest.mark.parametrize("how", ["lose_at", "mute_at", "leaves"])
def test_an_ffe0_scale_that_fails_at_any_step_tells_no_wrong_weight(how: str) -> None:
    device, _ = ffe0_scale()
    told_by(device, talk_to_bf710())
    for step in range(1, device.exchanges + 1):
        fault: dict[str, Any]
        fault = {"leaves": True, "mute_at": step} if how == "leaves" else {how: step}
        broken, _ = ffe0_scale(**fault)
        told = told_by(broken, talk_to_bf710())
        assert new(told) in ([], [("83.55",)])
        assert set(failures(told)) <= {ConnectionLost, DeviceSilent}
        assert told[-1][0] < 150


def test_an_ffe0_session_stopped_at_any_moment_has_the_scale_disconnect() -> None:
    device, _ = ffe0_scale()
    lasts_s = told_by(device, talk_to_bf710())[-1][0]
    for step in range(40):
        stopped, scale = ffe0_scale()
        stopped_after(lasts_s * step / 40, stopped, talk_to_bf710())
        assert not scale.writes or scale.commands[-1] == "ea02"


def test_half_a_result_is_refused_and_never_joined_with_another() -> None:
    frames = result(83.55, START)
    device, _ = ffe0_scale(Ffe0Scale(live=[frames[0], frames[2]]))
    told = told_by(device, talk_to_bf710())
    assert readings(told) == []
    assert refusals(told)
