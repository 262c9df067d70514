from decimal import Decimal

import pytest

from ohx_desktop.virtual.ehr.fhir_json import Resource, dumps, loads
from ohx_desktop.virtual.ehr.store import Store


def device(name: str = "Monitor") -> Resource:
    return {"resourceType": "Device", "displayName": name}


def test_a_draft_that_fails_leaves_nothing_behind() -> None:
    store = Store()

    def half_done() -> None:
        with store.draft() as draft:
            draft.write("Device", "a", device())
            raise KeyError("b")

    with pytest.raises(KeyError):
        half_done()
    assert store.count("Device") == 0
    assert store.read("Device", "a") is None


def test_changes_are_seen_by_others_only_when_the_draft_ends() -> None:
    store = Store()
    with store.draft() as draft:
        draft.write("Device", "a", device())
        assert [version.id for version in draft.versions("Device")] == ["a"]
        assert store.count("Device") == 0
    assert store.count("Device") == 1


def test_every_version_stays_readable() -> None:
    store = Store()
    for name in ("first", "second"):
        with store.draft() as draft:
            draft.write("Device", "a", device(name))
    first, second = store.read_version("Device", "a", 1), store.read_version("Device", "a", 2)
    assert first is not None
    assert second is not None
    assert first.resource["displayName"] == "first"
    assert second == store.read("Device", "a")
    assert second.resource["meta"]["versionId"] == "2"
    assert store.read_version("Device", "a", 3) is None
    assert store.read_version("Device", "a", 0) is None


def test_identical_content_makes_no_version_whatever_its_order_and_server_stamps() -> None:
    store = Store()
    with store.draft() as draft:
        first = draft.write("Device", "a", device() | {"status": "active"})
    again = {
        "status": "active",
        "meta": {"versionId": "9", "lastUpdated": "2000-01-01T00:00:00Z"},
        **device(),
    }
    with store.draft() as draft:
        assert draft.write("Device", "a", again) is first


def test_a_trailing_zero_is_another_content() -> None:
    store = Store()
    for digits in ("72.5", "72.50"):
        with store.draft() as draft:
            written = draft.write("Device", "a", {"value": Decimal(digits)})
    assert written.number == 2


def test_a_new_id_is_never_one_that_a_client_has_chosen() -> None:
    store = Store()
    with store.draft() as draft:
        draft.write("Device", "1001", device())
    with store.draft() as draft:
        assert draft.new_id("Device") == "1002"


@pytest.mark.parametrize("digits", ["72.50", "0.00000000", "-0.1", "1.0E+2", "120", "0", "1E+5"])
def test_numbers_keep_their_digits(digits: str) -> None:
    assert dumps(loads(f'{{"value": {digits}}}')) == f'{{"value": {digits}}}'


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": 1, "a": 2}', '{"a":', ""])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_a_float_is_never_written() -> None:
    with pytest.raises(TypeError):
        dumps({"value": 0.1})
