"""The patients' links with cloud accounts, as the desk and the command line make and end them."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from ohx_desktop.audit.events import Event
from ohx_desktop.cloud import consenting
from ohx_desktop.cloud.consenting import ConsentRoom
from ohx_desktop.cloud.errors import CloudError, CloudTransient
from ohx_desktop.cloud.fitbit import legacy_error
from ohx_desktop.cloud.found_account import ConsentStep, FoundAccount
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Consent, Link
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.scopes import Opens
from ohx_desktop.cloud.token_endpoint import TokenEndpoint
from ohx_desktop.cloud.unlinking import Ended, end_link, take_back
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.desk.linking_states import CONSENT_TEXT, ProviderOffer
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.oauth.authorization import OpenBrowser
from ohx_desktop.ops.logging import Field, log_event, log_problem

LINKABLE = (Provider.WITHINGS, Provider.GOOGLE_HEALTH)
# The link lives without these; staff are told what does not come.
_OPTIONAL = frozenset({Opens.DEVICES})

# Nobody waits longer for a provider to hear of what was never linked.
GIVE_BACK_S = 10.0

Rooms = Callable[[Provider], ConsentRoom]
"""Returns what a consent at a provider needs. Raises ConfigurationError, KeystoreError: why not."""


class CloudLinks:
    """Makes, shows, pauses and ends links. `signed_in` tells who works here at this moment."""

    def __init__(
        self,
        links: AsyncLinks,
        rooms: Rooms,
        *,
        signed_in: Callable[[], str | None],
        note: Note = note_nothing,
        now: Now = system_now,
    ) -> None:
        self._links = links
        self._rooms = rooms
        self._signed_in = signed_in
        self._note = note
        self._now = now

    async def all(self) -> list[Link]:
        """Return all live links."""
        return await self._links.links()

    async def offers(self, patient: str) -> tuple[ProviderOffer, ...]:
        """Return the patient's links, and which providers they can be linked with, or why not."""
        offers = []
        for provider in Provider:
            link = await self._links.link_of_patient(patient, provider)
            if provider in LINKABLE or link is not None:
                offers.append(ProviderOffer(provider=provider, link=link, off=self._off(provider)))
        return tuple(offers)

    def require(self, provider: Provider) -> None:
        """Raise why no account can be linked with a provider, if none can."""
        error = self._off(provider)
        if error is not None:
            raise error

    async def consent(
        self,
        provider: Provider,
        open_browser: OpenBrowser,
        *,
        on_step: Callable[[ConsentStep], None],
        deadline_s: float,
    ) -> FoundAccount:
        """Have the patient sign in at the provider and return the account. See `consenting`.

        Where no account comes of it, or nobody waits any more, the consent is taken back.
        """
        self.require(provider)
        room = self._rooms(provider)
        consented = await consenting.consent(
            room, open_browser, on_step=on_step, deadline_s=deadline_s
        )
        on_step(ConsentStep.ACCOUNT)
        try:
            return await consenting.account_of(room, consented)
        except BaseException:
            await self._give_back(provider, consented.account, consented.pair.refresh)
            raise

    async def add(self, patient: str, found: FoundAccount) -> Link:
        """Link the account to the patient, or renew the consent of that very link.

        Raises AccountTaken, AnotherAccount, StoreError; then nothing was linked.
        """
        by = self._signed_in()
        lacks = [opens for opens in found.missing if opens not in _OPTIONAL]
        before = await self._links.link_of_patient(patient, found.provider)
        link = await self._links.add(
            provider=found.provider,
            account=found.account,
            patient=patient,
            consent=Consent(at=self._now(), by=by, text=CONSENT_TEXT, scopes=found.scopes),
            pair=found.pair,
            state=LinkState.SCOPE_MISSING if lacks else LinkState.OK,
            code=f"not-granted:{','.join(lacks)}" if lacks else None,
        )
        self._told(Event.LINK_ADDED if before is None else Event.LINK_RENEWED, link, by)
        return link

    async def decline(self, found: FoundAccount) -> None:
        """Take back a consent that shall not become a link, where no link lives by it."""
        await self._give_back(found.provider, found.account, found.pair.refresh)

    async def end(self, link_id: UUID) -> Ended:
        """End a link: erased at once, taken back at the provider now or later. Raises NotLinked."""
        by, link = self._signed_in(), await self._links.link(link_id)
        ended = await end_link(self._links, self._endpoint, link_id, by)
        self._told(Event.LINK_ENDED, link, by)
        return ended

    async def take_back(self) -> int:
        """Take back the consents that could not be taken back before; return how many wait."""
        return await take_back(self._links, self._endpoint)

    async def not_taken_back(self) -> int:
        """Return how many ended links the providers have yet to be told of."""
        return len(await self._links.revocations())

    async def pause(self, link_id: UUID) -> Link:
        """Have nothing asked of an account until a person resumes it. Raises NotLinked."""
        by = self._signed_in()
        link = await self._links.pause(link_id, by=by)
        self._told(Event.LINK_PAUSED, link, by)
        return link

    async def resume(self, link_id: UUID) -> Link:
        """Have a paused link go on. Raises NotLinked."""
        by = self._signed_in()
        link = await self._links.resume(link_id)
        self._told(Event.LINK_RESUMED, link, by)
        return link

    async def _give_back(self, provider: Provider, account: str | None, token: str) -> None:
        """Take a consent back, but none that a link may live by; what fails is logged."""
        live = [link.account for link in await self._links.links() if link.provider is provider]
        if account in live or (account is None and live):
            return
        error: Exception | None = None
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                await self._rooms(provider).endpoint.revoke(account or "", token)
        except CloudError as refused:
            error = refused
        except TimeoutError:
            error = CloudTransient(provider.service)
        if error is not None:
            log_problem(error)

    def _endpoint(self, provider: Provider) -> TokenEndpoint:
        return self._rooms(provider).endpoint

    def _off(self, provider: Provider) -> OhxError | None:
        if provider is Provider.FITBIT:
            return legacy_error()
        try:
            self._rooms(provider)
        except OhxError as error:
            return error
        return None

    def _told(self, event: Event, link: Link, by: str | None) -> None:
        log_event(event.replace("-", ".", 1), {Field.ENTRY: link.id})
        provider = link.provider.value.replace("_", "-")
        self._note(event, by=by, patient=link.patient, subject=str(link.id), detail=provider)
