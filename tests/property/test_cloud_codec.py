"""Laws of the cloud decoders: every digit as sent, any JSON is records or a named refusal."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.cloud.errors import CloudError
from ohx_desktop.cloud.google_health.data_types import DATA_TYPES, Span
from ohx_desktop.cloud.google_health.envelope import object_of
from ohx_desktop.cloud.google_health.points import decode_points
from ohx_desktop.cloud.google_health.sleep import decode_nights as google_nights
from ohx_desktop.cloud.google_health.steps import decode_days
from ohx_desktop.cloud.records import CloudRecord, Reason
from ohx_desktop.cloud.withings.activity import decode_activities
from ohx_desktop.cloud.withings.envelope import body_of
from ohx_desktop.cloud.withings.measure_types import KINDS
from ohx_desktop.cloud.withings.measures import decode_measures
from ohx_desktop.cloud.withings.sleep import decode_nights
from ohx_desktop.domain.plausibility import LIMITS
from ohx_desktop.domain.quantity import measured

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VECTORS = Path(__file__).parents[1] / "vectors" / "cloud"
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Told:
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def _measures(groups: list[Any]) -> tuple[CloudRecord, ...]:
    envelope = {
        "status": 0,
        "body": {
            "updatetime": int(NOW.timestamp()),
            "timezone": "Europe/Berlin",
            "measuregrps": groups,
        },
    }
    body = body_of(Told(json.dumps(envelope).encode()))
    return decode_measures(body, user_id="1", now=NOW).found.records


@given(
    kind=st.sampled_from(sorted(set(KINDS) - {9, 10})),
    value=st.integers(-(10**9), 10**9),
    exponent=st.integers(-6, 3),
    as_text=st.booleans(),
)
def test_a_value_is_exactly_value_times_a_power_of_ten_or_refused(
    kind: int, value: int, exponent: int, as_text: bool
) -> None:
    told: Any = str(value) if as_text else value
    measure = {"type": kind, "value": told, "unit": exponent}
    group = {"grpid": 5, "attrib": 0, "category": 1, "date": 1793003400, "measures": [measure]}
    records = _measures([group])
    quantity_kind, unit = KINDS[kind]
    expected = measured(quantity_kind, Decimal(f"{value}E{exponent}"), unit)
    limits = LIMITS[quantity_kind][expected.unit]
    if not limits.low <= expected.value <= limits.high:
        assert not records
        return
    (found,) = records[0].values
    sent = found.quantity.original or found.quantity
    assert sent.value.as_tuple() == Decimal(value).scaleb(exponent).as_tuple()
    assert found.quantity == expected


@given(
    kind=st.sampled_from(
        sorted(
            each.id
            for each in DATA_TYPES.values()
            if each.span is Span.SAMPLE and len(each.fields) == 1 and each.id != "blood-glucose"
        )
    ),
    digits=st.integers(0, 10**7),
    places=st.integers(0, 4),
    as_text=st.booleans(),
)
def test_a_number_of_google_keeps_every_digit_or_is_refused(
    kind: str, digits: int, places: int, as_text: bool
) -> None:
    data_type = DATA_TYPES[kind]
    number = Decimal(digits).scaleb(-places)
    text = f'"{number:f}"' if as_text else f"{number:f}"
    sample = '"sampleTime":{"physicalTime":"2026-11-12T06:39:58Z","utcOffset":"3600s"}'
    (field_,) = data_type.fields
    content = f'{{{sample},"{field_.names[0]}":{text}}}'
    point = (
        f'{{"dataSource":{{"recordingMethod":"ACTIVELY_MEASURED"}},"{data_type.member}":{content}}}'
    )
    body = object_of(Told(f'{{"dataPoints":[{point}]}}'.encode()))
    found = decode_points(body, data_type, user_id="1", local=None, now=NOW)
    if not found.records:
        assert [one.reason for one in found.skipped] == [Reason.IMPLAUSIBLE]
        return
    quantity = found.records[0].values[0].quantity
    sent = quantity.original or quantity
    assert f"{sent.value:f}" == f"{number:f}"


@given(
    first=st.integers(0, 400 * 24 * 60),
    apart=st.integers(1, 3 * 60),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Tokyo"]
    ),
)
def test_two_instants_stay_distinct_and_ordered_in_every_zone(
    first: int, apart: int, zone: str
) -> None:
    begin = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(minutes=first)
    groups = [
        {
            "grpid": number,
            "attrib": 0,
            "category": 1,
            "timezone": zone,
            "date": int((begin + timedelta(minutes=number * apart)).timestamp()),
            "measures": [{"type": 1, "value": 78, "unit": 0}],
        }
        for number in (0, 1)
    ]
    readings = [record.reading(NOW) for record in _measures(groups)]
    earlier, later = (reading.measured_at for reading in readings)
    assert earlier is not None
    assert later is not None
    assert later.astimezone(UTC) - earlier.astimezone(UTC) == timedelta(minutes=apart)
    assert earlier < later
    assert earlier.isoformat() != later.isoformat()
    assert readings[0].id != readings[1].id


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["3600s", "Europe", "-1", "1e99", "2026-02-30", 10**30, "9" * 40]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    members = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree if isinstance(tree, list) else [])
    )
    for key, inner in members:
        found += _places(inner, (*path, key))
    return found


def _replaced(tree: Any, path: tuple[Any, ...], by: Any) -> Any:
    copy = json.loads(json.dumps(tree))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = by
    return copy


def _decode(name: str, tree: Any) -> tuple[CloudRecord, ...]:
    told = Told(json.dumps(tree).encode())
    if name.startswith("withings"):
        body = body_of(told)
        if "sleep" in name:
            return decode_nights(body, user_id="1", now=NOW).records
        if "activity" in name:
            return decode_activities(body, user_id="1", now=NOW).records
        return decode_measures(body, user_id="1", now=NOW).found.records
    body = object_of(told)
    if "sleep" in name:
        return google_nights(body, user_id="1", local=BERLIN, now=NOW).records
    if "steps" in name:
        return decode_days(body, user_id="1", local=BERLIN, now=NOW).records
    kind = {"google-weight-page1": "weight", "google-glucose": "blood-glucose"}.get(
        name, "daily-resting-heart-rate"
    )
    return decode_points(body, DATA_TYPES[kind], user_id="1", local=BERLIN, now=NOW).records


@pytest.mark.parametrize(
    "name",
    [
        *("withings-getmeas-scale", "withings-sleep-summary", "withings-activity"),
        *("google-weight-page1", "google-glucose", "google-sleep", "google-steps-daily"),
        "google-resting-heart-rate",
    ],
)
@given(data=st.data())
def test_anything_in_any_place_is_a_plausible_record_or_a_named_refusal(
    name: str, data: st.DataObject
) -> None:
    tree = json.loads((VECTORS / f"{name}.json").read_bytes())
    path = data.draw(st.sampled_from(_places(tree)))
    changed = _replaced(tree, path, data.draw(_json))
    try:
        records = _decode(name, changed)
    except CloudError:
        return
    for record in records:
        reading = record.reading(NOW)
        for quantity in reading.quantities:
            limits = LIMITS[quantity.kind][quantity.unit]
            assert limits.low <= quantity.value <= limits.high
