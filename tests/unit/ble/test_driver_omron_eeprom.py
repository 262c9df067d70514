"""Omron cuffs by their own memory: what is told as new, and that every way out says goodbye."""

from asyncio import Queue
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
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
from omron_peer import KEY, Peer

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_SERVICE, MODEL_NUMBER, OMRON
from ohx_desktop.ble.device_secrets import NoSecrets
from ohx_desktop.ble.drivers import enrol_device
from ohx_desktop.ble.link import Advertisement, Link
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE, MODERN_SERVICE, RX, TX, UNLOCK
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceSilent,
    NoKeyring,
    NotInPairingMode,
    PairingRefused,
    Unsupported,
)

NEW = ("128", "82", "71")
OLD = [("131", "85", "70"), ("132", "86", "70"), ("133", "87", "70")]


@dataclass(frozen=True)
class Model:
    """One memory layout: where the ring is, and how words are written."""

    name: str
    order: Any
    settings: int
    ring: int
    slots: int
    is_classic: bool = True
    has_clock: bool = True

    def record(self, values: tuple[str, ...], stamp: datetime, sequence: int = 1) -> bytes:
        systolic, diastolic, pulse = map(int, values)
        words = (
            diastolic << 8 | systolic - 25,
            stamp.year - 2000 << 8 | pulse,
            stamp.month << 10 | stamp.day << 5 | stamp.hour,
            0x1000 | stamp.minute << 6 | stamp.second,
            0,
            sequence,
        )
        body = b"".join(word.to_bytes(2, self.order) for word in words)
        return body + (b"\x00\xff" if self.is_classic else bytes([sum(body) & 0xFF, 0]))

    def clock(self, shown: datetime) -> bytes:
        fields = (shown.month, shown.year - 2000, shown.hour, shown.day, shown.second, shown.minute)
        if not self.is_classic:
            fields = (
                shown.year - 2000, shown.month, shown.day, shown.hour, shown.minute, shown.second
            )  # fmt: skip
        body = bytes(8) + bytes(fields)
        check = sum(body) & 0xFF
        return body + (bytes([check ^ 0xFF, check]) if self.is_classic else bytes([check, 0]))


WRIST = Model("HEM-6232T", "big", 0x0260, 0x02E8, 100)
MODERN = Model("HEM-7142T2", "little", 0x0260, 0x02E8, 14, is_classic=False)
CLOCKLESS = Model("HEM-7530T", "big", 0x0260, 0x02E8, 90, has_clock=False)
MODELS = [
    pytest.param(WRIST, id="key"),
    pytest.param(MODERN, id="bond"),
    pytest.param(CLOCKLESS, id="no clock"),
]


def word(number: int, order: Any) -> bytes:
    number |= 0x8000 if number.bit_count() % 2 == 0 else 0
    return number.to_bytes(2, order)


def cuff(
    model: Model,
    ages_s: Mapping[Any, float] | None = None,
    *,
    offset_s: float = 0.0,
    raw: dict[int, bytes] | None = None,
    **fields: Any,
) -> tuple[Device, Peer]:
    """Return a cuff with records of these ages, the oldest first; NEW is made in 1 s."""
    if ages_s is None:
        ages_s = {**{values: 86400.0 * (3 - n) for n, values in enumerate(OLD)}, NEW: -1.0}
    peer_fields = {name: fields.pop(name) for name in ("key", "programming") if name in fields}
    peer = Peer(classic=model.is_classic, **peer_fields)
    shift = timedelta(seconds=offset_s)
    slots = {
        slot: model.record(values, START - timedelta(seconds=age) + shift, slot + 1)
        for slot, (values, age) in enumerate(ages_s.items())
    } | (raw or {})
    index = b"".join(word(n, model.order) for n in (len(slots), 0, len(slots), 0))
    peer.fill(model.settings, index + bytes(8))
    for slot, record in slots.items():
        peer.fill(model.ring + slot * 14, record)

    def ticks(_: bytes) -> None:
        if model.has_clock:
            shown = START + shift + timedelta(seconds=elapsed_s())
            peer.fill(model.settings + 0x2C, model.clock(shown))

    peer.quirk = ticks
    services = {BLOOD_PRESSURE_SERVICE, CLASSIC_SERVICE} if model.is_classic else {MODERN_SERVICE}
    device = Device(
        take=peer.take,
        outbox=peer.queue,
        services=frozenset(services),
        characteristics=frozenset({*RX, *TX, UNLOCK}),
        values={MODEL_NUMBER: model.name.encode()},
        **fields,
    )
    return device, peer


