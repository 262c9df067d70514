"""The table of models: the right one by its name, and nothing read that nobody has shown."""

from datetime import datetime
from typing import Any

import pytest
from beurer_vectors import content, vectors

from ohx_desktop.ble.assigned_numbers import full_uuid
from ohx_desktop.ble.beurer.model import SERVICES, Family, Model
from ohx_desktop.ble.beurer.models import MODELS, model_advertising, model_named
from ohx_desktop.ble.beurer.recognition import sight, users_with_news
from ohx_desktop.ble.beurer.scale_values import encode_show_code
from ohx_desktop.ble.device_clock import credible_time, was_never_set
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.support import Support

NOW = datetime(2026, 11, 24, 12, 0).astimezone()


def test_no_name_means_two_models() -> None:
    advertised = [name.casefold() for model in MODELS for name in model.names]
    assert len(set(advertised)) == len(advertised)
    printed = [model.name.casefold() for model in MODELS]
    assert len(set(printed)) == len(printed)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_is_found_by_each_of_its_names(model: Model) -> None:
    assert model_named(model.name) is model
    for name in model.names:
        assert model_advertising(name.upper()) is model
        assert model_advertising(f" {name.lower()} ") is model


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_row_has_what_its_family_needs(model: Model) -> None:
    assert (model.variant is not None) == (model.family is Family.FFE0_SCALE)
    if model.layout is not None:
        assert model.family is Family.SIG_SCALE
    if model.family is Family.SIG_SCALE:
        assert (model.layout is None) == (model.support is Support.MAP_ONLY)
    assert model.service == SERVICES[model.family]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Beurer BM85", "BM85"),
        ("BM85", "BM85"),
        ("beurer bm54", "BM54"),
        ("SANITAS SBF70", "SBF70"),
        ("BM 59", "BM59"),
        ("PREMIUM800", "BM92"),
        ("SR BM1", "SR BM1"),
        ("Beurer BF700", "BF700"),
        ("BF700", "BF710"),
        ("RT-Libra-B", "Libra"),
        ("Beurer GL50EVO", "GL50evo"),
        ("BM8", None),
        ("BM850", None),
        ("", None),
        ("Beurer", None),
    ],
)
def test_an_advertised_name_means_one_model(name: str, expected: str | None) -> None:
    model = model_advertising(name)
    assert (model and model.name) == expected


def test_the_name_printed_on_a_scale_goes_before_the_one_another_advertises() -> None:
    model = model_named("BF700")
    assert model is not None
    assert model.name == "BF700"


@pytest.mark.parametrize("name", ["BM59", "BF450", "BF405", "GS435", "SRBF1"])
def test_a_model_of_no_known_form_is_not_read_by_default(name: str) -> None:
    model = model_named(name)
    assert model is not None
    assert not model.is_read_by_default


@pytest.mark.parametrize(
    "name", ["BM54", "BM85", "BM48", "BF720", "SBF70", "BC87", "FT95", "PO60", "GL50evo", "GL44"]
)
def test_a_model_of_a_known_form_is_read(name: str) -> None:
    model = model_named(name)
    assert model is not None
    assert model.is_read_by_default


@pytest.mark.parametrize(
    "file", ["blood_pressure", "weighing", "ffe0_weighing", "temperature", "oximetry", "glucose"]
)
def test_captured_is_what_the_vectors_show(file: str) -> None:
    shown = {v["model"] for v in content(file) if "(capture" in v["source"] and "expect" in v}
    for name in shown:
        model = model_named(name)
        assert model is not None
        assert model.support is Support.CAPTURED


@pytest.mark.parametrize("vector", vectors("advertising"))
def test_an_advertisement_tells_what_the_vector_says(vector: dict[str, Any]) -> None:
    sighting = sight(
        Advertisement(
            address="AA:BB:CC:DD:EE:FF",
            name=vector["name"],
            service_uuids=frozenset(map(full_uuid, vector["services"])),
            manufacturer_data={
                int(company, 16): bytes.fromhex(raw) for company, raw in vector["companies"].items()
            },
        )
    )
    if vector["expect"] is None:
        assert sighting is None
        return
    assert sighting is not None
    assert vector["expect"] == {
        "model": sighting.model.name,
        "is_certain": sighting.is_certain,
        "uses_passkey": sighting.uses_passkey,
    }


def test_only_the_bf600_tells_whose_records_are_new() -> None:
    by_name = {model.name: model for model in MODELS}
    assert users_with_news(by_name["BF600"], bytes.fromhex("0103")) == frozenset({1, 3})
    assert users_with_news(by_name["SBF73"], bytes.fromhex("0103")) is None


def test_a_request_to_show_a_code_names_the_user() -> None:
    assert encode_show_code(1) == b"\x11"


@pytest.mark.parametrize(
    ("stamp", "never_set"),
    [
        (datetime(2022, 1, 1, 0, 2), True),
        (datetime(2022, 1, 7, 23, 59), True),
        (datetime(2022, 1, 8), False),
        (datetime(2026, 1, 1, 8), False),
        (datetime(2025, 12, 31, 23), False),
    ],
)
def test_the_beginning_of_an_earlier_year_is_a_clock_nobody_set(
    stamp: datetime, *, never_set: bool
) -> None:
    assert was_never_set(stamp, NOW) is never_set
    assert (credible_time(stamp, None, NOW) is None) is never_set


@pytest.mark.parametrize("stamp", [None, datetime(2015, 6, 1), datetime(2026, 11, 25)])
def test_a_time_nobody_can_have_meant_is_none(stamp: datetime | None) -> None:
    assert credible_time(stamp, None, NOW) is None
