"""What is new of a linked account reaches the tray: once, whole, and never under a wrong person."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from link_line import PATIENT
from sync_line import SyncLine, sync_line

from ohx_desktop.cloud.errors import CloudTransient, NeedsConsent
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.seen import Notice
from ohx_desktop.cloud.withings.client import Stream
from ohx_desktop.domain.quantity import Original, QuantityKind, Unit
from ohx_desktop.virtual.cloud import CloudFault

DAY_S = 86_400


@pytest.fixture
async def line(tmp_path: Path) -> AsyncGenerator[SyncLine]:
    async with sync_line(tmp_path) as made:
        yield made


async def test_readings_wait_with_the_patient_of_the_link_and_in_doubt_with_nobody(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    report = await line.sync().sync(link.id)
    assert report.is_whole
    found = (await line.readings()).values()
    by_patient = {f"{reading.quantities[0].value:f}": patient for reading, patient, _ in found}
    # The scale was unsure who stood on it at 64.120 kg.
    assert by_patient.pop("64.120") is None
    assert set(by_patient.values()) == {PATIENT}
    assert len(report.readings) == len(found) == 6
    kept = await line.line.links.link(link.id)
    assert kept.last_sync_at is not None
    assert kept.last_data_at == max(r.measured_at for r in report.readings if r.measured_at)


async def test_the_same_sync_twice_brings_nothing_new(line: SyncLine) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    before = await line.readings()
    report = await line.sync().sync(link.id)
    assert report.readings == []
    assert await line.readings() == before
    assert report.is_whole, "the same arguments within ten seconds are not sent"


async def test_what_was_discarded_or_confirmed_is_not_offered_again(line: SyncLine) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    first, second, *_ = await line.readings()
    await line.tray.discard(first, reason="not-a-patient", by=None)
    await _file(line, second)
    line.later(8 * DAY_S)  # so that all is read again
    report = await line.sync().sync(link.id)
    assert report.readings == []
    assert not {first, second} & set(await line.readings())


async def test_a_page_that_fails_keeps_the_pages_before_it_but_not_the_mark(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    line.line.clouds.withings.page_size = 2
    line.line.clouds.faults.arm(CloudFault.UNAVAILABLE, after=2)
    report = await line.sync().sync(link.id)
    assert isinstance(report.worst, CloudTransient)
    kept = await line.line.links.link(link.id)
    assert (dict(kept.marks), kept.last_sync_at, kept.code) == ({}, None, "cloud-unavailable")
    assert len(await line.readings()) == 4
    again = await line.sync().sync(link.id)
    assert again.is_whole
    assert len(again.readings) == 2
    assert len(await line.readings()) == 6
    assert (await line.line.links.link(link.id)).code is None


async def test_a_sync_that_is_broken_off_goes_on_from_its_marks(line: SyncLine) -> None:
    link = await line.line.link()
    line.line.clouds.withings.page_size = 2
    sync = line.sync()
    offered = asyncio.Event()
    review = sync._review
    offer = review.offer

    async def offer_and_tell(offers: object) -> object:
        result = await offer(offers)  # type: ignore[arg-type]  # as it came
        offered.set()
        return result

    review.offer = offer_and_tell  # type: ignore[method-assign,assignment]  # the real one, watched
    running = asyncio.create_task(sync.sync(link.id))
    await offered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await sync.close()
    assert dict((await line.line.links.link(link.id)).marks) == {}
    assert (await line.sync().sync(link.id)).is_whole
    assert len(await line.readings()) == 6


async def test_a_measurement_that_was_edited_is_replaced_while_nobody_has_confirmed_it(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    _edit(line, grams=78_999)
    report = await line.sync().sync(link.id)
    assert (len(report.readings), report.replaced, report.edited) == (1, 1, [])
    assert (await line.values()).count("78.999") == 1
    assert len(await line.readings()) == 6


async def test_a_measurement_edited_after_it_was_filed_waits_anew_and_staff_are_told(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    filed = await _file_value(line, "78.215")
    _edit(line, grams=78_999)
    sync = line.sync()
    report = await sync.sync(link.id)
    assert report.edited == [filed]
    assert "78.999" in await line.values()
    assert [each.notice for each in await sync.notices()] == [Notice.EDITED]
    assert len(await line.outbox.entries()) == 1, "what was filed stays as it is"


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_was_taken_away_at_the_provider_waits_no_more_and_may_come_again(
    line: SyncLine, is_told: bool
) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    groups = line.withings.groups
    group = next(each for each in groups if each["measures"][0]["value"] == 78_190)
    measures, modified = group["measures"], group["modified"]
    if is_told:
        line.later(60)
        group |= {"measures": [], "modified": line.seconds}
    else:
        groups.remove(group)
        line.later(8 * DAY_S)
    report = await line.sync().sync(link.id)
    assert report.taken_back == 1
    assert "78.190" not in await line.values()
    line.later(60)
    group |= {"measures": measures, "modified": line.seconds if is_told else modified}
    if not is_told:
        groups.append(group)
        line.later(8 * DAY_S)
    await line.sync().sync(link.id)
    assert "78.190" in await line.values()


async def test_what_was_taken_away_after_it_was_filed_is_told_once_and_touched_nowhere(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    filed = await _file_value(line, "78.190")
    group = next(g for g in line.withings.groups if g["measures"][0]["value"] == 78_190)
    line.withings.groups.remove(group)
    for expected in ([filed], []):
        line.later(8 * DAY_S)
        sync = line.sync()
        assert (await sync.sync(link.id)).withdrawn == expected
    assert [(each.reading, each.notice) for each in await sync.notices()] == [
        (filed, Notice.WITHDRAWN)
    ]
    await sync.settle([filed])
    assert await sync.notices() == []


async def test_one_weighing_by_way_of_two_providers_is_shown_as_a_pair(line: SyncLine) -> None:
    links = [await line.line.link(), await line.line.link(Provider.GOOGLE_HEALTH)]
    line.withings.groups.clear()
    line.google.points.clear()
    at_s = line.seconds - 3600
    line.withings.weigh(at_s, 71_350)
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(at_s + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line.google.weigh_at_google(when, 71_350)
    line.google.weigh_at_google(when.replace(":00:", ":30:"), 71_360)
    for link in links:
        await line.sync().sync(link.id)
    found = await line.readings()
    twins = {reading_id: twin for reading_id, (_, _, twin) in found.items() if twin is not None}
    (of_google, of_withings), *rest = twins.items()
    assert rest == []
    assert found[of_google][0].source != found[of_withings][0].source


async def test_nights_are_told_in_minutes_where_these_are_whole(line: SyncLine) -> None:
    link = await line.line.link()
    end = line.seconds - 6 * 3600
    for number, asleep in ((1, 25_200), (2, 25_201)):
        line.withings.nights.append(
            {
                "id": number,
                "timezone": "Europe/Berlin",
                "model": 32,
                "startdate": end - 30_000 - number * DAY_S,
                "enddate": end - number * DAY_S,
                "date": "2026-11-23",
                "created": end,
                "modified": end,
                "completed": True,
                "data": {"asleepduration": asleep},
            }
        )
    await line.sync().sync(link.id)
    nights = {
        quantity.value: (quantity.unit, quantity.original)
        for reading, _, _ in (await line.readings()).values()
        for quantity in reading.quantities
        if quantity.kind is QuantityKind.SLEEP_DURATION
    }
    assert nights == {
        420: (Unit.MINUTE, Original(value=25_200, unit=Unit.SECOND)),
        25_201: (Unit.SECOND, None),
    }


async def test_a_mark_of_a_clock_that_was_wrong_loses_nothing(line: SyncLine) -> None:
    link = await line.line.link()
    time = line.line.time
    await line.sync().sync(link.id)
    for skew_s in (3 * 365 * DAY_S, -3 * 365 * DAY_S):
        time.skew_s = skew_s
        await line.sync().sync(link.id)
        line.withings.weigh(line.seconds - 120, 70_000 + skew_s // 365 // DAY_S)
        line.later(60)
    time.skew_s = 0
    await line.sync().sync(link.id)
    assert {"70.003", "69.997"} <= set(await line.values())
    assert (await line.line.links.link(link.id)).state is LinkState.OK


async def test_a_first_sync_with_a_wrong_clock_says_so_and_moves_no_mark(line: SyncLine) -> None:
    link = await line.line.link()
    line.line.time.skew_s = 2 * 3600
    report = await line.sync().sync(link.id)
    assert report.worst is not None
    assert report.worst.code == "cloud-clock"
    assert Stream.MEASURES not in (await line.line.links.link(link.id)).marks
    line.line.time.skew_s = 0
    assert (await line.sync().sync(link.id)).is_whole


async def test_a_link_without_consent_asks_nothing_and_keeps_when_it_last_worked(
    line: SyncLine,
) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    worked = await line.line.links.link(link.id)
    line.line.clouds.withings.tokens.revoke(link.account)
    line.later(4 * 3600)
    report = await line.sync().sync(link.id)
    assert isinstance(report.worst, NeedsConsent)
    ended = await line.line.links.link(link.id)
    assert ended.state is LinkState.NEEDS_CONSENT
    assert (ended.last_sync_at, ended.last_data_at) == (worked.last_sync_at, worked.last_data_at)
    line.line.clouds.calls.clear()
    with pytest.raises(NeedsConsent):
        await line.sync().sync(link.id)
    assert line.line.clouds.calls == []
    assert await line.sync().due() == []
    assert len(await line.sync().asleep()) == 1


async def test_who_asks_for_a_sync_that_is_under_way_gets_its_report(line: SyncLine) -> None:
    link = await line.line.link()
    sync = line.sync()
    first, second = await asyncio.gather(sync.sync(link.id), sync.sync(link.id, urgent=True))
    assert first is second


async def test_ending_a_link_forgets_what_was_read_of_it(line: SyncLine) -> None:
    link = await line.line.link()
    await line.sync().sync(link.id)
    await line.line.links.end(link.id, by=None)
    rows = await line.line.links.of_seen(
        lambda seen: seen._connection.execute("SELECT count(*) FROM seen").fetchone()
    )
    assert rows == (0,)


def _edit(line: SyncLine, *, grams: int) -> None:
    line.later(60)
    group = next(g for g in line.withings.groups if g["measures"][0]["value"] == 78_215)
    group["measures"][0]["value"] = grams
    group["modified"] = line.seconds


async def _file_value(line: SyncLine, value: str) -> object:
    for reading_id, (reading, _, _) in (await line.readings()).items():
        if f"{reading.quantities[0].value:f}" == value:
            await _file(line, reading_id)
            return reading_id
    raise AssertionError(value)


async def _file(line: SyncLine, reading_id: object) -> None:
    from uuid import UUID

    assert isinstance(reading_id, UUID)
    await line.outbox.enqueue(
        reading_id=reading_id, patient=PATIENT, submission=b"{}", bundle=b"{}", frames=()
    )