def advertised(model: Model) -> Advertisement:
    service = BLOOD_PRESSURE_SERVICE if model.is_classic else MODERN_SERVICE
    return Advertisement(
        address=ADDRESS,
        name=model.name,
        service_uuids=frozenset({service}),
        manufacturer_data={OMRON: b""},
    )


def talk(model: Model, secret: str | None = KEY.hex()) -> Any:
    return conversation(advertised(model), secret)


@pytest.mark.parametrize("model", MODELS)
def test_exactly_the_new_record_of_the_memory_is_new(model: Model) -> None:
    device, peer = cuff(model)
    told = told_by(device, talk(model))
    assert failures(told) == []
    assert new(told) == [NEW]
    assert stored(told) == OLD
    assert not peer.in_session
    (reading,) = (one for one in readings(told) if not one.stored)
    assert reading.user_slot == 1
    assert reading.sequence == 4
    assert reading.clock.trust is ClockTrust.DEVICE
    assert reading.device is not None
    assert reading.device.model == model.name


def test_a_clock_that_was_never_set_leaves_the_newest_to_a_look_at_the_display() -> None:
    device, peer = cuff(MODERN, {OLD[0]: 86400.0, OLD[1]: 3600.0, NEW: 150_000_000.0})
    peer.quirk = lambda _: peer.fill(MODERN.settings + 0x2C, b"\xff" * 16)
    told = told_by(device, talk(MODERN))
    assert new(told) == [NEW]
    assert stored(told) == OLD[:2]
    assert [one.needs_display_check for one in readings(told) if not one.stored] == [True]


def test_the_new_one_is_told_before_the_whole_memory_is_read() -> None:
    many = {(f"{120 + n}", "80", "70"): 86400.0 * (60 - n) for n in range(59)} | {NEW: -1.0}
    device, _ = cuff(WRIST, many)
    told = told_by(device, talk(WRIST))
    seconds = [at for at, event in told if getattr(event, "reading", None) is not None]
    assert new(told) == [NEW]
    assert len(stored(told)) == 59
    assert seconds[0] < told[-1][0] - 0.2


def test_a_wrong_clock_is_measured_and_the_time_corrected() -> None:
    device, _ = cuff(WRIST, offset_s=-7200)
    (reading,) = (one for one in readings(told_by(device, talk(WRIST))) if not one.stored)
    assert reading.clock.trust is ClockTrust.CORRECTED
    assert reading.measured_at is not None
    assert abs(reading.measured_at - START.astimezone()) < timedelta(seconds=5)


@pytest.mark.parametrize("model", MODELS)
def test_a_memory_without_news_is_no_failure(model: Model) -> None:
    device, _ = cuff(model, {OLD[0]: 86400.0})
    told = told_by(device, talk(model))
    assert failures(told) == []
    assert new(told) == []
    device, _ = cuff(model, {})
    assert failures(told_by(device, talk(model))) == []


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_written_into_the_memory(model: Model) -> None:
    device, peer = cuff(model)
    told_by(device, talk(model))
    assert "01c0" not in peer.log
    assert [entry for entry in peer.log if entry.startswith("unlock")] == [
        "unlock 01" if model.is_classic else "unlock 11"
    ]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["lose_at", "mute_at", "leaves"])
def test_a_link_that_fails_at_any_step_tells_no_wrong_reading(model: Model, how: str) -> None:
    device, _ = cuff(model)
    told_by(device, talk(model))
    for step in range(1, device.exchanges + 1):
        fault: dict[str, Any]
        fault = {"leaves": True, "mute_at": step} if how == "leaves" else {how: step}
        broken, _ = cuff(model, **fault)
        told = told_by(broken, talk(model))
        assert new(told) in ([], [NEW])
        if not new(told):
            assert failures(told) in ([ConnectionLost], [DeviceSilent])
        assert told[-1][0] < 60


@pytest.mark.parametrize("model", MODELS)
def test_a_session_stopped_at_any_moment_says_goodbye(model: Model) -> None:
    device, _ = cuff(model)
    lasts_s = told_by(device, talk(model))[-1][0]
    for step in range(60):
        stopped, peer = cuff(model)
        stopped_after(lasts_s * step / 60, stopped, talk(model))
        assert not peer.in_session


