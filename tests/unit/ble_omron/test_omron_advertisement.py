"""What Omron devices tell on the air."""

from typing import Any

import pytest
from omron_vectors import vectors

from ohx_desktop.ble.omron.advertisement import (
    UserCounters,
    decode_company_data,
    decode_local_name,
)
from ohx_desktop.ble.omron.models import candidates_for_advertised_id

FLAGS = {
    "clock_not_set": 0x04,
    "pairing_mode": 0x08,
    "streaming": 0x10,
    "standard_mode": 0x20,
    "forced_transfer": 0x40,
}


@pytest.mark.parametrize("vector", vectors("company_data"))
def test_company_data_say_what_the_vector_says(vector: dict[str, Any]) -> None:
    data, expect = decode_company_data(bytes.fromhex(vector["frame"])), vector["expect"]
    assert data is not None
    assert data.format == expect["format"]
    assert data.users == tuple(
        UserCounters(last_sequence=last, records=records) for last, records in expect["users"]
    )
    assert [name for name in FLAGS if getattr(data, name)] == expect["set"]


@pytest.mark.parametrize(("name", "bit"), FLAGS.items())
def test_every_flag_has_its_bit(name: str, bit: int) -> None:
    for body in (bytes([1, bit, 0, 0, 0]), bytes([8, bit]) + bytes(8), bytes([9, bit]) + bytes(9)):
        data = decode_company_data(body)
        assert data is not None
        assert [flag for flag in FLAGS if getattr(data, flag)] == [name]


def test_the_one_format_with_a_result_tells_less() -> None:
    data = decode_company_data(bytes([3, 0x3C, 1]))
    assert data is not None
    assert (data.clock_not_set, data.pairing_mode) == (True, True)
    assert (data.standard_mode, data.streaming, data.forced_transfer) == (None, None, None)
    assert data.users is None


def test_the_format_that_comes_with_four_bytes_more_is_read() -> None:
    data = decode_company_data(bytes.fromhex("06002a000501020304"))
    assert data is not None
    assert data.users == (UserCounters(last_sequence=42, records=5),)


def test_what_is_not_settled_is_not_told() -> None:
    for body in (bytes([8, 0]) + bytes(8), bytes([9, 0]) + bytes(7)):
        data = decode_company_data(body)
        assert data is not None
        assert data.users is None


@pytest.mark.parametrize(
    "body", ["", "01", "0101b000", "01002a000500", "0300", "0700112233", "08000000", "0900"]
)
def test_a_form_that_nobody_knows_is_ignored(body: str) -> None:
    assert decode_company_data(bytes.fromhex(body)) is None


@pytest.mark.parametrize("vector", vectors("local_name"))
def test_a_local_name_says_what_the_vector_says(vector: dict[str, Any]) -> None:
    name, expect = decode_local_name(bytes.fromhex(vector["frame"]).decode()), vector["expect"]
    assert name is not None
    maps = candidates_for_advertised_id(name.model_id).maps
    assert (maps[0].model if maps else None) == expect.pop("map")
    assert {field: getattr(name, field) for field in expect} == expect


@pytest.mark.parametrize("name", ["", "HEM-7361T", "BLESmart_0000011F", "BLESmart_" + "0" * 21])
def test_another_name_is_none_of_omron_s(name: str) -> None:
    assert decode_local_name(name) is None
