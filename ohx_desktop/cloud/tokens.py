"""The tokens of one link, kept so that no crash, no second process and no clock can end it.

A renewal goes: take the link's lock, read the store again, note that it begins, ask, keep the new
pair durably, and only then give the new access token out. Withings lets the old refresh token work
until the new access token is first used (eight hours at most), so whatever ends the program between
two of these steps, the next one starts where it was. A pair that cannot be kept is not used.

Source: Withings developer guide, get and refresh access; RFC 6749 section 6; RFC 9700 section 4.14.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ohx_desktop.cloud.errors import CloudError, DuplicateRequest, NeedsConsent
from ohx_desktop.cloud.fitbit import legacy_error
from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import HeldTokens, Link, NotLinked, Pair
from ohx_desktop.cloud.ports import Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import StoreError

Renew = Callable[[str], Awaitable[TokenAnswer]]
"""Asks the provider for a new pair, given a refresh token; the keeper has the permit for it."""
Sleep = Callable[[float], Awaitable[None]]

# A token may end on its way; a page of readings takes some seconds.
MARGIN = timedelta(seconds=60)
# Withings refuses the same arguments for ten seconds.
DUPLICATE_PAUSE = timedelta(seconds=11)
# A call whose end nobody saw may have been on its way for as long as a connection takes.
UNSEEN_PAUSE = DUPLICATE_PAUSE + timedelta(seconds=10)
# Another program holds the file for milliseconds; a disk that is full is not full for long.
_SAVE_PAUSES_S = (0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """A pair that came and could not be kept: not used, and kept as soon as it can be."""

    pair: Pair
    generation: int
    before: str | None


class TokenKeeper:
    """Gives the access token of one link, as `AccessToken`. One keeper per link and process.

    `permit` is awaited before each call of `renew`. `monotonic` gives seconds that no change of the
    clock moves.
    """

    def __init__(
        self,
        links: AsyncLinks,
        link_id: UUID,
        renew: Renew,
        locks: LinkLocks,
        *,
        permit: Permit,
        now: Now = system_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._links = links
        self._link_id = link_id
        self._renew = renew
        self._locks = locks
        self._permit = permit
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()
        self._renewal: asyncio.Task[str] | None = None
        self._unsaved: _Unsaved | None = None
        # Of the generation that this process obtained: when it ends, whatever the clock says.
        self._own_end: tuple[int, float] = (0, 0.0)

    async def __call__(self, *, refused: str | None = None) -> str:
        """Return a token; another one than `refused`. Raises CloudError, NotLinked, StoreError.

        A link whose consent has ended is told so without asking the provider.
        """
        async with self._one_at_a_time:
            held = await self._held()
            if self._is_usable(held, refused):
                return held.pair.access
            # A caller that gives up must not break the renewal off between answer and store.
            self._renewal = asyncio.create_task(self._renewed(refused), name="renew-token")
            self._renewal.add_done_callback(_seen)
            return await asyncio.shield(self._renewal)

    async def close(self) -> None:
        """Wait for a renewal that is under way: its answer must reach the store."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal})

    # ── one renewal ──────────────────────────────────────────────────────────────────────────

    async def _renewed(self, refused: str | None) -> str:
        link = await self._links.link(self._link_id)
        async with self._locks.held(self._link_id, link.provider.service):
            held = await self._held()
            if self._unsaved is not None and not self._is_usable(held, refused):
                held = await self._save(self._unsaved)
            if self._is_usable(held, refused):
                # Another process, or the call before, has renewed it meanwhile.
                return held.pair.access
            asked = await self._asked(link, held)
            return (await self._save(asked)).pair.access

    async def _asked(self, link: Link, held: HeldTokens) -> _Unsaved:
        """Ask for a new pair; by the refresh token before where the present one is not known."""
        last = max(filter(None, (held.asked_at, held.pair.obtained_at)))
        try:
            if held.asked_at is not None:
                await self._pause_since(link, held.asked_at)
            return await self._ask(held, held.pair.refresh)
        except NeedsConsent as error:
            # Two processes may each have got a pair, and the other's was the one that counts.
            if held.before is not None:
                with suppress(NeedsConsent):
                    await self._pause_since(link, last)
                    return await self._ask(held, held.before)
            with suppress(NotLinked):
                await self._links.note(self._link_id, LinkState.NEEDS_CONSENT, error.code)
            raise

    async def _ask(self, held: HeldTokens, refresh: str) -> _Unsaved:
        try:
            answer = await self._once(refresh)
        except DuplicateRequest as error:
            # A process that died had asked the same; what it got was never used.
            pause_s = DUPLICATE_PAUSE.total_seconds()
            await self._sleep(max(error.retry_after_s or 0.0, pause_s))
            answer = await self._once(refresh)
        self._own_end = (held.generation + 1, self._monotonic() + answer.expires_in_s)
        pair = pair_of(answer, self._now(), refresh=refresh)
        # Where nothing was rotated there is no token before.
        return _Unsaved(pair, held.generation, None if pair.refresh == refresh else refresh)

    async def _once(self, refresh: str) -> TokenAnswer:
        # The permit first: it may take a while, and the time that is noted is that of the call.
        await self._permit()
        # Where this cannot be written, the new pair could not be either: then nothing is asked.
        await self._links.asked(self._link_id)
        return await self._renew(refresh)

    async def _save(self, unsaved: _Unsaved) -> HeldTokens:
        self._unsaved = unsaved
        pauses = iter(_SAVE_PAUSES_S)
        while True:
            try:
                held = await self._links.renew(
                    self._link_id,
                    unsaved.pair,
                    generation=unsaved.generation,
                    before=unsaved.before,
                )
            except StoreError:
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise
                await self._sleep(pause_s)
            else:
                self._unsaved = None
                return held

    async def _pause_since(self, link: Link, asked_at: datetime) -> None:
        """Wait until the same may be asked again; the whole time where the clock was set back."""
        if link.provider is not Provider.WITHINGS:
            return
        left = min(asked_at + UNSEEN_PAUSE - self._now(), UNSEEN_PAUSE)
        if left > timedelta(0):
            await self._sleep(left.total_seconds())

    # ── what is kept ─────────────────────────────────────────────────────────────────────────

    async def _held(self) -> HeldTokens:
        link = await self._links.link(self._link_id)
        if link.provider is Provider.FITBIT:
            raise legacy_error()
        if (error := _ended(link)) is not None:
            raise error
        return await self._links.tokens(self._link_id)

    def _is_usable(self, held: HeldTokens, refused: str | None) -> bool:
        if held.pair.access == refused:
            return False
        lifetime = held.pair.expires_at - held.pair.obtained_at
        margin = min(MARGIN, lifetime / 2)
        if self._now() >= held.pair.expires_at - margin:
            return False
        generation, end_s = self._own_end
        if generation == held.generation:
            return self._monotonic() < end_s - margin.total_seconds()
        # With a clock that was set back it may have ended: then the service refuses it, once.
        return True


def pair_of(answer: TokenAnswer, now: datetime, *, refresh: str | None = None) -> Pair:
    """Return the pair of an answer; `refresh` stays where no new one came.

    Raises ValueError where there is none at all.
    """
    kept = answer.refresh_token or refresh
    if kept is None:
        raise ValueError("no refresh token")
    return Pair(
        access=answer.access_token,
        refresh=kept,
        obtained_at=now,
        expires_at=now + timedelta(seconds=answer.expires_in_s),
    )


def _seen(task: asyncio.Task[str]) -> None:
    """Take note of a failure that nobody waits for any more; the next caller meets it anew."""
    if not task.cancelled():
        task.exception()


def _ended(link: Link) -> CloudError | None:
    if link.state is LinkState.NEEDS_CONSENT:
        return NeedsConsent(link.provider.service)
    return None
