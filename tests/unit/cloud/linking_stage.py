"""The desk that links accounts, a patient, a browser that follows redirects, and the services."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from link_line import LinkLine, link_line, permit, registration

from ohx_desktop.audit.events import Event
from ohx_desktop.audit.record import AuditRecord
from ohx_desktop.cloud.consenting import ConsentRoom
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.registration import Registration
from ohx_desktop.desk.cloud_links import CloudLinks
from ohx_desktop.desk.linking import LinkDesk
from ohx_desktop.desk.linking_states import (
    AccountFound,
    Agreeing,
    ChooseProvider,
    Identifier,
    LinkingState,
)
from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.domain.patient import Patient, PatientIdentifier
from ohx_desktop.transport import HttpClient, exchange

T = TypeVar("T")
CHECKED = frozenset({Identifier.NAME, Identifier.BIRTH_DATE})
ANNA = Patient(
    reference="Patient/4711",
    family="Muster",
    given="Anna",
    birth_date=date(1948, 3, 2),
    identifier=PatientIdentifier(system=None, value="100-200"),
)
BEN = Patient(reference="Patient/4712", family="Muster", given="Ben", birth_date=date(1950, 1, 9))
RELAY = "https://clinic.example/link"


@dataclass(slots=True)
class Browser:
    """Follows redirects as a browser does, and never comes back where it is closed."""

    http: HttpClient
    refuses: bool = False
    is_closed: bool = False
    is_missing: bool = False
    port_behind_relay: int | None = None
    opened: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    _walks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __call__(self, url: str) -> bool:
        self.opened.append(url)
        if self.is_missing:
            return False
        if not self.is_closed:
            walk = asyncio.create_task(self._walk(url))
            self._walks.add(walk)
            walk.add_done_callback(self._walks.discard)
        return True

    async def _walk(self, url: str) -> None:
        for _ in range(6):
            self.visited.append(urlsplit(url).path)
            parts = urlsplit(url)
            if url.startswith(RELAY):
                # What packaging/relay/index.html does.
                url = f"http://127.0.0.1:{self.port_behind_relay}/callback?{parts.query}"
            if self.refuses and parts.path.endswith("/callback"):
                state = dict(pair.split("=") for pair in parts.query.split("&"))["state"]
                denied = urlencode({"error": "access_denied", "state": state})
                url = parts._replace(query=denied).geturl()
            answer = await exchange(self.http, "GET", url)
            if answer.status != HTTPStatus.FOUND:
                return
            url = answer.headers["location"]


@dataclass(slots=True)
class Stage:
    """The desk and all around it."""

    line: LinkLine
    browser: Browser
    notes: list[tuple[Event, str | None]] = field(default_factory=list)
    registrations: dict[Provider, Registration] = field(default_factory=dict)
    states: list[LinkingState] = field(default_factory=list)
    staff: str | None = "Practitioner/12"

    def __post_init__(self) -> None:
        for provider in (Provider.WITHINGS, Provider.GOOGLE_HEALTH):
            self.registrations[provider] = registration(self.line.clouds, provider)

    @property
    def links(self) -> CloudLinks:
        """The links as the desk has them."""
        return CloudLinks(
            self.line.links,
            self._room,
            signed_in=lambda: self.staff,
            note=self._note,
            now=self.line.time.now,
        )

    def change(self, provider: Provider, **told: Any) -> None:
        """Register otherwise with a provider."""
        self.registrations[provider] = replace(self.registrations[provider], **told)

    @asynccontextmanager
    async def desk(
        self, patient: Patient = ANNA, *, deadline_s: float = 20.0
    ) -> AsyncGenerator[LinkDesk]:
        """Open the desk for a patient, with the list shown."""
        failures: list[BaseException] = []
        desk = LinkDesk(
            self.links,
            patient,
            on_state=self.states.append,
            on_failure=failures.append,
            open_browser=self.browser,
            deadline_s=deadline_s,
            now=self.line.time.now,
        )
        try:
            await desk.show()
            await reached(desk, ChooseProvider, lambda state: state.offers is not None)
            yield desk
        finally:
            await desk.close()
        assert failures == []

    async def link(
        self, patient: Patient = ANNA, provider: Provider = Provider.WITHINGS
    ) -> LinkingState:
        """Go the whole way for a patient and return where it ended."""
        async with self.desk(patient) as desk:
            await agree(desk, provider)
            ended = await reached(desk, object, lambda state: not _is_on_the_way(state))
            if isinstance(ended, AccountFound):
                await desk.confirm()
                ended = await reached(
                    desk, object, lambda state: not getattr(state, "saving", False)
                )
            assert not isinstance(ended, ChooseProvider)
            return desk.state

    def _room(self, provider: Provider) -> ConsentRoom:
        told = self.registrations.get(provider)
        if told is None:
            raise ConfigurationError(f"{provider.service} is not set up at this workstation")
        return ConsentRoom(
            http=self.line.http,
            registration=told,
            endpoint=self.line.endpoint(provider),
            permit=permit,
            now=self.line.time.now,
        )

    def _note(
        self,
        event: Event,
        /,
        *,
        by: str | None = None,
        patient: str | None = None,
        subject: str | None = None,
        detail: str | None = None,
        **_more: Any,
    ) -> None:
        assert patient is not None
        # What the audit would not take must not be told to it.
        AuditRecord(at=0, event=event, who=by, subject=subject, detail=detail)
        self.notes.append((event, by))


def _is_on_the_way(state: object) -> bool:
    return type(state).__name__ in {"AtProvider", "Agreeing"}


async def agree(desk: LinkDesk, provider: Provider) -> None:
    """Choose a provider, know the patient, have them agree, and open the browser."""
    await desk.choose(provider)
    assert isinstance(desk.state, Agreeing)
    desk.know_by(CHECKED)
    desk.agree(agreed=True)
    await desk.go_on()


async def reached(
    desk: LinkDesk, kind: type[T], condition: Callable[[T], bool] = lambda _: True
) -> T:
    """Return the state once it is of this kind and meets the condition."""
    async with asyncio.timeout(15):
        while True:
            state: object = desk.state
            if isinstance(state, kind) and condition(state):
                return state
            await asyncio.sleep(0.002)


@asynccontextmanager
async def linking_stage(folder: Path) -> AsyncGenerator[Stage]:
    """Start the services and open an empty profile."""
    async with link_line(folder) as line:
        yield Stage(line, Browser(line.http))
