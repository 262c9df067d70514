"""How often a provider may be asked: one pace for all links, programs and patients of a clinic.

Every request waits for a permit. Permits come evenly spaced, so that no minute ever holds more than
the provider allows; whoever is at the desk goes first, and all others take turns by link, so that
one patient with years of readings starves nobody.

Source: Withings developer guide, rate limits (120 requests a minute for the application) and what
clients saw of status 601 (the same arguments within ten seconds); Google Health API, quotas.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from ohx_desktop.cloud.errors import RateLimited
from ohx_desktop.cloud.limit_file import LimitFile
from ohx_desktop.cloud.ports import Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.turns import Turns

Sleep = Callable[[float], Awaitable[None]]

MINUTE_S = 60.0
# Requests that were late may catch up this much; the way to the provider differs by as much.
SLACK_S = 1.0
WAY_S = 1.0
# The same arguments are refused for ten seconds.
SAME_AGAIN_S = 11.0
# A person at the desk is told of a pause that is longer; in the background it is sat out.
PATIENCE_S = 5.0
BACKGROUND_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a provider allows an application, and each account of it, in a minute."""

    per_minute: int
    per_link: int | None = None
    refuses_same_again: bool = False

    @property
    def pace_s(self) -> float:
        """Seconds between two requests, so that no minute at the provider holds too many."""
        return (MINUTE_S + SLACK_S + WAY_S) / (self.per_minute - 1)

    def of(self, per_minute: int | None) -> "Quota":
        """Return the quota of a clinic whose plan allows something else; None changes nothing."""
        return self if per_minute is None else replace(self, per_minute=per_minute)


QUOTAS = {
    Provider.WITHINGS: Quota(per_minute=120, refuses_same_again=True),
    # An unverified project may ask two or three times a second for each user.
    Provider.GOOGLE_HEALTH: Quota(per_minute=120_000, per_link=120),
}


class Limits:
    """The limits of one provider. Times are Unix seconds, so that all programs agree on them."""

    def __init__(
        self,
        provider: Provider,
        quota: Quota,
        file: LimitFile,
        *,
        now: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._provider = provider
        self._quota = quota
        self._file = file
        self._now = now
        self._sleep = sleep
        self._turns = Turns()
        self._giving: asyncio.Task[None] | None = None
        self._link_pace: dict[UUID, float] = {}

    def permit(self, link: UUID | None = None, *, urgent: bool = False) -> Permit:
        """Return the permit of a link. It raises RateLimited where the provider wants a pause."""

        async def wait() -> None:
            await self._within_patience(urgent=urgent)
            if link is not None:
                await self._pace_of(link)
            turn = self._turns.take(link, urgent=urgent)
            if self._giving is None or self._giving.done():
                self._giving = asyncio.create_task(self._give(), name=f"limit-{self._provider}")
            try:
                await turn
            finally:
                turn.cancel()

        return wait

    async def pause(self, seconds: float) -> None:
        """Have nobody ask for a while: the provider said so."""
        await asyncio.to_thread(self._file.pause, self._now(), seconds)

    @asynccontextmanager
    async def not_the_same_again(self, link: UUID, stream: str) -> AsyncGenerator[None]:
        """Ask for a stream inside; enters once its last requests are long enough ago."""
        if not self._quota.refuses_same_again:
            yield
            return
        name = f"{link}:{stream}"
        while (wait_s := await self._touch(name, begins=True)) > 0:
            await self._sleep(wait_s)
        try:
            yield
        finally:
            await self._touch(name, begins=False)

    async def close(self) -> None:
        """Give nothing more; whoever waits is cancelled."""
        self._turns.cancel()
        if self._giving is not None:
            self._giving.cancel()
            await asyncio.wait({self._giving})

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    async def _give(self) -> None:
        """Give one permit after another until nobody waits."""
        try:
            while self._turns.any_waits:
                wait_s = await asyncio.to_thread(
                    self._file.take, self._now(), pace_s=self._quota.pace_s, slack_s=SLACK_S
                )
                if wait_s > PATIENCE_S:
                    everybody = wait_s > BACKGROUND_PATIENCE_S
                    self._turns.fail(self._paused(wait_s), urgent_only=not everybody)
                if wait_s > 0:
                    await self._sleep(min(wait_s, MINUTE_S))
                else:
                    self._turns.give()
        except Exception as error:  # noqa: BLE001 - belongs to whoever waits
            self._turns.fail(error)

    async def _within_patience(self, *, urgent: bool) -> None:
        wait_s = await asyncio.to_thread(self._file.paused_for, self._now())
        if wait_s > (PATIENCE_S if urgent else BACKGROUND_PATIENCE_S):
            raise self._paused(wait_s)

    async def _pace_of(self, link: UUID) -> None:
        if self._quota.per_link is None:
            return
        now, pace_s = self._now(), MINUTE_S / self._quota.per_link
        pace = self._link_pace
        self._link_pace = {each: at for each, at in pace.items() if at > now - SLACK_S}
        # A few at once do no harm; a clock that was set back must not hold anybody up.
        slot = max(min(self._link_pace.get(link, 0.0), now + MINUTE_S), now - SLACK_S)
        self._link_pace[link] = slot + pace_s
        if slot > now:
            await self._sleep(slot - now)

    async def _touch(self, name: str, *, begins: bool) -> float:
        return await asyncio.to_thread(
            self._file.touch, self._now(), name, gap_s=SAME_AGAIN_S, begins=begins
        )

    def _paused(self, wait_s: float) -> RateLimited:
        return RateLimited(self._provider.service, retry_after_s=wait_s)
