"""Every sample exchange has its expected outcome: readings, what is left out, errors, tokens."""

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cloud_samples import (
    NOW,
    SAMPLES,
    Json,
    answer_of,
    expected_rows,
    rows_of,
    skipped_rows,
)

from ohx_desktop.cloud import errors
from ohx_desktop.cloud.fitbit import is_legacy_address, legacy_error
from ohx_desktop.cloud.google_health import account, points, sleep, steps
from ohx_desktop.cloud.google_health.data_types import DATA_TYPES
from ohx_desktop.cloud.google_health.envelope import object_of
from ohx_desktop.cloud.google_health.tokens import decode_token as decode_google_token
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.records import Records
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.withings import activity, devices, heart, measures
from ohx_desktop.cloud.withings import sleep as withings_sleep
from ohx_desktop.cloud.withings.envelope import body_of
from ohx_desktop.cloud.withings.tokens import decode_nonce, decode_token
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json
from ohx_desktop.transport import HttpResponse, retry_after_s

VIENNA = ZoneInfo("Europe/Vienna")
CLASSES = {
    "auth_expired": errors.AuthExpired,
    "needs_reauth": errors.NeedsConsent,
    "scope_missing": errors.ScopeMissing,
    "account_not_linked": errors.AccountNotLinked,
    "provider_gone": errors.ProviderGone,
    "admin_setup": errors.AdminSetup,
    "rate_limited": errors.RateLimited,
    "duplicate_request": errors.DuplicateRequest,
    "invalid_request": errors.InvalidRequest,
    "transient": errors.CloudTransient,
    "malformed": errors.Malformed,
}
LINK_STATES = {
    "needs_reauth": LinkState.NEEDS_CONSENT,
    "scope_missing": LinkState.SCOPE_MISSING,
    "account_not_linked": LinkState.NEEDS_CONSENT,
    "provider_gone": LinkState.PROVIDER_GONE,
    "admin_setup": LinkState.PAUSED,
    "rate_limited": LinkState.PAUSED,
}


def _user(name: str) -> str:
    return str(SAMPLES[name]["request"].get("provider_user_id", ""))


def _wait_s(name: str) -> float | None:
    answer = answer_of(name)
    return retry_after_s(
        HttpResponse(status=answer.status, headers=answer.headers, body=b"").headers
    )


def _withings_body(name: str) -> Json:
    needed = "user.activity" if "/v2/sleep" in SAMPLES[name]["request"]["url"] else "user.metrics"
    granted = SAMPLES[name]["request"].get("granted_scopes")
    return body_of(answer_of(name), granted=granted, needed=needed)


def _google_body(name: str) -> Json:
    return object_of(answer_of(name), retry_after_s=_wait_s(name))


def _measures(name: str) -> Records:
    page = measures.decode_measures(_withings_body(name), user_id=_user(name), now=NOW)
    expected = SAMPLES[name]["expected"]["next"]
    if expected and name != "withings-getmeas-page2":
        assert page.updatetime.timestamp() == expected["updatetime"]
        assert page.offset is None
    return page.found


def _nights(name: str) -> Records:
    return withings_sleep.decode_nights(_withings_body(name), user_id=_user(name), now=NOW)


def _activities(name: str) -> Records:
    return activity.decode_activities(_withings_body(name), user_id=_user(name), now=NOW)


def _points(name: str) -> Records:
    body = _google_body(name)
    kind = SAMPLES[name]["request"]["url"].split("/")[-2]
    expected = SAMPLES[name]["expected"]["next"]
    assert points.next_token(body) == (expected["page_token"] if expected else None)
    return points.decode_points(body, DATA_TYPES[kind], user_id=_user(name), local=VIENNA, now=NOW)


def _google_nights(name: str) -> Records:
    return sleep.decode_nights(_google_body(name), user_id=_user(name), local=VIENNA, now=NOW)