def test_a_device_that_wants_its_bond_first_is_paired() -> None:
    device, _ = cuff(WRIST, wants_bond=True)
    assert new(told_by(device, talk(WRIST))) == [NEW]
    assert device.log.count("pair") == 1
    refusing, _ = cuff(MODERN, wants_bond=True, refuses_pairing=True)
    assert failures(told_by(refusing, talk(MODERN))) == [PairingRefused]


@pytest.mark.parametrize("secret", ["00" * 16, None, "nonsense"])
def test_without_the_right_key_nothing_is_read(secret: str | None) -> None:
    device, peer = cuff(WRIST)
    told = told_by(device, talk(WRIST, secret))
    assert len(failures(told)) == 1
    assert readings(told) == []
    assert "0100" not in peer.log


def garbled(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 0x10])


def test_a_frame_with_a_wrong_check_is_asked_for_again() -> None:
    device, peer = cuff(WRIST)
    ticks, count = peer.quirk, 0

    def once(command: bytes) -> list[bytes] | None:
        nonlocal count
        ticks(command)
        count += 1
        return [garbled(frame) for frame in peer._answers(command)] if count == 4 else None

    peer.quirk = once
    assert new(told_by(device, talk(WRIST))) == [NEW]


def test_a_damaged_new_record_is_refused_and_no_older_one_takes_its_place() -> None:
    damaged = WRIST.record(NEW, START)[:-1] + b"\x00"
    device, _ = cuff(WRIST, {OLD[0]: 86400.0, OLD[1]: 3600.0}, raw={2: damaged})
    told = told_by(device, talk(WRIST))
    (refused,) = refusals(told)
    assert isinstance(refused.error, DecodingError)
    assert not refused.stored
    assert new(told) == []


def test_a_damaged_record_behind_an_old_one_is_old() -> None:
    damaged = WRIST.record(NEW, START)[:-1] + b"\x00"
    ages = {OLD[0]: 86400.0 * 3, OLD[1]: 86400.0 * 2, OLD[2]: 86400.0, NEW: -1.0}
    device, _ = cuff(WRIST, ages, raw={1: damaged})
    told = told_by(device, talk(WRIST))
    assert [refused.stored for refused in refusals(told)] == [True]
    assert new(told) == [NEW]


@pytest.mark.parametrize("model_number", [b"HEM-7155T_ESL", b"HEM-7196T1-FLE", b"XYZ"])
def test_a_memory_that_nobody_has_read_is_refused(model_number: bytes) -> None:
    device, peer = cuff(MODERN)
    device.values[MODEL_NUMBER] = model_number
    assert failures(told_by(device, talk(MODERN))) == [Unsupported]
    assert peer.log == []


def test_without_a_clock_a_broken_link_leaves_the_new_record_to_be_told_the_next_time() -> None:
    whole, _ = cuff(CLOCKLESS)
    told_by(whole, talk(CLOCKLESS))
    for step in range(1, whole.exchanges):
        listening = talk(CLOCKLESS)
        broken, _ = cuff(CLOCKLESS, lose_at=step)
        first = told_by(broken, listening)
        again, _ = cuff(CLOCKLESS)
        assert new(first) + new(told_by(again, replace(listening, events=Queue()))) == [NEW]


# ── enrolment ────────────────────────────────────────────────────────────────────────────────


async def enrol(link: Link, talk: Conversation) -> None:
    await enrol_device(link, talk)


def test_a_cuff_in_pairing_mode_gets_a_key_that_opens_it_afterwards() -> None:
    device, peer = cuff(WRIST, key=None, programming=True)
    enrolling = talk(WRIST, None)
    assert failures(told_by(device, enrolling, enrol)) == []
    assert peer.key not in {None, KEY}
    assert not peer.in_session
    later = replace(talk(WRIST), secrets=enrolling.secrets)
    assert new(told_by(device, later)) == [NEW]


def test_a_kept_key_is_given_again() -> None:
    device, peer = cuff(WRIST, key=None, programming=True)
    told_by(device, talk(WRIST), enrol)
    assert peer.key == KEY


def test_no_key_is_given_away_that_nobody_keeps() -> None:
    device, peer = cuff(WRIST, key=None, programming=True)
    told = told_by(device, replace(talk(WRIST), secrets=NoSecrets()), enrol)
    assert failures(told) == [NoKeyring]
    assert peer.key is None


def test_a_cuff_that_is_not_in_pairing_mode_is_not_enrolled() -> None:
    device, peer = cuff(WRIST, programming=False)
    assert failures(told_by(device, talk(WRIST, None), enrol)) == [NotInPairingMode]
    assert peer.key == KEY
