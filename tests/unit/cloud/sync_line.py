"""Links of a profile with their sync: the services, the tray and the queue, in the test's time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from link_line import FIRST, GOOGLE_FIRST, LinkLine, link_line

from ohx_desktop.cloud.calls import Calls
from ohx_desktop.cloud.google_health.client import GoogleHealthClient
from ohx_desktop.cloud.limit_file import LimitFile
from ohx_desktop.cloud.limits import QUOTAS, Limits
from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.ports import CloudClient, Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.withings.client import WithingsClient
from ohx_desktop.desk.cloud_review import TrayReview
from ohx_desktop.desk.cloud_sync import CloudSync
from ohx_desktop.domain.reading import Reading
from ohx_desktop.domain.reading_json import reading_from_json
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.tray_service import AsyncTray
from ohx_desktop.virtual.cloud.accounts import Account

KEY = bytes(range(32))


@dataclass(slots=True)
class SyncLine:
    """A profile whose links can be synced. Each `sync()` is as another program would do it."""

    line: LinkLine
    outbox: AsyncOutbox
    limits: dict[Provider, Limits] = field(default_factory=dict)

    @property
    def tray(self) -> AsyncTray:
        return AsyncTray(self.outbox)

    @property
    def withings(self) -> Account:
        """The account of the first person at Withings."""
        return self.line.clouds.withings.accounts[FIRST]

    @property
    def google(self) -> Account:
        return self.line.clouds.google.accounts[GOOGLE_FIRST]

    @property
    def seconds(self) -> int:
        """Now, as Withings tells it."""
        return int(self.line.time.clock.seconds)

    def sync(self) -> CloudSync:
        line = self.line
        return CloudSync(
            line.links,
            self.client_of,
            self.limits_of,
            TrayReview(self.tray),
            LinkLocks(line.folder / "sync-locks"),
            now=line.time.now,
        )

    def limits_of(self, provider: Provider) -> Limits:
        """Return the limits, of which a program has one for each provider."""
        if provider not in self.limits:
            time = self.line.time
            self.limits[provider] = Limits(
                provider,
                QUOTAS[provider],
                LimitFile(self.line.folder / f"{provider}.json"),
                now=time.clock,
                sleep=time.sleep,
            )
        return self.limits[provider]

    def client_of(self, link: Link, permit: Permit) -> CloudClient:
        line = self.line
        is_withings = link.provider is Provider.WITHINGS
        places = line.clouds.withings_addresses if is_withings else line.clouds.google_addresses
        calls = Calls(
            line.http,
            places.api_url,
            service=link.provider.service,
            access_token=line.keeper(link.id, link.provider),
            permit=permit,
        )
        if is_withings:
            return WithingsClient(
                calls, user_id=link.account, granted=link.consent.scopes, now=line.time.now
            )
        return GoogleHealthClient(calls, user_id=link.account, now=line.time.now)

    async def readings(self) -> dict[UUID, tuple[Reading, str | None, UUID | None]]:
        """Return what waits in the tray: reading, hint of the patient, twin."""
        import json

        return {
            held.entry.id: (
                reading_from_json(json.loads(held.reading or b"")),
                held.entry.patient,
                held.entry.twin,
            )
            for held in await self.tray.all_held()
        }

    async def values(self) -> list[str]:
        """Return the first value of each reading that waits, sorted."""
        found = (await self.readings()).values()
        return sorted(f"{reading.quantities[0].value:f}" for reading, _, _ in found)

    def later(self, seconds: float) -> None:
        self.line.time.clock.seconds += seconds


@asynccontextmanager
async def sync_line(folder: Path) -> AsyncGenerator[SyncLine]:
    """Start the services and open an empty profile."""
    async with link_line(folder) as line:
        outbox = await AsyncOutbox.open(folder / "outbox.db", lambda: KEY, now=line.time.now)
        try:
            synced = SyncLine(line, outbox)
            yield synced
            await asyncio.gather(*(limits.close() for limits in synced.limits.values()))
        finally:
            await outbox.close()