def _days(name: str) -> Records:
    return steps.decode_days(_google_body(name), user_id=_user(name), local=VIENNA, now=NOW)


READINGS: dict[str, Callable[[str], Records]] = {
    "withings-getmeas-scale": _measures,
    "withings-getmeas-bp": _measures,
    "withings-getmeas-empty": _measures,
    "withings-getmeas-page1": _measures,
    "withings-getmeas-page2": _measures,
    "withings-getmeas-origins": _measures,
    "withings-getmeas-spo2-temperature": _measures,
    "withings-getmeas-autumn-hour": _measures,
    "withings-sleep-summary": _nights,
    "withings-activity": _activities,
    "google-weight-page1": _points,
    "google-weight-page2": _points,
    "google-empty": _points,
    "google-body-fat": _points,
    "google-height": _points,
    "google-heart-rate": _points,
    "google-resting-heart-rate": _points,
    "google-spo2-daily": _points,
    "google-core-temperature": _points,
    "google-glucose": _points,
    "google-sleep": _google_nights,
    "google-steps-daily": _days,
}
# The expectation of a second page is of both pages together.
PAGES_BEFORE = {
    "withings-getmeas-page2": "withings-getmeas-page1",
    "google-weight-page2": "google-weight-page1",
}
ERRORS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        (
            "withings-token-code-expired",
            "withings-token-refresh-dead",
            "withings-token-duplicate",
        ),
        lambda name: decode_token(answer_of(name)),
    ),
    "withings-signature-wrong": lambda name: decode_nonce(answer_of(name)),
    **dict.fromkeys(
        (
            "withings-token-expired",
            "withings-rate-limit",
            "withings-consent-withdrawn",
            "withings-params-wrong",
            "withings-timeout",
            "withings-malformed-html",
            "withings-malformed-truncated",
            "withings-malformed-body-list",
        ),
        _measures,
    ),
    "withings-scope-missing": _nights,
    **dict.fromkeys(
        ("google-token-revoked", "google-token-bad-client"),
        lambda name: decode_google_token(answer_of(name)),
    ),
    **dict.fromkeys(
        (
            "google-rate-limit",
            "google-token-expired",
            "google-scope-missing",
            "google-account-not-linked",
            "google-no-profile",
            "google-permission-unexplained",
            "google-service-disabled",
            "google-bad-filter",
            "google-unavailable",
            "google-wrong-path-html",
            "google-malformed",
        ),
        _google_body,
    ),
}
TOKENS: dict[str, Callable[[str], TokenAnswer]] = {
    "withings-token-ok": lambda name: decode_token(answer_of(name)),
    "withings-token-refreshed": lambda name: decode_token(answer_of(name)),
    "google-token-ok": lambda name: decode_google_token(answer_of(name)),
    "google-token-refreshed": lambda name: decode_google_token(answer_of(name)),
}
# Nothing is read from the Fitbit Web API any more, whatever its shape was.
FITBIT = {
    "fitbit-gone",
    "fitbit-token-gone",
    "fitbit-weight-log-historic",
    "fitbit-expired-historic",
    "fitbit-rate-limit-historic",
}
OTHERS = {
    "withings-nonce-ok",
    "withings-revoked-ok",
    "withings-heart-list",
    "withings-devices",
    "google-identity",
    "google-settings",
    "google-paired-devices",
}


def test_no_sample_is_without_an_expectation() -> None:
    covered = [*READINGS, *ERRORS, *TOKENS, *FITBIT, *OTHERS]
    assert len(covered) == len(set(covered)) == 64
    assert set(covered) == set(SAMPLES)


@pytest.mark.parametrize("name", READINGS)
def test_a_sample_becomes_the_readings_that_are_expected(name: str) -> None:
    names = [PAGES_BEFORE[name], name] if name in PAGES_BEFORE else [name]
    found = [READINGS[each](each) for each in names]
    rows = [row for page in found for row in rows_of(page.records)]
    skipped = [
        row for page in found for row in skipped_rows(page.skipped, name.split("-", maxsplit=1)[0])
    ]
    key = lambda row: row["id"]  # noqa: E731 - short
    assert sorted(rows, key=key) == sorted(expected_rows(name), key=key)
    assert skipped == SAMPLES[name]["expected"]["skipped"]


