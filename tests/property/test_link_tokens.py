"""Whatever happens to the programs, the clock and the answers, in any order: the link survives."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Consent, HeldTokens, Link, Pair
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.tokens import TokenKeeper
from ohx_desktop.cloud.withings.tokens import decode_token
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.withings import VirtualWithings

KEY = bytes(32)
SCOPES = ("user.metrics",)
REDIRECT = "http://127.0.0.1:8973/callback"
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class CrashError(Exception):
    """The program ends here."""


class Event(StrEnum):
    """What happens next."""

    USE = "a token is used"
    REFUSED = "the token is refused"
    RESTART = "another program goes on"
    CRASH_BEFORE = "it dies before the call"
    CRASH_ANSWERED = "it dies with the answer"
    CRASH_KEPT = "it dies with the pair kept"
    DISK_FULL = "nothing can be written for a while"
    SECONDS = "three seconds pass"
    HOURS = "four hours pass"
    CLOCK_AHEAD = "the clock is five years ahead"
    CLOCK_BEHIND = "the clock is five years behind"
    CLOCK_RIGHT = "the clock is right"


SKEWS = {
    Event.CLOCK_AHEAD: 5 * 365 * DAY_S,
    Event.CLOCK_BEHIND: -5 * 365 * DAY_S,
    Event.CLOCK_RIGHT: 0.0,
}


@dataclass(slots=True, frozen=True)
class BareAnswer:
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


class World:
    """One link, the service, and what goes wrong next."""

    def __init__(self, links: AsyncLinks, folder: Path, seconds: "Seconds") -> None:
        self.links = links
        self.folder = folder
        self.time = seconds
        self.withings = VirtualWithings(
            Accounts([Account(user_id="1")]),
            now=lambda: seconds.true,
            client_id="c",
            client_secret="s",  # noqa: S106 - of a service that is none
        )
        self.withings.quota.per_minute = 10**6
        self.token_calls = 0
        self.armed: Event | None = None
        # A pair was lost: Withings takes the token before for eight hours, and then nothing helps.
        self.is_in_grace = False

    def keeper(self, link: Link) -> TokenKeeper:
        return TokenKeeper(
            _Fragile(self),  # type: ignore[arg-type]  # the links, with faults at two of their calls
            link.id,
            self._renew,
            LinkLocks(self.folder / "locks"),
            permit=self._permit,
            now=self.time.wall,
            monotonic=lambda: self.time.true,
            sleep=self.time.sleep,
        )

    async def link(self) -> Link:
        code = self.withings.tokens.code("1", SCOPES, REDIRECT)
        tokens = self.withings.tokens.exchange(code, REDIRECT)
        now = self.time.wall()
        return await self.links.add(
            provider=Provider.WITHINGS,
            account="1",
            patient="Patient/1",
            consent=Consent(at=now, by=None, text="1", scopes=frozenset(SCOPES)),
            pair=Pair(
                access=tokens.access,
                refresh=tokens.refresh or "",
                obtained_at=now,
                expires_at=now + timedelta(hours=3),
            ),
        )

    def take(self, event: Event) -> bool:
        if self.armed is not event:
            return False
        if event is not Event.DISK_FULL:
            self.armed = None
        return True

    async def _permit(self) -> None:
        pass

    async def _renew(self, refresh: str) -> TokenAnswer:
        if self.take(Event.CRASH_BEFORE):
            raise CrashError
        self.token_calls += 1
        form = {
            "action": "requesttoken",
            "grant_type": "refresh_token",
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": refresh,
        }
        answer = self.withings.answer("/v2/oauth2", form, None)
        self.is_in_grace = True
        if self.take(Event.CRASH_ANSWERED):
            raise CrashError
        return decode_token(BareAnswer(_json(answer)))


@dataclass(slots=True)
class Seconds:
    """The true time, and how wrong this computer's clock is."""

    true: float = 1_795_000_000.0
    skew: float = 0.0

    def wall(self) -> datetime:
        return datetime.fromtimestamp(self.true + self.skew, UTC)

    async def sleep(self, seconds: float) -> None:
        self.true += seconds


class _Fragile:
    """The links, where writing fails or the program dies after it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def renew(self, *arguments: Any, **more: Any) -> HeldTokens:
        if self._world.take(Event.DISK_FULL):
            raise StoreEnvironment("the disk is full")
        held = await self._world.links.renew(*arguments, **more)
        if self._world.take(Event.CRASH_KEPT):
            raise CrashError
        return held

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._world.links, name)
        return found


def _json(told: object) -> bytes:
    return json.dumps(told).encode()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(Event), min_size=1, max_size=25))
def test_a_link_survives_whatever_happens_in_whatever_order(events: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(events, Path(folder)))


async def _live(events: list[Event], folder: Path) -> None:
    time = Seconds()
    links = await AsyncLinks.open(folder / "cloud.db", lambda: KEY, now=time.wall)
    try:
        world = World(links, folder, time)
        link = await world.link()
        keeper = world.keeper(link)
        for event in events:
            keeper = await _happens(world, link, keeper, event)
        world.armed = None
        time.true += 30.0
        calls = world.token_calls
        keeper = world.keeper(link)
        await _use(world, link, keeper)
        assert world.token_calls <= calls + 2
        assert (await links.link(link.id)).state is LinkState.OK
    finally:
        await links.close()


async def _happens(world: World, link: Link, keeper: TokenKeeper, event: Event) -> TokenKeeper:
    match event:
        case Event.SECONDS:
            world.time.true += 3.0
        case Event.HOURS:
            world.time.true += 0.0 if world.is_in_grace else 4 * HOUR_S
        case Event.CLOCK_AHEAD | Event.CLOCK_BEHIND | Event.CLOCK_RIGHT:
            world.time.skew = SKEWS[event]
        case Event.RESTART:
            return world.keeper(link)
        case Event.USE | Event.REFUSED:
            try:
                await _use(world, link, keeper, is_refused=event is Event.REFUSED)
            except CrashError:
                return world.keeper(link)
            except StoreEnvironment:
                world.armed = None
        case _:
            world.armed = event
    return keeper


async def _use(world: World, link: Link, keeper: TokenKeeper, *, is_refused: bool = False) -> None:
    """Use a token as a call does: one that is refused is renewed once, and then it is good."""
    token = await keeper()
    if is_refused or world.withings.tokens.user_of(token) is None:
        token = await keeper(refused=token)
        assert world.withings.tokens.user_of(token) is not None
    held = await world.links.tokens(link.id)
    assert held.pair.access == token, "what is used is on the disk"
    world.is_in_grace = held.asked_at is not None
    await world.links.synced(link.id)
