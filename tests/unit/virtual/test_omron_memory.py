"""The memory of a virtual Omron cuff against captured bytes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ohx_desktop.virtual.encoding import CuffRecord, StatusFlag
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_memory import (
    ClockRefused,
    EepromMemory,
    OutsideMemory,
    encode_clock,
    encode_record,
    parse_clock,
    with_odd_parity,
)
from ohx_desktop.virtual.omron_models import (
    EEPROM_PROFILES,
    HEM_6232T,
    HEM_7142T2,
    HEM_7146T,
    HEM_7155T,
    HEM_7322T,
    HEM_7380T1,
    ClockLayout,
    EepromProfile,
)

NOW = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
EVERYTHING_WRONG = StatusFlag.BODY_MOVEMENT | StatusFlag.IRREGULAR_PULSE | StatusFlag.CUFF_TOO_LOOSE


def record(
    values: Sequence[int], at: str, *, user: int = 1, status: StatusFlag = StatusFlag.NONE
) -> CuffRecord:
    systolic, diastolic, pulse = map(Decimal, values)
    return CuffRecord(
        systolic=systolic,
        diastolic=diastolic,
        mean=None,
        pulse=pulse,
        taken_at=datetime.fromisoformat(at),
        user=user,
        status=status,
    )


def memory_of(profile: EepromProfile, **options: timedelta | datetime) -> EepromMemory:
    return EepromMemory(profile, CuffClock(now=lambda: NOW, **options))  # type: ignore[arg-type]  # test shorthand


@pytest.mark.parametrize(
    ("profile", "taken", "sequence", "stored"),
    [
        (
            HEM_7142T2,
            record((126, 88, 84), "2026-06-17T19:35:30"),
            76,
            "6558541a331ade1800004c00ba00",
        ),
        (
            HEM_7155T,
            record((128, 82, 71), "2026-11-23T09:41:07"),
            5,
            "6752471ae92e471a0000050000009700",
        ),
        (
            HEM_7155T,
            record((151, 97, 88), "2026-03-29T02:30:00", status=EVERYTHING_WRONG),
            6,
            "7e61581aa2cf80070000060000004f00",
        ),
        (
            HEM_6232T,
            record((124, 82, 58), "2023-04-08T18:52:52"),
            524,
            "5263573a11121d340000020c37c8",
        ),
        (
            HEM_7322T,
            record((130, 88, 66), "2021-05-28T10:46:12"),
            1,
            "58691542178a1b8c005f958017d4",
        ),
    ],
)
def test_a_record_is_stored_as_captured(
    profile: EepromProfile, taken: CuffRecord, sequence: int, stored: str
) -> None:
    assert encode_record(taken, profile, sequence=sequence).hex() == stored


@pytest.mark.parametrize(
    ("layout", "block", "shown"),
    [
        (ClockLayout.T1, "a0c0061a120f131437c8", "2026-06-15T18:20:19"),
        (ClockLayout.T2, "50c0000300000000051a0a0e0806a758", "2026-05-14T10:06:08"),
        (ClockLayout.T3, "c8a80000000000001a06120e3509ee00", "2026-06-18T14:53:09"),
    ],
)
def test_a_clock_block_is_as_captured(layout: ClockLayout, block: str, shown: str) -> None:
    raw, moment = bytes.fromhex(block), datetime.fromisoformat(shown)
    start = raw[: 2 if layout is ClockLayout.T1 else 8]
    assert encode_clock(moment, layout, start=start) == raw
    assert parse_clock(raw, layout) == moment


@pytest.mark.parametrize(
    "block",
    [
        "c8a80000000000001a06120e3509ef00",  # check byte
        "c8a80000000000001a0d120e3509f500",  # month 13
        "ff" * 16,  # a blank block copied back
    ],
)
def test_an_impossible_clock_block_is_refused(block: str) -> None:
    with pytest.raises(ClockRefused):
        parse_clock(bytes.fromhex(block), ClockLayout.T3)


def test_the_check_bytes_of_a_record_are_each_others_complement() -> None:
    stored = encode_record(record((120, 90, 98), "2026-06-11T18:06:12"), HEM_7146T, sequence=14)
    assert stored[:8].hex() == "5f5a621a72198c11"  # as captured
    assert (stored[12], stored[13]) == (sum(stored[:12]) & 0xFF, stored[12] ^ 0xFF)


@pytest.mark.parametrize(
    ("number", "word"), [(99, 0x8063), (0x4000, 0x4000), (0, 0x8000), (100, 0x0064)]
)
def test_a_pointer_has_odd_parity(number: int, word: int) -> None:
    assert with_odd_parity(number, bits=16) == word


def test_the_index_of_a_full_ring_is_as_captured() -> None:
    memory = memory_of(HEM_6232T)
    for number in range(224):
        memory.store(record((120, 80, 60), f"2026-11-{1 + number % 28:02d}T08:00:00"))
    assert memory.read(0x0260, 16).hex() == "401880000064800000e0000000008000"


def test_a_single_user_index_keeps_the_words_of_the_second_user_cleared() -> None:
    memory = memory_of(HEM_7142T2)
    memory.store(record((126, 88, 84), "2026-06-17T19:35:30"))
    assert memory.read(0x0260, 16).hex() == "01000080010000800100000000000080"


def test_a_ring_that_is_full_writes_over_its_oldest_record() -> None:
    memory = memory_of(HEM_7142T2)
    for number in range(15):
        memory.store(record((120 + number, 80, 60), "2026-11-01T08:00:00"))
    assert memory.read(0x0260, 2) == bytes.fromhex("01c0")
    assert memory.read(0x02E8, 1)[0] == 134 - 25
    assert memory.read(0x02E8 + 14, 1)[0] == 121 - 25
    assert memory.unread == {1: (15, 14)}


def test_a_factory_reset_keeps_the_records_and_the_sequence() -> None:
    memory = memory_of(HEM_7155T)
    memory.store(record((128, 82, 71), "2026-11-23T09:41:07"))
    memory.clear()
    assert memory.read(0x0010, 8).hex() == "0080008000800080"
    assert memory.read(0x0098, 4).hex() == "6752471a"
    assert memory.unread == {1: (1, 0), 2: (0, 0)}


def test_the_second_user_has_slots_of_its_own() -> None:
    memory = memory_of(HEM_7380T1)
    memory.store(record((128, 82, 71), "2026-11-23T09:41:07", user=2))
    assert memory.read(0x01C4, 16) == b"\xff" * 16
    assert memory.read(0x0804, 4).hex() == "6752471a"


def test_a_clock_that_was_never_set_reads_blank_until_it_is_set() -> None:
    memory = memory_of(HEM_7155T, started_at=datetime.fromisoformat("2022-01-01T00:00:00"))
    assert memory.read(0x0010 + 0x2C, 16) == b"\xff" * 16
    block = encode_clock(
        datetime.fromisoformat("2026-11-23T09:41:07"), ClockLayout.T3, start=bytes(8)
    )
    memory.write(0x0054 + 0x2C, block)
    assert memory.read(0x0010 + 0x2C, 16) == block


@pytest.mark.parametrize("profile", EEPROM_PROFILES.values(), ids=EEPROM_PROFILES)
def test_records_cannot_be_written_and_nothing_is_beyond_them(profile: EepromProfile) -> None:
    memory = memory_of(profile)
    end = max(profile.users) + profile.slots * profile.record_size
    assert memory.read(end - 1, 1) == b"\xff"
    with pytest.raises(OutsideMemory):
        memory.read(end - 1, 2)
    with pytest.raises(OutsideMemory):
        memory.read(profile.settings_read - 1, 1)
    with pytest.raises(OutsideMemory):
        memory.write(profile.users[0], b"\x00")
    with pytest.raises(OutsideMemory):
        memory.write(profile.settings_read, b"\x00")