@pytest.mark.parametrize("name", ERRORS)
def test_a_refusal_is_the_error_that_is_expected(name: str) -> None:
    expected = SAMPLES[name]["expected"]
    with pytest.raises(errors.CloudError) as caught:
        ERRORS[name](name)
    error = caught.value
    assert type(error) is CLASSES[expected["error"]]
    assert error.retry_after_s == expected["retry_after_s"]
    assert error.link_state is LINK_STATES.get(expected["error"])


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_answer_gives_the_tokens_that_are_expected(name: str) -> None:
    expected, token = SAMPLES[name]["expected"]["token"], TOKENS[name](name)
    kept = "1//sample-r1" if name == "google-token-refreshed" else None
    assert token.access_token == expected["access_token"]
    assert (token.refresh_token or kept) == expected["refresh_token"]
    assert token.expires_in_s == expected["expires_in"]
    assert sorted(token.scopes) == expected["scopes"]
    assert token.user_id == expected.get("provider_user_id")
    assert token.refresh_expires_in_s == expected.get("refresh_token_expires_in")
    missing = SAMPLES[name]["expected"].get("missing_scopes")
    if missing:
        assert sorted(token.missing(token.scopes | set(missing))) == missing
    assert token.access_token not in repr(token)


@pytest.mark.parametrize("name", sorted(FITBIT))
def test_whatever_the_fitbit_web_api_answered_it_is_gone(name: str) -> None:
    assert is_legacy_address(SAMPLES[name]["request"]["url"])
    assert legacy_error(answer_of(name)).link_state is LinkState.PROVIDER_GONE


def test_a_nonce_is_read_and_a_revocation_taken_as_done() -> None:
    expected = SAMPLES["withings-nonce-ok"]["expected"]["nonce"]
    assert decode_nonce(answer_of("withings-nonce-ok")) == expected
    assert body_of(answer_of("withings-revoked-ok")) == {}


def test_a_recording_of_the_heart_is_recognised_and_no_reading() -> None:
    (recording,) = heart.decode_heart_list(_withings_body("withings-heart-list"), now=NOW)
    assert recording.device == "BPM Core"
    assert (recording.signal_id, recording.result) == ("77120034", heart.EcgResult.NEGATIVE)


def test_the_devices_of_an_account_are_named() -> None:
    found = {
        "withings-devices": devices.decode_devices(_withings_body("withings-devices"), now=NOW),
        "google-paired-devices": account.decode_paired_devices(
            _google_body("google-paired-devices")
        ),
    }
    for name, told in found.items():
        rows = [{"model": each.model, "battery": each.battery} for each in told]
        assert rows == SAMPLES[name]["expected"]["devices"]


def test_the_account_says_whose_it_is_and_where_it_lives() -> None:
    expected = SAMPLES["google-identity"]["expected"]
    identity = account.decode_identity(_google_body("google-identity"))
    assert identity.user_id == expected["provider_user_id"]
    assert identity.legacy_id == expected["legacy_user_id"]
    zone = account.decode_zone(_google_body("google-settings"))
    assert str(zone) == SAMPLES["google-settings"]["expected"]["timezone"]


@pytest.mark.parametrize("name", READINGS)
def test_a_reading_of_a_cloud_comes_back_from_its_own_form(name: str) -> None:
    for record in READINGS[name](name).records:
        reading = record.reading(NOW)
        form = json.loads(json.dumps(reading_to_json(reading)))
        assert form["source_id"] == record.key
        assert reading_from_json(form) == reading
        form["source_id"] += "1"
        with pytest.raises(UsageError, match="does not match its own id"):
            reading_from_json(form)
