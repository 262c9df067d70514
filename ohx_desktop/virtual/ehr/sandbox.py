"""The sandbox EHR as one object to start and stop, on this loop or on a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.virtual.ehr.faults import Faults
from ohx_desktop.virtual.ehr.seed import seed
from ohx_desktop.virtual.ehr.store import Store

if TYPE_CHECKING:
    from ohx_desktop.virtual.ehr.authorization import AuthorizationServer
    from ohx_desktop.virtual.ehr.server import Exchange, FhirServer

# The first start of a day reads aiohttp and jsonschema from a cold disk.
START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 5.0


class SandboxEhr:
    """A FHIR R5 server with invented patients, in memory.

    Usable on any asyncio loop. With `seeded` false it starts empty. `store` and `faults` may be
    used from any thread, before, while and after it runs. With `wants_sign_in` nobody gets in
    without a token; `authorization` says who is registered and hands tokens out.
    """

    def __init__(
        self, *, seeded: bool = True, now: Now = system_now, wants_sign_in: bool = False
    ) -> None:
        self.store = Store(now=now)
        self.faults = Faults()
        self._now = now
        self.authorization = _authorization(now) if wants_sign_in else None
        self._exchanges: list[Exchange] = []
        self._server: FhirServer | None = None
        if seeded:
            seed(self.store)

    @property
    def exchanges(self) -> "tuple[Exchange, ...]":
        """All requests so far, in the order in which they were answered."""
        return tuple(self._exchanges)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Start to serve and return the base URL, such as http://127.0.0.1:40123/fhir.

        Port 0 takes a free one. Raises RuntimeError when it already serves and OSError when the
        port is taken.
        """
        if self._server is not None:
            raise RuntimeError("this sandbox EHR already serves")
        # Imports aiohttp and jsonschema and reads the schema: not on the loop.
        server = await asyncio.to_thread(self._build)
        self._server = server
        try:
            return await server.start(host, port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop to serve; what is stored stays. Does nothing when it does not serve."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    def _build(self) -> "FhirServer":
        from ohx_desktop.virtual.ehr.api import Api
        from ohx_desktop.virtual.ehr.schema import load_schema
        from ohx_desktop.virtual.ehr.server import FhirServer
        from ohx_desktop.virtual.ehr.validation import Validator

        api = Api(self.store, Validator(load_schema()), started=self._now())
        return FhirServer(api, self.store, self.faults, self._exchanges.append, self.authorization)


def _authorization(now: Now) -> "AuthorizationServer":
    from ohx_desktop.virtual.ehr.authorization import AuthorizationServer

    return AuthorizationServer(now=lambda: now().timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxHandle:
    """A sandbox EHR that runs on its own thread; all of it may be used from any thread."""

    base_url: str
    ehr: SandboxEhr

    @property
    def store(self) -> Store:
        """What the server holds."""
        return self.ehr.store

    @property
    def faults(self) -> Faults:
        """The switchboard of the server."""
        return self.ehr.faults

    @property
    def exchanges(self) -> "tuple[Exchange, ...]":
        """All requests so far, in the order in which they were answered."""
        return self.ehr.exchanges


@contextmanager
def sandbox_ehr_in_thread(
    *, seeded: bool = True, host: str = "127.0.0.1", port: int = 0
) -> Iterator[SandboxHandle]:
    """Run a sandbox EHR on a daemon thread with its own loop while the block lasts.

    The caller's loop does none of its work. Entering waits until it serves: at most
    START_DEADLINE_S. Raises what the start raised, or TimeoutError.
    """
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()
    ehr = SandboxEhr(seeded=seeded)

    async def serve() -> None:
        stopping = asyncio.Event()
        try:
            base_url = await ehr.start(host, port)
        except BaseException as error:
            started.set_exception(error)
            raise
        started.set_result((asyncio.get_running_loop(), stopping, base_url))
        await stopping.wait()
        await ehr.stop()

    def run() -> None:
        try:
            asyncio.run(serve())
        except Exception:
            # A failed start is raised where it was asked for; a failed stop is a bug and shows.
            if not started.done() or started.exception() is None:
                raise

    thread = threading.Thread(target=run, name="sandbox-ehr", daemon=True)
    thread.start()
    loop, stopping, base_url = started.result(START_DEADLINE_S)
    try:
        yield SandboxHandle(base_url=base_url, ehr=ehr)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(STOP_DEADLINE_S)
