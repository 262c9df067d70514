"""The table of families and faults in short, with every test run; `make device-table` is whole."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from catalogue import FAMILIES
from fault_table import lines_of
from faults_to_try import HEALTHY, Case
from judging import golden_of, violations
from playing import NOT_HEARD, READING, play
from virtual_time import VirtualTimeLoop

from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.faults import Faults

# So many faults are tried with each family at least.
FAULTS = 30
# What these scenes are about is that a good session gives no reading.
GIVES_NONE = {
    "omron-eeprom-other-host": "pairing-refused",
    "scale-no-user": "pairing-refused",
    "scale-unpaired": "pairing-refused",
    "ffe0-scale-dozing": "device-silent",
    "thermometer-ft95-object": "unsupported",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_fault_makes_a_wrong_reading_a_hang_or_a_leak(family: str) -> None:
    lines = list(lines_of(family, lambda case: "megabytes" not in case.group, most=1))
    assert len(lines) >= FAULTS
    assert [rule for line in lines for rule in line.broken] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_good_session_gives_the_reading(family: str) -> None:
    played = play(FAMILIES[family], HEALTHY)
    assert played.told == GIVES_NONE.get(family, READING)


@pytest.mark.parametrize("family", ["omron", "ffe0-scale"])
def test_a_device_that_sends_without_end_is_left(family: str) -> None:
    (line,) = lines_of(family, lambda case: case.group == "sends megabytes without end")
    assert not line.broken
    assert line.longest_s < 30.0


# ── the judge can tell ───────────────────────────────────────────────────────────────────────


def test_a_value_that_was_never_measured_is_found() -> None:
    played = play(FAMILIES["omron"], HEALTHY)
    golden = golden_of(played)
    assert not list(violations(played, HEALTHY, golden))
    new, *others = played.readings
    wrong = replace(new.quantities[0], value=Decimal(129))
    played.readings = [replace(new, quantities=(wrong, *new.quantities[1:])), *others]
    assert "a value that was never measured" in violations(played, HEALTHY, golden)


def test_an_old_reading_that_is_told_as_new_is_found() -> None:
    played = play(FAMILIES["omron"], HEALTHY)
    golden = golden_of(played)
    new, old, *others = played.readings
    played.readings = [new, replace(old, stored=False), *others]
    found = list(violations(played, HEALTHY, golden))
    assert "AN OLD READING WAS TAKEN FOR THE NEW ONE" in found
    assert "tells two new readings" in found


def test_a_wrong_time_is_found_where_it_is_vouched_for() -> None:
    played = play(FAMILIES["omron"], HEALTHY)
    golden = golden_of(played)
    new, *others = played.readings
    assert new.measured_at is not None
    late = replace(new, measured_at=new.measured_at + timedelta(minutes=10))
    played.readings = [late, *others]
    assert "a wrong time that is vouched for" in violations(played, HEALTHY, golden)
    doubted = replace(late, clock=replace(late.clock, trust=ClockTrust.UNKNOWN))
    played.readings = [doubted, *others]
    assert "a wrong time that is vouched for" not in violations(played, HEALTHY, golden)


def test_a_reading_that_is_lost_is_found() -> None:
    played = play(FAMILIES["omron"], HEALTHY)
    golden = golden_of(played)
    assert QuantityKind.SYSTOLIC_BLOOD_PRESSURE in golden
    played.readings = played.readings[1:]
    assert "lost the reading" in violations(played, HEALTHY, golden)


def test_a_device_that_never_calls_is_not_heard() -> None:
    silent = Case(group="x", event=None, faults=Faults())
    scenario = replace(FAMILIES["omron"], measure_after_s=1000.0)
    assert play(scenario, silent).told == NOT_HEARD


def test_waiting_for_nobody_is_no_waiting_for_ever() -> None:
    loop = VirtualTimeLoop()
    try:
        with pytest.raises(RuntimeError, match="for ever"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()


# ── what the table once found ────────────────────────────────────────────────────────────────


def test_a_scale_that_numbers_its_records_anew_tells_each_once() -> None:
    lost = Faults(lose_link_after_operations=13, connections=1)
    played = play(FAMILIES["ffe0-scale-unknown-person"], Case(group="x", faults=lost))
    assert played.sessions == 2
    assert len({reading.id for reading in played.readings}) == len(played.readings) == 4


@pytest.mark.parametrize("minutes", [-60, 60])
def test_a_clock_that_is_set_only_now_vouches_for_no_earlier_time(minutes: int) -> None:
    wrong = Case(group="x", clock_offset=timedelta(minutes=minutes))
    played = play(FAMILIES["scale"], wrong)
    stored = [reading for reading in played.readings if reading.stored]
    assert len(stored) >= 3
    assert {reading.clock.trust for reading in stored} == {ClockTrust.UNKNOWN}


def test_who_stood_on_a_scale_in_vain_is_told() -> None:
    faults = Faults(reordered_indication=5)
    assert play(FAMILIES["ffe0-scale"], Case(group="x", faults=faults)).told == "device-silent"
