"""Linking at the desk, against the virtual services: never a wrong person, nothing left behind."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from link_line import FIRST, GOOGLE_FIRST, SECOND
from linking_stage import ANNA, BEN, CHECKED, RELAY, Stage, agree, linking_stage, reached

from ohx_desktop.audit.events import Event
from ohx_desktop.cloud import errors
from ohx_desktop.cloud.found_account import ConsentStep
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import AccountTaken, AnotherAccount, ConsentUnfinished
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.scopes import Opens
from ohx_desktop.desk.linking_states import (
    CONSENT_TEXT,
    AccountFound,
    Agreeing,
    AtProvider,
    ChooseProvider,
    Identifier,
    Linked,
    LinkFailed,
)
from ohx_desktop.domain.errors import ConfigurationError, NotAuthorised, StoreEnvironment
from ohx_desktop.virtual.cloud import CloudFault

BOTH = pytest.mark.parametrize("provider", [Provider.WITHINGS, Provider.GOOGLE_HEALTH])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with linking_stage(tmp_path) as opened:
        yield opened


@BOTH
async def test_an_account_is_linked_after_patient_and_account_were_confirmed(
    stage: Stage, provider: Provider
) -> None:
    async with stage.desk() as desk:
        await agree(desk, provider)
        found = (await reached(desk, AccountFound)).found
        assert found.account == (FIRST if provider is Provider.WITHINGS else GOOGLE_FIRST)
        assert found.devices
        assert found.last_weighing is not None
        assert found.missing == ()
        assert await stage.line.links.links() == [], "nothing is kept before it was confirmed"
        await desk.confirm()
        linked = await reached(desk, Linked)
    assert await stage.line.links.links() == [linked.link]
    assert linked.link.patient == ANNA.reference
    assert linked.link.state is LinkState.OK
    told = linked.link.consent
    assert (told.by, told.text, told.at) == ("Practitioner/12", CONSENT_TEXT, stage.line.time.now())
    assert stage.notes == [(Event.LINK_ADDED, "Practitioner/12")]
    steps = [state.step for state in stage.states if isinstance(state, AtProvider)]
    assert list(dict.fromkeys(steps)) == list(ConsentStep)
    keeper = stage.line.keeper(linked.link.id, provider)
    assert stage.line.opens(await keeper(), provider)


async def test_withings_signs_out_first_and_gets_its_scopes_with_commas(stage: Stage) -> None:
    await stage.link()
    (url,) = stage.browser.opened
    assert urlsplit(url).path == "/withings/logout"
    authorize = parse_qs(urlsplit(url).query)["r"][0]
    asked = parse_qs(urlsplit(authorize).query)
    assert asked["scope"] == ["user.metrics,user.info"]
    assert asked["redirect_uri"][0].startswith("http://127.0.0.1:")


async def test_google_is_asked_for_an_account_and_a_lasting_consent(stage: Stage) -> None:
    await stage.link(provider=Provider.GOOGLE_HEALTH)
    asked = parse_qs(urlsplit(stage.browser.opened[0]).query)
    assert asked["prompt"] == ["select_account consent"]
    assert asked["access_type"] == ["offline"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "include_granted_scopes" not in asked


@pytest.mark.parametrize(
    "checked", [frozenset(), frozenset({Identifier.NAME}), frozenset({Identifier.NUMBER})]
)
async def test_nobody_is_sent_to_a_provider_who_is_not_known_by_two_identifiers(
    stage: Stage, checked: frozenset[Identifier]
) -> None:
    async with stage.desk() as desk:
        await desk.choose(Provider.WITHINGS)
        desk.know_by(checked)
        desk.agree(agreed=True)
        await desk.go_on()
        assert isinstance(desk.state, Agreeing)
    assert stage.browser.opened == []


async def test_an_identifier_that_the_record_lacks_does_not_count(stage: Stage) -> None:
    nameless = replace(ANNA, identifier=None)
    async with stage.desk(nameless) as desk:
        await desk.choose(Provider.WITHINGS)
        desk.know_by(frozenset({Identifier.NAME, Identifier.NUMBER}))
        desk.agree(agreed=True)
        await desk.go_on()
        assert isinstance(desk.state, Agreeing)


async def test_nobody_is_sent_to_a_provider_without_having_agreed_or_after_death(
    stage: Stage,
) -> None:
    for patient, agreed in ((ANNA, False), (replace(ANNA, deceased=True), True)):
        async with stage.desk(patient) as desk:
            await desk.choose(Provider.WITHINGS)
            desk.know_by(CHECKED)
            desk.agree(agreed=agreed)
            await desk.go_on()
            assert isinstance(desk.state, Agreeing)
    assert stage.browser.opened == []


async def test_an_account_of_another_patient_is_refused_and_their_link_lives(stage: Stage) -> None:
    linked = await stage.link(ANNA)
    assert isinstance(linked, Linked)
    refused = await stage.link(BEN)
    assert isinstance(refused, AccountFound)
    assert isinstance(refused.error, AccountTaken)
    assert await stage.line.links.links() == [linked.link]
    keeper = stage.line.keeper(linked.link.id)
    assert stage.line.opens(await keeper()), "declining Ben must not end Anna's consent"


async def test_another_account_of_the_patient_is_refused_and_given_back(stage: Stage) -> None:
    linked = await stage.link(ANNA)
    assert isinstance(linked, Linked)
    stage.line.clouds.withings.accounts.at_the_browser = SECOND
    refused = await stage.link(ANNA)
    assert isinstance(refused, AccountFound)
    assert isinstance(refused.error, AnotherAccount)
    assert not stage.line.opens(refused.found.pair.access), "its consent was taken back"
    assert stage.line.opens(await stage.line.keeper(linked.link.id)())


async def test_a_link_whose_consent_ended_is_the_same_link_after_a_new_one(stage: Stage) -> None:
    linked = await stage.link()
    assert isinstance(linked, Linked)
    await stage.line.links.synced(linked.link.id, marks={"measures": stage.line.time.now()})
    stage.line.clouds.withings.tokens.revoke(FIRST)
    keeper = stage.line.keeper(linked.link.id)
    with pytest.raises(errors.NeedsConsent):
        await keeper(refused=await keeper())
    again = await stage.link()
    assert isinstance(again, Linked)
    assert again.link.id == linked.link.id
    assert again.link.state is LinkState.OK
    assert again.link.marks
    assert [event for event, _ in stage.notes] == [Event.LINK_ADDED, Event.LINK_RENEWED]
    assert stage.line.opens(await keeper())


async def test_the_wrong_google_account_is_told_and_not_linked(stage: Stage) -> None:
    stage.line.clouds.google.accounts.at_the_browser = "7310042256822"
    failed = await stage.link(provider=Provider.GOOGLE_HEALTH)
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, errors.AccountNotLinked)
    assert await stage.line.links.links() == []
    assert stage.line.clouds.calls[-1] == "/revoke", (
        "the consent of a useless account is given back"
    )


async def test_what_the_patient_did_not_tick_is_named_and_the_rest_comes(stage: Stage) -> None:
    stage.change(Provider.WITHINGS, with_activity=True)
    stage.line.clouds.withings.withheld = frozenset({"user.activity"})
    linked = await stage.link()
    assert isinstance(linked, Linked)
    assert linked.missing == (Opens.SLEEP_AND_STEPS,)
    assert linked.link.state is LinkState.SCOPE_MISSING
    assert linked.link.code == "not-granted:sleep-and-steps"


async def test_without_names_of_devices_the_link_is_whole(stage: Stage) -> None:
    stage.line.clouds.withings.withheld = frozenset({"user.info"})
    linked = await stage.link()
    assert isinstance(linked, Linked)
    assert linked.missing == (Opens.DEVICES,)
    assert linked.link.state is LinkState.OK


@BOTH
async def test_without_any_measurement_there_is_no_link(stage: Stage, provider: Provider) -> None:
    scope = "https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly"
    stage.line.clouds.withings.withheld = frozenset({"user.metrics"})
    stage.line.clouds.google.withheld = frozenset({scope})
    failed = await stage.link(provider=provider)
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, errors.ScopeMissing)
    assert await stage.line.links.links() == []


@BOTH
async def test_a_patient_who_declines_is_told_and_nothing_is_linked(
    stage: Stage, provider: Provider
) -> None:
    stage.browser.refuses = True
    failed = await stage.link(provider=provider)
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, NotAuthorised)
    assert "declined" in failed.error.what


async def test_nobody_coming_back_ends_at_the_deadline_and_can_be_tried_again(
    stage: Stage,
) -> None:
    stage.browser.is_closed = True
    async with stage.desk(deadline_s=0.05) as desk:
        await agree(desk, Provider.WITHINGS)
        failed = await reached(desk, LinkFailed)
        assert isinstance(failed.error, NotAuthorised)
        await desk.try_again()
        assert desk.state == Agreeing(patient=ANNA, provider=Provider.WITHINGS)


async def test_it_can_be_given_up_while_the_browser_is_open_and_the_port_is_free(
    stage: Stage,
) -> None:
    stage.browser.is_closed = True
    port = _free_port()
    stage.change(Provider.WITHINGS, redirect_port=port)
    async with stage.desk() as desk:
        for _ in range(2):
            await agree(desk, Provider.WITHINGS)
            at_provider = await reached(desk, AtProvider, lambda _: bool(stage.browser.opened))
            assert at_provider.step is ConsentStep.BROWSER
            stage.browser.opened.clear()
            await desk.show()
            await reached(desk, ChooseProvider, lambda state: state.offers is not None)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))


async def test_an_account_that_is_not_confirmed_is_given_back(stage: Stage) -> None:
    async with stage.desk() as desk:
        await agree(desk, Provider.WITHINGS)
        found = (await reached(desk, AccountFound)).found
        await desk.show()
        await reached(desk, ChooseProvider, lambda state: state.offers is not None)
        assert not stage.line.opens(found.pair.access)
    assert await stage.line.links.links() == []


async def test_a_window_that_closes_on_an_account_gives_it_back(stage: Stage) -> None:
    async with stage.desk() as desk:
        await agree(desk, Provider.GOOGLE_HEALTH)
        found = (await reached(desk, AccountFound)).found
    assert not stage.line.opens(found.pair.access, Provider.GOOGLE_HEALTH)


@BOTH
async def test_a_failure_after_the_sign_in_gives_the_consent_back(
    stage: Stage, provider: Provider
) -> None:
    stage.line.clouds.faults.arm(CloudFault.HTML)
    failed = await stage.link(provider=provider)
    assert isinstance(failed, LinkFailed)
    assert stage.line.clouds.calls[-1] in {"/revoke", "/v2/oauth2"}
    grants = stage.line.clouds.withings.tokens, stage.line.clouds.google.tokens
    assert not any(book._grants for book in grants)


async def test_a_failed_new_consent_never_ends_the_link_that_lives(stage: Stage) -> None:
    linked = await stage.link(provider=Provider.GOOGLE_HEALTH)
    assert isinstance(linked, Linked)
    stage.line.clouds.faults.arm(CloudFault.HTML)
    failed = await stage.link(provider=Provider.GOOGLE_HEALTH)
    assert isinstance(failed, LinkFailed)
    token = await stage.line.keeper(linked.link.id, Provider.GOOGLE_HEALTH)()
    assert stage.line.opens(token, Provider.GOOGLE_HEALTH)


async def test_a_taken_port_is_named_with_its_setting(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stage.change(Provider.WITHINGS, redirect_port=port)
        failed = await stage.link()
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, ConfigurationError)
    assert str(port) in failed.error.what
    assert "cloud.withings.redirect_port" in failed.error.hint


async def test_over_the_clinic_s_page_the_registered_address_goes_with_both_calls(
    stage: Stage,
) -> None:
    port = _free_port()
    stage.change(Provider.WITHINGS, redirect_url=RELAY, redirect_port=port)
    stage.browser.port_behind_relay = port
    linked = await stage.link()
    assert isinstance(linked, Linked), "the service takes a code with its own address only"
    assert "/link" in stage.browser.visited


async def test_without_a_browser_the_address_is_shown_and_waited_for(stage: Stage) -> None:
    stage.browser.is_missing = True
    async with stage.desk() as desk:
        await agree(desk, Provider.WITHINGS)
        shown = await reached(desk, AtProvider, lambda state: state.no_browser is not None)
        assert shown.no_browser is not None
        stage.browser.is_missing = False
        await stage.browser(shown.no_browser)
        await reached(desk, AccountFound)


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
@pytest.mark.parametrize("at_tokens", [True, False])
@pytest.mark.parametrize("fault", TROUBLE)
async def test_trouble_on_the_way_links_nothing_and_is_named(
    stage: Stage, provider: Provider, fault: CloudFault, at_tokens: bool
) -> None:
    stage.line.clouds.faults.arm(fault, at_tokens=at_tokens)
    failed = await stage.link(provider=provider)
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, TROUBLE[fault])
    assert await stage.line.links.links() == []


async def test_a_wrong_secret_is_the_administrator_s_matter(stage: Stage) -> None:
    stage.line.clouds.google.client_secret = "another"  # noqa: S105 - of a service that is none
    failed = await stage.link(provider=Provider.GOOGLE_HEALTH)
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, errors.AdminSetup)


async def test_a_code_that_came_too_late_is_told_so(stage: Stage) -> None:
    stage.line.clouds.withings.tokens._code_s = -1.0
    failed = await stage.link()
    assert isinstance(failed, LinkFailed)
    assert isinstance(failed.error, ConsentUnfinished)


async def test_where_saving_fails_it_can_be_confirmed_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(**_: object) -> object:
        raise StoreEnvironment("the disk is full")

    async with stage.desk() as desk:
        await agree(desk, Provider.WITHINGS)
        await reached(desk, AccountFound)
        with monkeypatch.context() as patched:
            patched.setattr(stage.line.links, "add", full)
            await desk.confirm()
            failed = await reached(desk, AccountFound, lambda state: state.error is not None)
            assert isinstance(failed.error, StoreEnvironment)
        await desk.confirm()
        await reached(desk, Linked)


async def test_a_provider_that_is_not_set_up_says_why_and_cannot_be_chosen(stage: Stage) -> None:
    del stage.registrations[Provider.GOOGLE_HEALTH]
    async with stage.desk() as desk:
        state = desk.state
        assert isinstance(state, ChooseProvider)
        offers = {offer.provider: offer for offer in state.offers or ()}
        assert offers[Provider.WITHINGS].off is None
        assert isinstance(offers[Provider.GOOGLE_HEALTH].off, ConfigurationError)
        assert Provider.FITBIT not in offers
        await desk.choose(Provider.GOOGLE_HEALTH)
        assert desk.state is state


@BOTH
async def test_unlinking_takes_the_consent_back(stage: Stage, provider: Provider) -> None:
    linked = await stage.link(provider=provider)
    assert isinstance(linked, Linked)
    token = await stage.line.keeper(linked.link.id, provider)()
    async with stage.desk() as desk:
        await desk.unlink(provider)
        ended = await reached(desk, ChooseProvider, lambda state: state.ending is None)
        assert ended.revoke_error is None
    assert not stage.line.opens(token, provider)
    assert await stage.line.links.links() == []
    assert await stage.line.links.revocations() == []
    assert stage.notes[-1] == (Event.LINK_ENDED, "Practitioner/12")


@BOTH
async def test_an_unreachable_provider_is_told_later_and_the_tokens_are_gone_at_once(
    stage: Stage, provider: Provider
) -> None:
    linked = await stage.link(provider=provider)
    assert isinstance(linked, Linked)
    token = await stage.line.keeper(linked.link.id, provider)()
    told = stage.registrations[provider].addresses
    dead = f"http://127.0.0.1:{_free_port()}"
    unreachable = told._replace(api=dead, token=f"{dead}/token")
    stage.change(provider, addresses=unreachable)
    stage.line.addresses[provider] = unreachable
    async with stage.desk() as desk:
        await desk.unlink(provider)
        ended = await reached(desk, ChooseProvider, lambda state: state.ending is None)
        assert isinstance(ended.revoke_error, errors.CloudTransient)
    assert await stage.line.links.links() == []
    assert await stage.links.take_back() == 1
    (waiting,) = await stage.line.links.revocations()
    assert waiting.attempts == 2
    assert stage.line.opens(token, provider)
    del stage.line.addresses[provider]
    assert await stage.links.take_back() == 0
    assert not stage.line.opens(token, provider)
    assert await stage.line.links.revocations() == []


async def test_two_desks_that_link_one_account_at_once_end_with_one_patient(stage: Stage) -> None:
    async with stage.desk(ANNA) as first, stage.desk(BEN) as second:
        for desk in (first, second):
            await agree(desk, Provider.WITHINGS)
            await reached(desk, AccountFound)
        await asyncio.gather(first.confirm(), second.confirm())
        for desk in (first, second):
            await reached(desk, object, lambda state: not getattr(state, "saving", False))
        ended = [first.state, second.state]
        assert sum(isinstance(state, Linked) for state in ended) == 1
        (refused,) = (state for state in ended if isinstance(state, AccountFound))
        assert isinstance(refused.error, AccountTaken)
    (link,) = await stage.line.links.links()
    assert stage.line.opens(await stage.line.keeper(link.id)())


@BOTH
async def test_no_log_line_of_a_whole_life_holds_a_token_a_code_or_a_person(
    stage: Stage, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    linked = await stage.link(provider=provider)
    assert isinstance(linked, Linked)
    keeper = stage.line.keeper(linked.link.id, provider)
    tokens = [await keeper(), await keeper(refused=await keeper())]
    held = await stage.line.links.tokens(linked.link.id)
    stage.line.clouds.faults.arm(CloudFault.UNAVAILABLE, at_tokens=True)
    with pytest.raises(errors.CloudTransient):
        await keeper(refused=tokens[-1])
    await stage.links.end(linked.link.id)
    told = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert "link.added" in told
    hidden = (*tokens, held.pair.refresh, held.before or tokens[0], linked.link.account)
    for secret in (*hidden, ANNA.reference, ANNA.family, "virtual-secret"):
        assert secret not in told


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
