"""Both virtual services as one object to start and stop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ohx_desktop.virtual.cloud.accounts import Accounts
from ohx_desktop.virtual.cloud.faults import CloudFaults
from ohx_desktop.virtual.cloud.google_health import VirtualGoogle
from ohx_desktop.virtual.cloud.people import google_accounts, withings_accounts
from ohx_desktop.virtual.cloud.withings import VirtualWithings

if TYPE_CHECKING:
    from ohx_desktop.virtual.cloud.server import CloudServer

CLIENT_ID = "virtual-clinic"
CLIENT_SECRET = "virtual-secret"  # noqa: S105 - of a service that is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What the settings of a provider take."""

    authorize_url: str
    token_url: str
    api_url: str


class VirtualClouds:
    """Withings and Google Health on this computer. `now` gives Unix seconds.

    Accounts, tokens, quotas and faults may be used before, while and after it serves.
    """

    def __init__(
        self,
        *,
        withings: Accounts | None = None,
        google: Accounts | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.withings = VirtualWithings(
            withings or withings_accounts(now()),
            now=now,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        self.google = VirtualGoogle(
            google or google_accounts(now()),
            now=now,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        self.faults = CloudFaults()
        self.calls: list[str] = []
        """Paths that were asked, in order; no query, no form."""
        self._server: CloudServer | None = None
        self._base = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Start to serve; port 0 takes a free one. Raises OSError where the port is taken."""
        # Imports aiohttp: not on the loop.
        self._server = await asyncio.to_thread(self._build)
        self._base = await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop to serve. Does nothing when it does not serve."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    @property
    def withings_addresses(self) -> Addresses:
        """Where Withings is."""
        base = f"{self._base}/withings"
        return Addresses(
            authorize_url=f"{base}/oauth2_user/authorize2",
            token_url=f"{base}/v2/oauth2",
            api_url=base,
        )

    @property
    def google_addresses(self) -> Addresses:
        """Where Google is."""
        base = f"{self._base}/google"
        return Addresses(
            authorize_url=f"{base}/o/oauth2/v2/auth",
            token_url=f"{base}/token",
            api_url=f"{base}/v4",
        )

    def _build(self) -> "CloudServer":
        from ohx_desktop.virtual.cloud.server import CloudServer

        return CloudServer(self.withings, self.google, self.faults, self.calls.append)
