"""Which memory map a device has is decided by what it shows, never by guess."""

from itertools import pairwise

import pytest

from ohx_desktop.ble.omron.memory_map import RecordForm, Unconfirmed
from ohx_desktop.ble.omron.model_names import ADVERTISED, MARKETING, SAME_MAP, SAME_SCALE_MAP
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.models import (
    Observation,
    candidates_for_advertised_id,
    candidates_for_name,
    decide,
)
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE, MODERN_SERVICE
from ohx_desktop.ble.support import Support
from ohx_desktop.domain.errors import Unsupported


def names(model: str) -> list[str]:
    return [one.model for one in candidates_for_name(model).maps]


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        ("HEM-7322T", ["7322T"]),
        ("hem-7322t-e", ["7322T"]),
        ("HEM-7361T", ["7342T"]),
        ("HEM-7155T_ESL1", ["7155T-MW3"]),
        ("HEM-7155T_K4", ["7155T-K4"]),
        ("HEM-7155T", ["7155T", "7155T-MW", "7155T-K4", "7155T-MW3"]),
        ("HEM-6231T", ["6231T", "6231T_Z"]),
        ("HEM-6231T-SH", ["6231T"]),
        ("M7 Intelli  IT", ["7322T", "7342T"]),
        ("X4 Smart", ["7155T", "7155T-K4", "7155T-MW3"]),
        ("BP7350", ["7155T", "7155T-K4"]),
        ("Complete", ["7530T"]),
        ("HN300T2IntelliIT", ["HN-300T2"]),
        ("HBF-227T", ["HBF-222T"]),
        ("HEM-7142", []),
        ("HEM-9999T", []),
        ("BM54", []),
        ("", []),
    ],
)
def test_a_name_gives_every_map_it_may_stand_for(name: str, maps: list[str]) -> None:
    assert names(name) == maps


def test_every_name_of_the_tables_leads_to_a_map() -> None:
    known = {one.model for one in MAPS}
    assert len(known) == len(MAPS)
    assert set(SAME_MAP | SAME_SCALE_MAP) <= known
    for listed in (SAME_MAP | SAME_SCALE_MAP).values():
        assert all(names(name) for name in listed.split())
    for ids in [*MARKETING.values(), *ADVERTISED.values()]:
        assert all(names(id_) for id_ in ids)
    all_names = " ".join(SAME_MAP.values()).split()
    assert len(all_names) == len(set(all_names))


@pytest.mark.parametrize(
    ("id_", "maps"),
    [
        ("00000258", ["7342T"]),
        ("0000056A", ["7155T", "7155T-MW", "7155T-K4", "7155T-MW3"]),
        ("0000059f", ["7142T2"]),
        ("00000116", []),
        ("00010208", ["HBF-222T"]),
    ],
)
def test_an_advertised_id_gives_every_map_it_may_stand_for(id_: str, maps: list[str]) -> None:
    assert [one.model for one in candidates_for_advertised_id(id_).maps] == maps


def test_what_must_be_seen_is_told() -> None:
    assert candidates_for_name("HEM-7322T").observe == set()
    assert candidates_for_name("BP7350").observe == {Observation.SERVICE}
    assert candidates_for_name("M7 Intelli IT").observe == {Observation.MODEL_NUMBER}
    assert candidates_for_name("X4 Smart").observe == set(Observation)


def test_the_service_and_the_model_number_decide() -> None:
    smart = candidates_for_name("X4 Smart")
    assert decide(smart, services={CLASSIC_SERVICE}, model_number=None).model == "7155T"
    modern = {MODERN_SERVICE, "1810"}
    assert decide(smart, services=modern, model_number="HEM-7155T_ESL1").model == "7155T-MW3"
    intelli = candidates_for_name("M7 Intelli IT")
    number = "HEM-7361T-EBK"
    assert decide(intelli, services={CLASSIC_SERVICE}, model_number=number).model == "7342T"


@pytest.mark.parametrize(
    ("name", "service", "model_number"),
    [
        ("X4 Smart", MODERN_SERVICE, None),
        ("M7 Intelli IT", CLASSIC_SERVICE, None),
        ("M7 Intelli IT", CLASSIC_SERVICE, "M7 Intelli IT"),
        ("HEM-7322T", MODERN_SERVICE, "HEM-7322T"),
        ("HEM-7322T", CLASSIC_SERVICE, "HEM-7361T"),
        ("HEM-7322T", CLASSIC_SERVICE, "something new"),
        ("HEM-9999T", CLASSIC_SERVICE, None),
    ],
)
def test_a_device_that_leaves_a_doubt_is_refused(
    name: str, service: str, model_number: str | None
) -> None:
    with pytest.raises(Unsupported):
        decide(candidates_for_name(name), services={service}, model_number=model_number)


def test_no_map_contradicts_itself() -> None:
    for one in MAPS:
        size = one.record.size
        spans = [(a.start, a.start + a.slots * size) for a in one.users]
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert len(one.users) == len(one.index.users)
        for offsets in one.index.users:
            assert max(offsets) + one.index.word <= one.index.size
        assert all(at + 4 <= one.index.size for at in one.index.sequences)
        for area in one.users:
            assert area.slots < 1 << 8 * one.index.word - 2
        assert (one.clock is None) is (Unconfirmed.CLOCK in one.unconfirmed)
        if one.clock is not None:
            assert one.clock.offset + one.clock.size <= one.settings.size
            assert one.clock.offset >= one.index.size or one.model == "HN-300T2"
        assert 0x10 <= one.block <= 0x38


def test_layouts_that_nobody_has_seen_are_marked() -> None:
    unseen = {RecordForm.BYTES_16, RecordForm.BYTES_32, RecordForm.NIGHT_VIEW_24}
    for one in MAPS:
        disputed = one.record in {RecordForm.COMPOSITION_32, RecordForm.COMPOSITION_48}
        assert (Unconfirmed.RECORD in one.unconfirmed) is (one.record in unseen or disputed)
        if one.record in unseen:
            assert one.support is Support.MAP_ONLY
