"""Whatever answers in place of a service: one sentence, one code, the right state, nothing lost."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import NamedTuple

import pytest
from cloud_line import WITHINGS_SCOPES
from link_line import GOOGLE_FIRST, PATIENT, consent, pair
from sync_line import SyncLine, sync_line

from ohx_desktop.cloud.errors import CloudError
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.domain.errors import ExitCode
from ohx_desktop.virtual.cloud import CloudFault

WITHINGS, GOOGLE = Provider.WITHINGS, Provider.GOOGLE_HEALTH


class Case(NamedTuple):
    """What is met, by whom, from which call on, and what comes of it."""

    fault: CloudFault
    provider: Provider
    after: int
    code: str
    state: LinkState
    exit_code: ExitCode
    times: int | None = None


TRANSIENT = (LinkState.OK, ExitCode.UNREACHABLE)
CASES = [
    *(
        Case(fault, provider, after, code, *TRANSIENT)
        for provider in (WITHINGS, GOOGLE)
        for after in (0, 1)
        for fault, code in (
            (CloudFault.HTML, "cloud-malformed"),
            (CloudFault.TRUNCATED, "cloud-malformed"),
            (CloudFault.EMPTY, "cloud-malformed"),
            (CloudFault.REDIRECT, "cloud-malformed"),
            (CloudFault.GIANT, "cloud-unavailable"),
            (CloudFault.DROP, "cloud-unavailable"),
            (CloudFault.UNAVAILABLE, "cloud-unavailable"),
        )
    ),
    *(
        Case(
            *(CloudFault.RATE_LIMIT, provider, 1, "cloud-rate-limited"),
            *(LinkState.PAUSED, ExitCode.UNREACHABLE, 1),
        )
        for provider in (WITHINGS, GOOGLE)
    ),
    *(
        Case(fault, provider, 1, code, state, ExitCode.REFUSED)
        for fault, provider, code, state in (
            *(
                (fault, provider, "cloud-needs-consent", LinkState.NEEDS_CONSENT)
                for fault in (CloudFault.UNAUTHORIZED, CloudFault.REVOKED)
                for provider in (WITHINGS, GOOGLE)
            ),
            (CloudFault.FORBIDDEN, WITHINGS, "cloud-needs-consent", LinkState.NEEDS_CONSENT),
            (CloudFault.GONE, GOOGLE, "cloud-provider-gone", LinkState.PROVIDER_GONE),
        )
    ),
]


@pytest.fixture
async def line(tmp_path: Path) -> AsyncGenerator[SyncLine]:
    async with sync_line(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.provider}-{case.fault}-{case.after}" for case in CASES]
)
async def test_whatever_answers_is_one_sentence_and_one_code_and_loses_nothing(
    case: Case, line: SyncLine
) -> None:
    line.line.clouds.withings.page_size = 2
    link = await line.line.link(case.provider)
    line.line.clouds.faults.arm(case.fault, times=case.times, after=case.after)
    report = await line.sync().sync(link.id)
    error = report.worst
    assert isinstance(error, CloudError)
    assert (error.code, error.exit_code) == (case.code, case.exit_code)
    assert case.provider.service in error.what
    assert all((error.what, error.meaning, error.hint))
    ended = await line.line.links.link(link.id)
    assert (ended.state, ended.code) == (case.state, case.code)
    # Then it is over: what came before is not asked twice of a person, what had not come, comes.
    line.line.clouds.faults.disarm()
    line.later(3700)
    if case.state in {LinkState.NEEDS_CONSENT, LinkState.PROVIDER_GONE}:
        link = await _consent_again(line, link)
    assert (await line.sync().sync(link.id)).is_whole
    expected = 6 if case.provider is WITHINGS else 4
    assert len(await line.readings()) == expected
    assert (await line.line.links.link(link.id)).state is LinkState.OK


async def test_a_google_account_without_health_says_which_account_is_wanted(
    line: SyncLine,
) -> None:
    link = await line.line.link(GOOGLE)
    line.line.clouds.google.accounts[GOOGLE_FIRST].has_health = False
    error = (await line.sync().sync(link.id)).worst
    assert error is not None
    assert error.code == "cloud-account-not-linked"
    assert (await line.line.links.link(link.id)).state is LinkState.NEEDS_CONSENT


async def test_a_kind_that_was_not_ticked_leaves_the_others(line: SyncLine) -> None:
    link = await line.line.link()
    service = line.line.clouds.withings
    opened = service.tokens.exchange(
        service.tokens.code(link.account, ("user.metrics",), "http://x"), "http://x"
    )
    assert opened.refresh is not None
    from dataclasses import replace

    fewer = replace(pair("b", line.line.time.now()), access=opened.access, refresh=opened.refresh)
    await line.line.links.add(
        provider=WITHINGS,
        account=link.account,
        patient=PATIENT,
        # What the service says it granted, and later does not keep to.
        consent=consent(line.line.time.now(), WITHINGS_SCOPES),
        pair=fewer,
    )
    report = await line.sync().sync(link.id)
    assert set(report.streams) == {"measures"}
    assert set(report.errors) >= {"sleep"}
    assert len(await line.readings()) == 6


async def test_a_link_of_the_old_fitbit_is_told_gone_and_never_asked(line: SyncLine) -> None:
    link = await line.line.links.add(
        provider=Provider.FITBIT,
        account="ABC123",
        patient=PATIENT,
        consent=consent(),
        pair=pair(),
    )
    with pytest.raises(CloudError) as refused:
        await line.sync().sync(link.id)
    assert refused.value.code == "cloud-provider-gone"
    assert (await line.line.links.link(link.id)).state is LinkState.PROVIDER_GONE
    assert line.line.clouds.calls == []


async def _consent_again(line: SyncLine, link: Link) -> Link:
    return await line.line.link(link.provider)
