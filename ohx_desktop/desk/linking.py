"""Linking a patient's account: the state machine between staff, patient, browser and provider.

Every command and every event produces the next state (`desk.linking_states`), which is shown as it
is. Whatever begins next ends what runs; a consent that does not become a link is taken back.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from ohx_desktop.cloud.consenting import CONSENT_S
from ohx_desktop.cloud.found_account import ConsentStep, FoundAccount
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.desk.cloud_links import CloudLinks
from ohx_desktop.desk.linking_states import (
    AccountFound,
    Agreeing,
    AtProvider,
    ChooseProvider,
    Identifier,
    Linked,
    LinkFailed,
    LinkingState,
)
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.patient import Patient
from ohx_desktop.oauth.authorization import OpenBrowser, open_system_browser
from ohx_desktop.ops.logging import log_problem


class LinkDesk:
    """The conversation about one patient's links. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop; `on_failure` gets an exception that
    is a bug. Call `show` first; `close` must be awaited at the end.
    """

    def __init__(
        self,
        links: CloudLinks,
        patient: Patient,
        *,
        on_state: Callable[[LinkingState], None],
        on_failure: Callable[[BaseException], None],
        open_browser: OpenBrowser = open_system_browser,
        deadline_s: float = CONSENT_S,
        now: Now = system_now,
    ) -> None:
        self._links = links
        self._patient = patient
        self._on_state = on_state
        self._on_failure = on_failure
        self._open_browser = open_browser
        self._deadline_s = deadline_s
        self._now = now
        self._work: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self.state: LinkingState = ChooseProvider(patient=patient)

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    async def show(self) -> None:
        """Show the patient's links, from any state; whatever runs is given up."""
        if isinstance(self.state, AccountFound) and self.state.saving:
            return
        declined = self._declined()
        await self._turn_to(ChooseProvider(patient=self._patient), self._list(declined))

    async def choose(self, provider: Provider) -> None:
        """Choose a provider that is not off, to link an account or to renew its consent."""
        state = self.state
        if not isinstance(state, ChooseProvider) or state.ending is not None:
            return
        for offer in state.offers or ():
            if offer.provider is provider and offer.off is None:
                again = offer.link is not None
                self._show(Agreeing(patient=self._patient, provider=provider, again=again))

    def know_by(self, identifiers: frozenset[Identifier]) -> None:
        """Take note of what the person in front of the desk was asked for and told rightly."""
        if isinstance(self.state, Agreeing):
            self._show(replace(self.state, identifiers=identifiers))

    def agree(self, agreed: bool) -> None:
        """Take note that the patient has agreed to the words of `CONSENT_TEXT`, or not."""
        if isinstance(self.state, Agreeing):
            self._show(replace(self.state, agreed=agreed))

    async def go_on(self) -> None:
        """Open the provider's page for the patient, once they are known and have agreed."""
        state = self.state
        if isinstance(state, Agreeing) and state.can_go_on:
            at_provider = AtProvider(
                patient=self._patient,
                provider=state.provider,
                step=ConsentStep.BROWSER,
                until=self._now() + timedelta(seconds=self._deadline_s),
            )
            await self._turn_to(at_provider, self._consent(state.provider))

    async def confirm(self) -> None:
        """Link the account that was found: patient and staff have said that it is theirs."""
        state = self.state
        if isinstance(state, AccountFound) and not state.saving:
            saving = replace(state, saving=True, error=None)
            await self._turn_to(saving, self._save(state.found))

    async def try_again(self) -> None:
        """Begin anew after a failure; the patient is asked again, too."""
        state = self.state
        if isinstance(state, LinkFailed):
            self._show(Agreeing(patient=self._patient, provider=state.provider))

    async def unlink(self, provider: Provider) -> None:
        """End the patient's link with a provider. The shell has asked whether that is meant."""
        state = self.state
        if not isinstance(state, ChooseProvider) or state.ending is not None:
            return
        for offer in state.offers or ():
            if offer.provider is provider and offer.link is not None:
                await self._turn_to(replace(state, ending=provider), self._unlink(offer.link.id))

    async def close(self) -> None:
        """End whatever runs; what is being saved is saved, what nobody confirmed is taken back."""
        declined = self._declined()
        async with self._one_at_a_time:
            if isinstance(self.state, AccountFound) and self.state.saving and self._work:
                await asyncio.wait({self._work})
            await self._stop()
        if declined is not None:
            await self._links.decline(declined)

    # ── what happens meanwhile ───────────────────────────────────────────────────────────────

    async def _list(
        self,
        declined: FoundAccount | None = None,
        *,
        error: OhxError | None = None,
        revoke_error: OhxError | None = None,
    ) -> None:
        try:
            if declined is not None:
                await self._links.decline(declined)
            offers = await self._links.offers(self._patient.reference)
        except OhxError as unread:
            log_problem(unread)
            offers, error = (), unread
        self._show(
            ChooseProvider(
                patient=self._patient, offers=offers, error=error, revoke_error=revoke_error
            )
        )

    async def _consent(self, provider: Provider) -> None:
        try:
            found = await self._links.consent(
                provider, self._open, on_step=self._stepped, deadline_s=self._deadline_s
            )
        except OhxError as error:
            log_problem(error)
            self._show(LinkFailed(patient=self._patient, provider=provider, error=error))
        else:
            self._show(AccountFound(patient=self._patient, found=found))

    async def _save(self, found: FoundAccount) -> None:
        try:
            link = await self._links.add(self._patient.reference, found)
        except OhxError as error:
            log_problem(error)
            self._show(AccountFound(patient=self._patient, found=found, error=error))
        else:
            self._show(Linked(patient=self._patient, link=link, missing=found.missing))

    async def _unlink(self, link_id: UUID) -> None:
        try:
            ended = await self._links.end(link_id)
        except OhxError as error:
            log_problem(error)
            await self._list(error=error)
        else:
            await self._list(revoke_error=ended.error)

    def _stepped(self, step: ConsentStep) -> None:
        if isinstance(self.state, AtProvider):
            self._show(replace(self.state, step=step, no_browser=None))

    async def _open(self, url: str) -> bool:
        """Open the browser, or have the shell show the address where there is none."""
        if not await self._open_browser(url) and isinstance(self.state, AtProvider):
            self._show(replace(self.state, no_browser=url))
        return True

    # ── house-keeping ────────────────────────────────────────────────────────────────────────

    def _declined(self) -> FoundAccount | None:
        state = self.state
        return state.found if isinstance(state, AccountFound) and not state.saving else None

    async def _turn_to(self, state: LinkingState, work: Coroutine[None, None, None]) -> None:
        """Show a state at once; its work begins when what ran before has ended."""
        self._show(state)
        async with self._one_at_a_time:
            await self._stop()
            if self.state is not state:
                work.close()
                return
            self._work = asyncio.create_task(work)
            self._work.add_done_callback(self._report)

    def _show(self, state: LinkingState) -> None:
        self.state = state
        self._on_state(state)

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._on_failure(error)

    async def _stop(self) -> None:
        work, self._work = self._work, None
        if work is not None and not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
