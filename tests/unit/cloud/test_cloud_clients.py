"""The clients against the virtual services: paging, marks, renewal, and every kind of trouble."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from cloud_line import NOON, Line, all_of, line, values_in

from ohx_desktop.cloud import errors
from ohx_desktop.cloud.google_health.client import identity
from ohx_desktop.cloud.ports import Page
from ohx_desktop.cloud.records import Judgement, Reason
from ohx_desktop.cloud.withings.revoking import revoke
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.cloud import CloudFault
from ohx_desktop.virtual.cloud.services import CLIENT_ID, CLIENT_SECRET

DAY = timedelta(days=1)
BOTH = pytest.mark.parametrize("service", ["withings", "google"])
TROUBLE = {
    CloudFault.HTML: errors.Malformed,
    CloudFault.TRUNCATED: errors.Malformed,
    CloudFault.EMPTY: errors.Malformed,
    CloudFault.REDIRECT: errors.Malformed,
    CloudFault.GIANT: errors.CloudTransient,
    CloudFault.DROP: errors.CloudTransient,
    CloudFault.UNAVAILABLE: errors.CloudTransient,
    CloudFault.RATE_LIMIT: errors.RateLimited,
    CloudFault.FORBIDDEN: errors.NeedsConsent,
}


def _fetch(opened: Line, service: str) -> AsyncGenerator[Page]:
    if service == "withings":
        return opened.withings.fetch("measures", None)
    return opened.google.fetch("weight", None)


def _small_pages(opened: Line) -> None:
    opened.clouds.withings.page_size = 2
    opened.clouds.google.page_size = 2


@BOTH
async def test_the_mark_comes_with_the_last_page_only(service: str) -> None:
    async with line(service) as opened:
        _small_pages(opened)
        pages = await all_of(_fetch(opened, service))
        assert len(pages) > 1
        assert [page.mark for page in pages[:-1]] == [None] * (len(pages) - 1)
        assert pages[-1].mark == NOON
        assert opened.linked.permits == len(opened.clouds.calls)


async def test_all_weighings_and_pressures_come_with_every_digit() -> None:
    async with line("withings") as opened:
        _small_pages(opened)
        pages = await all_of(opened.withings.fetch("measures", None))
        assert values_in(pages) == ["82", "64.120", "78.215", "78.190", "78.300", "78.420"]
        records = [record for page in pages for record in page.records]
        doubtful = [one for one in records if one.judgement is Judgement.AMBIGUOUS]
        assert [one.flags for one in doubtful] == [{Flag.AMBIGUOUS_PERSON}]
        pressure = records[0].reading(NOON)
        assert pressure.quantity(QuantityKind.SYSTOLIC_BLOOD_PRESSURE) is not None
        assert pressure.device is not None
        assert pressure.device.model == "BPM Connect"


async def test_a_second_run_has_nothing_new_and_an_edited_group_comes_again() -> None:
    async with line("withings") as opened:
        account = opened.clouds.withings.accounts["40417733"]
        first = await all_of(opened.withings.fetch("measures", None))
        mark = first[-1].mark
        opened.clock.seconds += 3600
        assert values_in(await all_of(opened.withings.fetch("measures", mark))) == []
        group = account.groups[-1]
        group["modified"] = int(opened.clock())
        group["measures"][0]["value"] = 78_500
        opened.clock.seconds += 60
        (page,) = await all_of(opened.withings.fetch("measures", mark))
        (record,) = page.records
        before = next(one for each in first for one in each.records if one.key == record.key)
        assert record.reading(NOON).id != before.reading(NOON).id
        assert record.revision != before.revision


@BOTH
@pytest.mark.parametrize("fault", TROUBLE)
async def test_trouble_in_mid_paging_keeps_the_pages_and_gives_no_mark(
    service: str, fault: CloudFault
) -> None:
    async with line(service) as opened:
        _small_pages(opened)
        if service == "google":
            await opened.google.zone()
        fetch = _fetch(opened, service)
        first = await anext(fetch)
        opened.clouds.faults.arm(fault, times=1)
        with pytest.raises(TROUBLE[fault]):
            await all_of(fetch)
        assert len(first.records) == 2
        assert first.mark is None


@BOTH
async def test_a_token_that_ended_is_renewed_once(service: str) -> None:
    async with line(service) as opened:
        opened.clock.seconds += 4 * 3600
        assert (await all_of(_fetch(opened, service)))[-1].mark is not None
        assert opened.linked.refreshes == 1


@BOTH
async def test_a_consent_taken_back_in_mid_paging_is_told_as_that(service: str) -> None:
    async with line(service) as opened:
        _small_pages(opened)
        if service == "google":
            await opened.google.zone()
        fetch = _fetch(opened, service)
        await anext(fetch)
        opened.clouds.faults.arm(CloudFault.REVOKED)
        with pytest.raises(errors.NeedsConsent):
            await all_of(fetch)


@BOTH
async def test_a_token_refused_twice_ends_in_consent_and_not_in_a_loop(service: str) -> None:
    async with line(service) as opened:
        opened.clouds.faults.arm(CloudFault.UNAUTHORIZED, times=1)
        opened.clouds.faults.arm(CloudFault.UNAUTHORIZED, times=1, after=1)
        with pytest.raises(errors.NeedsConsent):
            await all_of(_fetch(opened, service))
        assert opened.linked.refreshes == 1


async def test_a_server_that_repeats_a_page_adds_nothing_and_one_without_end_is_stopped() -> None:
    async with line("withings") as opened:
        service = opened.clouds.withings
        paged = service._paged

        def stuck(member: str, rows: list[dict[str, object]], form: dict[str, str]) -> object:
            answer = paged(member, rows, {"offset": "0"})
            return answer | {"body": answer["body"] | {"more": 1, "offset": 7}}

        service._paged = stuck  # type: ignore[method-assign, assignment] # a server gone wrong
        fetch = opened.withings.fetch("measures", None)
        first = await anext(fetch)
        assert first.records
        with pytest.raises(errors.Malformed):
            await all_of(fetch)


async def test_the_same_call_within_seconds_is_a_duplicate_and_no_quota() -> None:
    async with line("withings") as opened:
        await opened.withings.devices()
        with pytest.raises(errors.DuplicateRequest) as caught:
            await opened.withings.devices()
        assert caught.value.retry_after_s == 11
        opened.clock.seconds += 11
        assert [each.model for each in await opened.withings.devices()] == [
            "Body Comp",
            "BPM Connect",
        ]


async def test_a_hundred_and_twenty_calls_a_minute_are_too_many() -> None:
    async with line("withings") as opened:
        opened.clouds.withings.quota.per_minute = 1
        opened.clock.seconds += 60
        await opened.withings.devices()
        with pytest.raises(errors.RateLimited) as caught:
            await all_of(opened.withings.fetch("measures", None))
        assert caught.value.retry_after_s == 60


async def test_a_box_that_was_not_ticked_is_missing_and_the_rest_goes_on() -> None:
    async with line("withings", "user.metrics") as opened:
        with pytest.raises(errors.ScopeMissing):
            await all_of(opened.withings.fetch("sleep", None))
        assert await opened.withings.devices() == ()
        assert values_in(await all_of(opened.withings.fetch("measures", None)))


async def test_a_google_account_without_health_is_told_before_it_is_linked() -> None:
    async with line("google") as opened:
        assert (await identity(opened.calls)).user_id == "7310042256811"
        opened.clouds.google.accounts.at_the_browser = "7310042256822"
        await opened.linked.link("")
        with pytest.raises(errors.AccountNotLinked):
            await identity(opened.calls)


async def test_nights_come_also_where_their_filter_is_refused() -> None:
    async with line("google") as opened:
        account = opened.clouds.google.accounts["7310042256811"]
        account.points["sleep"] = [_night(day) for day in (23, 22, 1)]
        for refuses in (False, True):
            opened.clouds.google.refuses_sleep_filters = refuses
            pages = await all_of(opened.google.fetch("sleep", NOON - DAY))
            assert [one.group for page in pages for one in page.records][:2] == ["sl-23", "sl-22"]
            assert pages[-1].mark == NOON


async def test_steps_of_a_day_that_is_not_over_are_not_offered() -> None:
    async with line("google") as opened:
        account = opened.clouds.google.accounts["7310042256811"]
        account.steps |= {"2026-11-22": 9120, "2026-11-23": 0, "2026-11-24": 512}
        (page,) = await all_of(opened.google.fetch("steps", NOON - DAY))
        assert values_in([page]) == ["9120", "0"]
        assert [one.reason for one in page.skipped] == [Reason.INCOMPLETE_DAY]
        day = page.records[0].reading(NOON)
        assert day.period_start is not None
        assert day.period_start.isoformat() == "2026-11-22T00:00:00+01:00"


async def test_a_long_pause_misses_no_day_of_steps() -> None:
    async with line("google") as opened:
        pages = await all_of(opened.google.fetch("steps", NOON - 200 * DAY))
        assert [page.mark for page in pages] == [None, None, NOON]


async def test_revoking_is_signed_and_ends_every_grant_of_the_user() -> None:
    async with line("withings") as opened:
        await revoke(
            opened.linked.http,
            opened.linked.addresses.api_url,
            client_id=CLIENT_ID,
            secret=CLIENT_SECRET,
            user_id="40417733",
            permit=opened.linked.permit,
            now=opened.clock.now,
        )
        with pytest.raises(errors.NeedsConsent):
            await opened.withings.devices()


async def test_a_wrong_secret_is_for_the_administrator() -> None:
    async with line("withings") as opened:
        with pytest.raises(errors.AdminSetup):
            await revoke(
                opened.linked.http,
                opened.linked.addresses.api_url,
                client_id=CLIENT_ID,
                secret=CLIENT_SECRET[:-1],
                user_id="40417733",
                permit=opened.linked.permit,
                now=opened.clock.now,
            )


@pytest.mark.parametrize("years", [-6, 6])
async def test_a_clock_that_is_years_off_does_not_keep_a_consent_from_being_taken_back(
    years: int,
) -> None:
    async with line("withings") as opened:
        await revoke(
            opened.linked.http,
            opened.linked.addresses.api_url,
            client_id=CLIENT_ID,
            secret=CLIENT_SECRET,
            user_id="40417733",
            permit=opened.linked.permit,
            now=lambda: opened.clock.now() + years * 365 * DAY,
        )
        assert opened.clouds.calls == ["/v2/signature", "/v2/signature", "/v2/oauth2"]
        with pytest.raises(errors.NeedsConsent):
            await opened.withings.devices()


async def test_the_refresh_token_before_works_until_the_new_access_token_is_used() -> None:
    async with line("withings") as opened:
        tokens = opened.clouds.withings.tokens
        assert opened.linked.token is not None
        before = opened.linked.token.refresh_token or ""
        lost, kept = tokens.refresh(before), tokens.refresh(before)
        assert lost.refresh != kept.refresh
        assert tokens.user_of(kept.access) is not None
        with pytest.raises(Exception, match="refresh_token"):
            tokens.refresh(before)


async def test_nobody_learns_token_value_or_account_from_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with line("withings") as opened:
        assert opened.linked.token is not None
        token = opened.linked.token.access_token
        await all_of(opened.withings.fetch("measures", None))
        opened.clouds.faults.arm(CloudFault.FORBIDDEN)
        opened.clock.seconds += 11
        with pytest.raises(errors.NeedsConsent) as caught:
            await all_of(opened.withings.fetch("measures", None))
    said = caplog.text + repr(caught.value) + str(caught.value)
    for secret in (token, "40417733", "78.215", "78215"):
        assert secret not in said


async def test_the_process_tells_where_it_serves() -> None:
    import os
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ohx_desktop.virtual.cloud"),
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            told = json.loads(await process.stdout.readline())
        assert told["withings"]["api_url"].startswith("http://127.0.0.1:")
        assert told["google_health"]["client_id"] == CLIENT_ID
    finally:
        process.terminate()
        assert await process.wait() == 0


def _night(day: int) -> dict[str, object]:
    return {
        "name": f"users/7310042256811/dataTypes/sleep/dataPoints/sl-{day}",
        "dataSource": {"recordingMethod": "DERIVED", "platform": "FITBIT"},
        "sleep": {
            "interval": {
                "startTime": f"2026-11-{day:02}T00:12:30Z",
                "startUtcOffset": "3600s",
                "endTime": f"2026-11-{day:02}T06:40:30Z",
                "endUtcOffset": "3600s",
            },
            "metadata": {"processed": True},
            "summary": {"minutesAsleep": "361"},
        },
    }
