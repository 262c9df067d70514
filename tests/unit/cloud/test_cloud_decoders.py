"""What is no reading stays none, what is in doubt goes to a person, the rest of a page stands."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cloud_samples import NOW, SampleAnswer, body_text

from ohx_desktop.cloud import errors, moments
from ohx_desktop.cloud.google_health import points, sleep
from ohx_desktop.cloud.google_health.data_types import DATA_TYPES
from ohx_desktop.cloud.google_health.envelope import object_of
from ohx_desktop.cloud.records import Judgement, Origin, Owner, Reason, Records
from ohx_desktop.cloud.withings.envelope import body_of
from ohx_desktop.cloud.withings.measures import decode_measures
from ohx_desktop.cloud.withings.models import model_name
from ohx_desktop.cloud.withings.signing import nonce_form, signed_form
from ohx_desktop.domain.flags import Flag

JSON = {"content-type": "application/json"}
SECRET = "s3cr3t"  # noqa: S105 - of the published vector
Json = dict[str, Any]


def _told(body: object, status: int = 200) -> SampleAnswer:
    return SampleAnswer(status=status, headers=JSON, body=json.dumps(body).encode())


def _group(*measures: Json, **others: Any) -> Json:
    group = {"grpid": 7, "attrib": 0, "category": 1, "date": 1793003400, "deviceid": "d"}
    return {**group, "measures": list(measures), **others}


def _measure(kind: int, value: object, unit: object = 0, **others: Any) -> Json:
    return {"type": kind, "value": value, "unit": unit, **others}


def _found(*groups: Json, zone: str = "Europe/Berlin") -> Records:
    body = {"updatetime": 1793003900, "timezone": zone, "measuregrps": list(groups)}
    return decode_measures(body_of(_told({"status": 0, "body": body})), user_id="1", now=NOW).found


def _left_out(found: Records) -> list[tuple[str | None, Reason]]:
    return [(one.part, one.reason) for one in found.skipped]


def _points(kind: str, *rows: Json) -> Records:
    body = object_of(_told({"dataPoints": list(rows)}))
    return points.decode_points(body, DATA_TYPES[kind], user_id="1", local=None, now=NOW)


# ── Withings ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("attrib", "judgement", "origin", "owner", "flags"),
    [
        (0, Judgement.OFFER, Origin.DEVICE, Owner.SURE, set()),
        (1, Judgement.AMBIGUOUS, Origin.DEVICE, Owner.AMBIGUOUS, {Flag.AMBIGUOUS_PERSON}),
        (2, Judgement.OFFER, Origin.MANUAL, Owner.SURE, {Flag.MANUAL_ENTRY}),
        (5, Judgement.OFFER, Origin.DEVICE, Owner.SURE, {Flag.MEASUREMENT_AVERAGED}),
        (7, Judgement.OFFER, Origin.DEVICE, Owner.SURE, {Flag.USER_CONFIRMED}),
        (8, Judgement.OFFER, Origin.DEVICE, Owner.SURE, set()),
        (15, Judgement.OFFER, Origin.DEVICE, Owner.SURE, set()),
        (3, Judgement.AMBIGUOUS, Origin.UNKNOWN, Owner.UNKNOWN, set()),
        (17, Judgement.AMBIGUOUS, Origin.UNKNOWN, Owner.UNKNOWN, set()),
        (None, Judgement.AMBIGUOUS, Origin.UNKNOWN, Owner.UNKNOWN, set()),
    ],
)
def test_who_was_measured_is_never_guessed(
    attrib: int | None, judgement: Judgement, origin: Origin, owner: Owner, flags: set[Flag]
) -> None:
    (record,) = _found(_group(_measure(1, 78215, -3), attrib=attrib)).records
    assert (record.judgement, record.origin, record.owner) == (judgement, origin, owner)
    assert record.reading(NOW).flags == flags


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (_group(_measure(1, 75), category=2), Reason.GOAL),
        (_group(_measure(1, 75), category=3), Reason.UNKNOWN_TYPE),
        (_group(_measure(1, 75), attrib=4), Reason.ACCOUNT_CREATION),
        (_group(), Reason.EMPTY_GROUP),
        (_group(_measure(1, 75), date=1), Reason.IMPLAUSIBLE_TIME),
        (_group(_measure(1, 75), date=1893003400), Reason.IMPLAUSIBLE_TIME),
        (_group(_measure(1, 999)), Reason.IMPLAUSIBLE),
        (_group(_measure(9, 131), _measure(10, 82)), Reason.IMPLAUSIBLE),
    ],
)
def test_a_group_that_is_no_reading_leaves_the_rest_of_the_page(
    group: Json, reason: Reason
) -> None:
    found = _found(group, _group(_measure(1, 80), grpid=8))
    assert _left_out(found) == [(None, reason)]
    assert [record.key for record in found.records] == ["withings:1:8"]


@pytest.mark.parametrize(
    ("measures", "part", "reason"),
    [
        ([_measure(9, 82)], "9", Reason.INCOMPLETE_PRESSURE),
        ([_measure(10, 131), _measure(9, None)], "9", Reason.IMPLAUSIBLE_ENCODING),
        ([_measure(76, 50, position=2)], "76", Reason.SEGMENTAL),
        ([_measure(174, 9, position=10)], "174", Reason.SEGMENTAL),
        ([_measure(174, 9, position=7)], "174", Reason.UNSUPPORTED_TYPE),
        ([_measure(130, 0)], "130", Reason.UNSUPPORTED_TYPE),
        ([_measure(12, 36)], "12", Reason.UNCLEAR_OBJECT),
        ([_measure(9001, 1)], "9001", Reason.UNKNOWN_TYPE),
        ([_measure(8, 20), _measure(8, 21)], "8", Reason.CONFLICTING_DUPLICATE),
        ([_measure(8, 20), _measure(8, 21, position=7)], "8", Reason.CONFLICTING_DUPLICATE),
        ([_measure(8, 20.5)], "8", Reason.IMPLAUSIBLE_ENCODING),
        ([_measure(8, 20, -10)], "8", Reason.IMPLAUSIBLE_ENCODING),
        ([_measure(8, True)], "8", Reason.IMPLAUSIBLE_ENCODING),
    ],
)
def test_a_measure_that_is_no_reading_leaves_the_rest_of_the_group(
    measures: list[Json], part: str, reason: Reason
) -> None:
    found = _found(_group(_measure(11, 64), *measures))
    assert (part, reason) in _left_out(found)
    (record,) = found.records
    assert [value.id for value in record.values] == ["withings:1:7:11"]


def test_the_same_measure_twice_is_one() -> None:
    twice = _found(_group(_measure(1, 78215, -3), _measure(1, "78215", "-3")))
    assert [f"{one.quantity.value}" for one in twice.records[0].values] == ["78.215"]


def test_a_broken_group_refuses_the_page_because_the_mark_would_pass_it() -> None:
    for broken in (_group(grpid=None), [], _group("x"), _group({"value": 1})):  # type: ignore[arg-type]
        with pytest.raises(errors.Malformed):
            _found(_group(_measure(1, 80)), broken)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "zone", ["Europe/Nowhere", "../../etc/passwd", "Europe", "", "/", "localtime/"]
)
def test_an_unknown_zone_loses_no_instant(zone: str) -> None:
    (record,) = _found(_group(_measure(1, 80)), zone=zone).records
    assert record.reading(NOW).measured_at == datetime(2026, 10, 26, 8, 30, tzinfo=UTC)
    assert not record.when.is_local


def test_a_group_has_its_own_zone_before_that_of_the_account() -> None:
    (record,) = _found(_group(_measure(1, 80), timezone="Asia/Tokyo")).records
    assert record.when.at.isoformat() == "2026-10-26T17:30:00+09:00"


def test_a_clock_that_is_behind_here_loses_no_reading() -> None:
    body = {"updatetime": 1793003900, "measuregrps": [_group(_measure(1, 80))]}
    behind = datetime(2025, 1, 1, tzinfo=UTC)
    assert decode_measures(body, user_id="1", now=behind).found.records


def test_a_reading_is_the_same_whatever_is_told_of_its_device() -> None:
    ids = {
        _found(_group(_measure(1, 80), **told)).records[0].reading(NOW).id
        for told in ({}, {"model": "Body"}, {"deviceid": None}, {"modelid": 18})
    }
    assert len(ids) == 1
    other_user = decode_measures(
        {"updatetime": 1793003900, "measuregrps": [_group(_measure(1, 80))]},
        user_id="2",
        now=NOW,
    )
    assert other_user.found.records[0].reading(NOW).id not in ids


def test_a_device_is_called_by_its_name_else_by_its_number() -> None:
    assert model_name("Body Comp", 5) == "Body Comp"
    assert model_name(None, "45") == "BPM Connect"
    assert model_name("", 1234) == "Withings device (id 1234)"
    assert model_name(None, None) is None


def test_signatures_are_those_of_the_published_vector() -> None:
    form = nonce_form(client_id="abc", secret=SECRET, timestamp_s=1700000000)
    assert form["signature"] == "a5ff572ac251e6eb5d652f28016f5c6af152c00eff34e3d9ddbb5ebd66087a6c"
    one, other = (
        signed_form("revoke", client_id="abc", secret=SECRET, nonce="n", userid=user)
        for user in ("1", "2")
    )
    assert one["signature"] == other["signature"] != form["signature"]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (100, "", errors.AuthExpired),
        (247, "", errors.NeedsConsent),
        (503, "Invalid Params: offset", errors.InvalidRequest),
        (2555, "Unknown error", errors.CloudTransient),
        (2555, "", errors.NeedsConsent),
        (2554, "", errors.InvalidRequest),
        (343, "", errors.AdminSetup),
        (524, "", errors.CloudTransient),
        (99999, "", errors.CloudTransient),
        (601, "", errors.RateLimited),
    ],
)
def test_a_status_is_the_error_it_stands_for(
    status: int, text: str, kind: type[errors.CloudError]
) -> None:
    with pytest.raises(errors.CloudError) as caught:
        body_of(_told({"status": status, "body": {}, "error": text}))
    assert type(caught.value) is kind
    assert caught.value.vendor_reason == str(status)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"status":0,"status":0,"body":{}}',
        b'{"status":0,"body":{"a":NaN}}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_the_envelope_is_malformed(answer: bytes) -> None:
    for decode in (body_of, object_of):
        if decode is object_of and answer == b"{}":
            continue
        with pytest.raises(errors.Malformed):
            decode(SampleAnswer(status=200, headers=JSON, body=answer))


def test_an_answer_that_does_not_call_itself_json_is_none() -> None:
    for headers in ({}, {"content-type": "text/html"}, {"content-type": "text/json"}):
        with pytest.raises(errors.Malformed):
            body_of(SampleAnswer(status=200, headers=headers, body=b'{"status":0,"body":{}}'))


def test_no_word_of_an_answer_gets_into_an_error() -> None:
    told = {"error": {"code": 400, "message": "Jane Doe", "status": "Jane Doe 78.2"}}
    with pytest.raises(errors.InvalidRequest) as caught:
        object_of(_told(told, 400))
    assert "Jane" not in f"{caught.value} {caught.value!r} {caught.value.vendor_reason}"


# ── Google Health ────────────────────────────────────────────────────────────────────────────


def _weight(**others: Any) -> Json:
    sample = {"physicalTime": "2026-11-12T06:39:58.123456789Z", "utcOffset": "-14400s"}
    return {
        "name": "users/1/dataTypes/weight/dataPoints/9",
        "dataSource": {"recordingMethod": "ACTIVELY_MEASURED", "platform": "A_NEW_ONE"},
        "weight": {"sampleTime": sample, "weightGrams": "69420", "aNewField": {}},
        **others,
    }


def test_nine_digits_of_a_second_and_text_for_numbers_are_read() -> None:
    (record,) = _points("weight", _weight()).records
    assert record.when.at.isoformat() == "2026-11-12T02:39:58.123456-04:00"
    assert f"{record.values[0].quantity.value}" == "69.420"
    assert record.judgement is Judgement.OFFER


@pytest.mark.parametrize(
    ("method", "judgement", "flags"),
    [
        ("MANUAL", Judgement.OFFER, {Flag.MANUAL_ENTRY}),
        ("DERIVED", Judgement.AMBIGUOUS, set()),
        ("UNKNOWN", Judgement.AMBIGUOUS, set()),
        ("A_NEW_ONE", Judgement.AMBIGUOUS, set()),
        (None, Judgement.AMBIGUOUS, set()),
    ],
)
def test_how_a_sample_came_about_is_never_guessed(
    method: str | None, judgement: Judgement, flags: set[Flag]
) -> None:
    (record,) = _points("weight", _weight(dataSource={"recordingMethod": method})).records
    assert (record.judgement, record.flags) == (judgement, flags)


def test_two_devices_at_one_moment_are_two_readings() -> None:
    row = body_text("google-heart-rate")["dataPoints"][0]
    other = json.loads(json.dumps(row))
    other["dataSource"]["device"]["displayName"] = "Chest strap"
    first, second = _points("heart-rate", row, other).records
    assert first.key != second.key
    assert first.values[0].id == second.values[0].id


@pytest.mark.parametrize("specimen", ["INTERSTITIAL_FLUID", "TEARS", None])
def test_glucose_of_something_else_than_blood_is_left_out(specimen: str | None) -> None:
    row = body_text("google-glucose")["dataPoints"][0]
    row["bloodGlucose"]["specimen"] = specimen
    found = _points("blood-glucose", row)
    assert not found.records
    assert _left_out(found) == [(None, Reason.UNSUPPORTED_TYPE)]


def test_glucose_says_when_of_the_meal_and_a_temperature_where() -> None:
    (glucose,) = _points("blood-glucose", *body_text("google-glucose")["dataPoints"]).records
    assert glucose.flags == {Flag.FASTING, Flag.MANUAL_ENTRY}
    rows = body_text("google-core-temperature")["dataPoints"]
    (temperature,) = _points("core-body-temperature", *rows).records
    assert temperature.flags == {Flag.AT_EAR}


def test_a_daily_value_without_a_zone_is_left_out_and_said_so() -> None:
    rows = body_text("google-resting-heart-rate")["dataPoints"]
    assert _left_out(_points("daily-resting-heart-rate", *rows)) == [(None, Reason.NO_TIME_ZONE)]


def test_a_night_that_is_still_worked_on_waits() -> None:
    body = body_text("google-sleep")
    del body["dataPoints"][0]["sleep"]["metadata"]["processed"]
    found = sleep.decode_nights(body, user_id="1", local=None, now=NOW)
    assert _left_out(found) == [(None, Reason.INCOMPLETE_NIGHT)]


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_night_at_the_end_of_the_calendar_is_no_night(end: str) -> None:
    body = body_text("google-sleep")
    body["dataPoints"][0]["sleep"]["interval"]["endTime"] = end
    with pytest.raises(errors.Malformed):
        sleep.decode_nights(body, user_id="1", local=None, now=NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (410, errors.ProviderGone),
        (404, errors.InvalidRequest),
        (502, errors.CloudTransient),
        (403, errors.Malformed),
        (400, errors.Malformed),
    ],
)
def test_a_page_of_html_is_judged_by_its_status(status: int, kind: type[errors.CloudError]) -> None:
    page = SampleAnswer(status=status, headers={"content-type": "text/html"}, body=b"<html>")
    with pytest.raises(errors.CloudError) as caught:
        object_of(page)
    assert type(caught.value) is kind


def test_a_day_has_as_many_hours_as_its_zone_gives_it() -> None:
    autumn = moments.whole_day(datetime(2026, 10, 25, tzinfo=UTC).date(), ZoneInfo("Europe/Berlin"))
    assert autumn is not None
    assert autumn.start is not None
    length = autumn.at.astimezone(UTC) - autumn.start.astimezone(UTC)
    assert length.total_seconds() == 25 * 3600
