"""How the clinic is registered with a provider, and where the provider is. Pure.

Source: Withings developer guide, OAuth web flow; Google Identity, OAuth 2.0; Google Health API.
"""

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from ohx_desktop.cloud.providers import Provider


class Addresses(NamedTuple):
    """Where a provider is."""

    authorize: str
    token: str
    api: str


PUBLIC = {
    Provider.WITHINGS: Addresses(
        authorize="https://account.withings.com/oauth2_user/authorize2",
        token="https://wbsapi.withings.net/v2/oauth2",  # noqa: S106 - an address
        api="https://wbsapi.withings.net",
    ),
    Provider.GOOGLE_HEALTH: Addresses(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        api="https://health.googleapis.com/v4",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A clinic's application at a provider.

    `redirect_url` is a page of the clinic that sends the browser on to `redirect_port` here, None
    where the browser comes here at once. `with_activity`: sleep and steps are asked for, too.
    """

    provider: Provider
    client_id: str
    client_secret: str = field(repr=False)
    addresses: Addresses
    redirect_url: str | None = None
    redirect_port: int = 0
    with_activity: bool = False

    @property
    def revoke_url(self) -> str:
        """Where Google takes a token back."""
        return f"{self.addresses.token.rpartition('/')[0]}/revoke"

    def by_way_of(self, authorize_url: str) -> str:
        """Return what the browser opens for a consent.

        Withings would consent for whoever signed in before on this computer: it signs out first.
        """
        if self.provider is not Provider.WITHINGS:
            return authorize_url
        site = self.addresses.authorize.rpartition("/oauth2_user/")[0]
        return f"{site}/logout?{urlencode({'r': authorize_url})}" if site else authorize_url
