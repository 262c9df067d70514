"""The keeper of tokens: no crash, no second process and no clock ends a link."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from link_line import LinkLine, consent, link_line, pair, permit

from ohx_desktop.cloud import errors
from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import NotLinked
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.tokens import TokenKeeper
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.virtual.cloud import CloudFault

BOTH = pytest.mark.parametrize("provider", [Provider.WITHINGS, Provider.GOOGLE_HEALTH])
YEARS_S = 5 * 365 * 86_400.0
HOUR_S = 3600.0


@pytest.fixture
async def line(tmp_path: Path) -> AsyncGenerator[LinkLine]:
    async with link_line(tmp_path) as opened:
        yield opened


def _token_calls(line: LinkLine) -> int:
    return sum(path in {"/v2/oauth2", "/token"} for path in line.clouds.calls)


@BOTH
async def test_a_token_that_lasts_is_given_without_asking(
    line: LinkLine, provider: Provider
) -> None:
    link = await line.link(provider)
    asked = _token_calls(line)
    keeper = line.keeper(link.id, provider)
    assert await keeper() == (await line.links.tokens(link.id)).pair.access
    assert _token_calls(line) == asked


@BOTH
async def test_a_token_is_renewed_before_it_ends(line: LinkLine, provider: Provider) -> None:
    link = await line.link(provider)
    keeper = line.keeper(link.id, provider)
    first = await keeper()
    line.time.clock.seconds += 3 * HOUR_S - 59
    second = await keeper()
    assert second != first
    assert line.opens(second, provider)
    assert (await line.links.tokens(link.id)).generation == 2


@BOTH
async def test_five_calls_with_one_refused_token_renew_it_once(
    line: LinkLine, provider: Provider
) -> None:
    link = await line.link(provider)
    keeper = line.keeper(link.id, provider)
    first, asked = await keeper(), _token_calls(line)
    tokens = await asyncio.gather(*(keeper(refused=first) for _ in range(5)))
    assert len(set(tokens)) == 1
    assert first not in tokens
    assert _token_calls(line) == asked + 1


async def test_two_keepers_of_one_link_get_the_same_new_token(line: LinkLine) -> None:
    link = await line.link()
    one, other = line.keeper(link.id), line.keeper(link.id)
    first, asked = await one(), _token_calls(line)
    tokens = await asyncio.gather(one(refused=first), other(refused=first))
    assert len(set(tokens)) == 1
    assert _token_calls(line) == asked + 1


async def test_the_new_pair_is_on_the_disk_before_the_token_is_given(line: LinkLine) -> None:
    link = await line.link()
    token = await line.keeper(link.id)(refused=await line.keeper(link.id)())
    held = await line.links.tokens(link.id)
    assert held.pair.access == token
    assert held.before is not None
    await line.links.synced(link.id)
    assert (await line.links.tokens(link.id)).before is None


async def test_a_renewal_whose_answer_was_lost_is_asked_again_after_the_pause(
    line: LinkLine,
) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    first = await keeper()
    held = await line.links.tokens(link.id)
    # A process asks, gets a pair, and dies with it.
    await line.links.asked(link.id)
    await line.endpoint(Provider.WITHINGS).renew(held.pair.refresh)
    token = await line.keeper(link.id)(refused=first)
    assert line.time.slept == [21.0]
    assert line.opens(token)


async def test_a_duplicate_that_nobody_had_noted_is_waited_for_once(line: LinkLine) -> None:
    link = await line.link()
    first = await line.keeper(link.id)()
    held = await line.links.tokens(link.id)
    await line.endpoint(Provider.WITHINGS).renew(held.pair.refresh)
    token = await line.keeper(link.id)(refused=first)
    assert line.time.slept == [11.0]
    assert line.opens(token)


async def test_where_the_other_of_two_pairs_counted_the_token_before_helps(
    line: LinkLine,
) -> None:
    link = await line.link()
    first = await line.keeper(link.id)()
    before = (await line.links.tokens(link.id)).pair.refresh
    await line.keeper(link.id)(refused=first)
    line.time.clock.seconds += 60
    # Another program renewed by the same token, and the service keeps that one's pair only.
    await line.endpoint(Provider.WITHINGS).renew(before)
    line.time.clock.seconds += 3 * HOUR_S
    token = await line.keeper(link.id)()
    assert line.opens(token)
    assert (await line.links.link(link.id)).state is LinkState.OK


@BOTH
async def test_a_consent_that_was_taken_back_is_noted_and_asked_no_more(
    line: LinkLine, provider: Provider
) -> None:
    link = await line.link(provider)
    keeper = line.keeper(link.id, provider)
    first = await keeper()
    service = line.clouds.withings if provider is Provider.WITHINGS else line.clouds.google
    service.tokens.revoke(link.account)
    with pytest.raises(errors.NeedsConsent):
        await keeper(refused=first)
    noted = await line.links.link(link.id)
    assert (noted.state, noted.code) == (LinkState.NEEDS_CONSENT, "cloud-needs-consent")
    asked = _token_calls(line)
    for _ in range(3):
        with pytest.raises(errors.NeedsConsent):
            await keeper()
    assert _token_calls(line) == asked


TROUBLE = {
    CloudFault.HTML: errors.Malformed,
    CloudFault.TRUNCATED: errors.Malformed,
    CloudFault.EMPTY: errors.Malformed,
    CloudFault.REDIRECT: errors.Malformed,
    CloudFault.GIANT: errors.CloudTransient,
    CloudFault.DROP: errors.CloudTransient,
    CloudFault.UNAVAILABLE: errors.CloudTransient,
    CloudFault.RATE_LIMIT: errors.RateLimited,
}


@BOTH
@pytest.mark.parametrize("fault", TROUBLE)
async def test_trouble_at_the_token_endpoint_ends_no_link(
    line: LinkLine, provider: Provider, fault: CloudFault
) -> None:
    link = await line.link(provider)
    keeper = line.keeper(link.id, provider)
    first = await keeper()
    line.clouds.faults.arm(fault, at_tokens=True)
    with pytest.raises(TROUBLE[fault]):
        await keeper(refused=first)
    assert (await line.links.link(link.id)).state is LinkState.OK
    line.time.clock.seconds += 60
    assert line.opens(await keeper(refused=first), provider)


@pytest.mark.parametrize("skew_s", [-YEARS_S, YEARS_S])
async def test_a_clock_that_is_years_off_renews_at_most_once(line: LinkLine, skew_s: float) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    await keeper()
    asked = _token_calls(line)
    line.time.skew_s = skew_s
    for _ in range(5):
        assert line.opens(await keeper())
    assert _token_calls(line) <= asked + 1
    line.time.skew_s = 0.0
    for _ in range(5):
        assert line.opens(await keeper())
    assert _token_calls(line) <= asked + 2


async def test_a_pair_that_cannot_be_kept_is_not_used_and_kept_later(
    line: LinkLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    first = await keeper()
    real = line.links.renew

    async def full(*_: object, **__: object) -> object:
        raise StoreEnvironment("the disk is full")

    monkeypatch.setattr(line.links, "renew", full)
    with pytest.raises(StoreEnvironment):
        await keeper(refused=first)
    assert (await line.links.tokens(link.id)).pair.access == first
    asked = _token_calls(line)
    monkeypatch.setattr(line.links, "renew", real)
    token = await keeper(refused=first)
    assert _token_calls(line) == asked, "the pair that came is kept, and no other is asked for"
    assert (await line.links.tokens(link.id)).pair.access == token
    assert line.opens(token)


async def test_a_caller_that_gives_up_does_not_lose_the_answer(line: LinkLine) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    first = await keeper()
    caller = asyncio.create_task(keeper(refused=first))
    asked = _token_calls(line)
    async with asyncio.timeout(5):
        while _token_calls(line) == asked:
            await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await keeper.close()
    assert (await line.links.tokens(link.id)).generation == 2


async def test_a_link_that_ended_gives_no_token(line: LinkLine) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    await keeper()
    await line.links.end(link.id, by=None)
    with pytest.raises(NotLinked):
        await keeper()


async def test_a_link_with_fitbit_is_told_gone_and_never_asked(line: LinkLine) -> None:
    link = await line.links.add(
        provider=Provider.FITBIT,
        account="ABC123",
        patient="Patient/1",
        consent=consent(),
        pair=pair(),
    )
    with pytest.raises(errors.ProviderGone):
        await line.keeper(link.id)()
    assert line.clouds.calls == []


@pytest.mark.parametrize("kind", list(errors.CloudError.__subclasses__()))
async def test_only_the_end_of_the_consent_ends_a_link(
    line: LinkLine, kind: type[errors.CloudError]
) -> None:
    link = await line.link()
    calls = 0

    async def renew(_refresh: str) -> TokenAnswer:
        nonlocal calls
        calls += 1
        raise kind("Withings", retry_after_s=0.0)

    keeper = TokenKeeper(
        line.links,
        link.id,
        renew,
        LinkLocks(line.folder / "locks"),
        permit=permit,
        now=line.time.now,
        monotonic=line.time.monotonic,
        sleep=line.time.sleep,
    )
    before = await line.links.tokens(link.id)
    with pytest.raises(kind):
        await keeper(refused=before.pair.access)
    assert (await line.links.tokens(link.id)).pair == before.pair
    is_over = (await line.links.link(link.id)).state is LinkState.NEEDS_CONSENT
    assert is_over == (kind is errors.NeedsConsent)
    # A duplicate is waited for and asked once more; all else is asked once.
    assert calls == (2 if kind is errors.DuplicateRequest else 1)
    assert line.time.slept == ([11.0] if kind is errors.DuplicateRequest else [])


async def test_without_a_permit_nothing_is_asked_and_nothing_noted(line: LinkLine) -> None:
    link = await line.link()

    async def refused() -> None:
        raise errors.RateLimited("Withings", retry_after_s=60.0)

    keeper = TokenKeeper(
        line.links,
        link.id,
        line.endpoint(Provider.WITHINGS).renew,
        LinkLocks(line.folder / "locks"),
        permit=refused,
        now=line.time.now,
    )
    asked = _token_calls(line)
    held = await line.links.tokens(link.id)
    with pytest.raises(errors.RateLimited):
        await keeper(refused=held.pair.access)
    assert _token_calls(line) == asked
    assert await line.links.tokens(link.id) == held


async def test_where_nothing_can_be_written_nothing_is_asked(
    line: LinkLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    first, asked = await keeper(), _token_calls(line)

    async def full(_link_id: object) -> None:
        raise StoreEnvironment("the disk is full")

    monkeypatch.setattr(line.links, "asked", full)
    with pytest.raises(StoreEnvironment):
        await keeper(refused=first)
    assert _token_calls(line) == asked
    assert line.opens(first)


async def test_a_lock_that_is_never_freed_is_told_in_the_end(line: LinkLine) -> None:
    link = await line.link()
    locks = LinkLocks(line.folder / "locks", wait_s=0.2)
    async with locks.held(link.id, "Withings"):
        with pytest.raises(errors.CloudTransient):
            async with locks.held(link.id, "Withings"):
                pytest.fail("two hold one lock")
    async with locks.held(link.id, "Withings"):
        pass


async def test_a_link_that_ends_while_its_token_is_renewed_stays_ended(line: LinkLine) -> None:
    link = await line.link()
    keeper = line.keeper(link.id)
    first, asked = await keeper(), _token_calls(line)
    caller = asyncio.create_task(keeper(refused=first))
    async with asyncio.timeout(5):
        while _token_calls(line) == asked:
            await asyncio.sleep(0)
    await line.links.end(link.id, by=None)
    with pytest.raises(NotLinked):
        await caller
    with pytest.raises(NotLinked):
        await line.links.tokens(link.id)
