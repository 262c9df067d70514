"""Readings of linked accounts: the sync, its limits, and the tasks that do it every night."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.filing import opened_outbox
from ohx_desktop.app.keys import source_at_terminal
from ohx_desktop.app.links import keeper_of, opened_links, rooms_of
from ohx_desktop.app.profile import opened_profile, settings_of

if TYPE_CHECKING:
    from uuid import UUID

    from ohx_desktop.cloud.limits import Limits
    from ohx_desktop.cloud.link_service import AsyncLinks
    from ohx_desktop.cloud.links import Link
    from ohx_desktop.cloud.ports import CloudClient, Permit
    from ohx_desktop.cloud.providers import Provider
    from ohx_desktop.cloud.tokens import TokenKeeper
    from ohx_desktop.desk.cloud_links import Rooms
    from ohx_desktop.desk.cloud_sync import CloudSync
    from ohx_desktop.domain.errors import OhxError
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile

    LimitsOf = Callable[[Provider], Limits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """What reads linked accounts. `limits` paces whatever else asks a provider."""

    links: "AsyncLinks"
    sync: "CloudSync"
    limits: "LimitsOf"
    rooms: "Rooms"


@asynccontextmanager
async def open_clouds(directory: Path | None) -> AsyncGenerator[Clouds]:
    """Open the links of a profile and their sync, for the command line."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    # On this thread: nothing else runs yet, and Ctrl-C must reach the question.
    source = source_at_terminal(profile, settings)
    async with (
        opened_outbox(profile, settings, key_source=source, on_change=None) as outbox,
        opened_links(profile, settings, key_source=source) as links,
        clouds_of(profile, settings, links, outbox) as clouds,
    ):
        yield clouds


@asynccontextmanager
async def clouds_at_window(
    profile: "Profile",
    settings: "Settings",
    outbox: "AsyncOutbox",
    key_source: "KeySource | None",
) -> AsyncGenerator["Clouds | OhxError | None"]:
    """Open the sync beside the window, with its nightly tasks.

    None where nobody has set a provider up or linked an account. An error stands for links that
    cannot be opened: devices and their readings go on without them.
    """
    from ohx_desktop.domain.errors import OhxError
    from ohx_desktop.ops.logging import log_problem

    told = settings.cloud
    if not (
        told.withings.client_id or told.google_health.client_id or profile.cloud_database.exists()
    ):
        yield None
        return
    async with AsyncExitStack() as stack:
        found: Clouds | OhxError
        try:
            links = await stack.enter_async_context(
                opened_links(profile, settings, key_source=key_source)
            )
            found = await stack.enter_async_context(clouds_of(profile, settings, links, outbox))
            await stack.enter_async_context(nightly(profile, settings, found))
        except OhxError as error:
            log_problem(error)
            found = error
        yield found


@asynccontextmanager
async def clouds_of(
    profile: "Profile", settings: "Settings", links: "AsyncLinks", outbox: "AsyncOutbox"
) -> AsyncGenerator[Clouds]:
    """Open the sync of links that are open; what it reads goes into the tray of the queue."""
    from ohx_desktop.cloud.link_locks import LinkLocks
    from ohx_desktop.desk.cloud_review import TrayReview
    from ohx_desktop.desk.cloud_sync import CloudSync
    from ohx_desktop.outbox.tray_service import AsyncTray
    from ohx_desktop.transport import build_client

    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(await build_client())
        limits = limits_of(profile, settings, stack)
        rooms = await asyncio.to_thread(
            rooms_of, profile, settings, http, lambda provider: limits(provider).permit(urgent=True)
        )
        clients = _Clients(profile, links, rooms)
        stack.push_async_callback(clients.close)
        sync = CloudSync(
            links,
            clients.client_of,
            limits,
            TrayReview(AsyncTray(outbox)),
            LinkLocks(profile.sync_locks),
        )
        stack.push_async_callback(sync.close)
        yield Clouds(links=links, sync=sync, limits=limits, rooms=rooms)


@asynccontextmanager
async def nightly(profile: "Profile", settings: "Settings", clouds: Clouds) -> AsyncGenerator[None]:
    """Sync all links when their time has come, while the context is open."""
    from ohx_desktop.app.tasks import CloudTasks, open_queue
    from ohx_desktop.cloud.unlinking import take_back
    from ohx_desktop.ops.logging import log_problem
    from ohx_desktop.ops.task_consumer import LoopBridge, TaskConsumer

    queue = await asyncio.to_thread(open_queue, profile.tasks_file)
    bridge = LoopBridge()
    tasks = CloudTasks(
        queue,
        bridge,
        clouds.sync,
        settings.cloud.schedule,
        take_back=partial(
            take_back, clouds.links, lambda provider: clouds.rooms(provider).endpoint
        ),
    )
    consumer = TaskConsumer(queue, on_look=tasks.look, on_failure=log_problem)
    working = asyncio.create_task(consumer.run(), name="tasks")
    try:
        yield
    finally:
        await bridge.close()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await asyncio.to_thread(queue.storage.close)


def limits_of(profile: "Profile", settings: "Settings", stack: AsyncExitStack) -> "LimitsOf":
    """Return what gives the limits of a provider, one object for all that ask it."""
    from ohx_desktop.cloud.limit_file import LimitFile
    from ohx_desktop.cloud.limits import QUOTAS, Limits

    found = {}
    for provider, quota in QUOTAS.items():
        told = getattr(settings.cloud, provider.value)
        allowed = quota.of(told.requests_per_minute)
        limits = Limits(provider, allowed, LimitFile(profile.limits_file(provider)))
        stack.push_async_callback(limits.close)
        found[provider] = limits
    return found.__getitem__


class _Clients:
    """Makes the clients of links, over the keepers of their tokens: one of each in a process."""

    def __init__(self, profile: "Profile", links: "AsyncLinks", rooms: "Rooms") -> None:
        self._profile = profile
        self._links = links
        self._rooms = rooms
        self._keepers: dict[UUID, TokenKeeper] = {}

    def client_of(self, link: "Link", permit: "Permit") -> "CloudClient":
        """Return the client of a link. Raises ConfigurationError, KeystoreError."""
        from ohx_desktop.cloud.calls import Calls
        from ohx_desktop.cloud.google_health.client import GoogleHealthClient
        from ohx_desktop.cloud.providers import Provider
        from ohx_desktop.cloud.withings.client import WithingsClient

        room = self._rooms(link.provider)
        keeper = self._keepers.get(link.id)
        if keeper is None:
            keeper = keeper_of(self._profile, self._links, self._rooms, link.id, link.provider)
            self._keepers[link.id] = keeper
        calls = Calls(
            room.http,
            room.registration.addresses.api,
            service=link.provider.service,
            access_token=keeper,
            permit=permit,
        )
        if link.provider is Provider.WITHINGS:
            return WithingsClient(calls, user_id=link.account, granted=link.consent.scopes)
        return GoogleHealthClient(calls, user_id=link.account)

    async def close(self) -> None:
        """Wait for renewals that are under way."""
        for keeper in self._keepers.values():
            await keeper.close()
