"""Ending a link: erased here at once, taken back at the provider as soon as that can be reached."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from ohx_desktop.cloud.errors import CloudError
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.links import Receipt, Revocation
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.token_endpoint import TokenEndpoint
from ohx_desktop.domain.errors import ConfigurationError, KeystoreError, OhxError

Endpoints = Callable[[Provider], TokenEndpoint]
"""Returns the token endpoint of a provider. Raises ConfigurationError where it is not set up,
KeystoreError where its secret cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A link that has ended. `error` is why the provider has yet to be told, None if it was."""

    receipt: Receipt
    error: OhxError | None = None


async def end_link(links: AsyncLinks, endpoints: Endpoints, link_id: UUID, by: str | None) -> Ended:
    """End a link and take its consent back. Raises NotLinked, StoreError.

    Patient, account and tokens are erased before the provider is asked. Where that fails, what it
    takes is kept until it was done (`take_back`).
    """
    link = await links.link(link_id)
    is_there = link.provider is not Provider.FITBIT
    receipt = await links.end(link_id, by=by, revoke=is_there)
    error = None
    if is_there:
        waiting = [each for each in await links.revocations() if each.link_id == link_id]
        for each in waiting:
            error = await _take_back(links, endpoints, each)
    return Ended(receipt=receipt, error=error)


async def take_back(links: AsyncLinks, endpoints: Endpoints) -> int:
    """Take back the consents of ended links that could not be taken back before.

    Returns how many still wait. To be called now and then, such as once an hour.
    """
    left = 0
    for each in await links.revocations():
        left += await _take_back(links, endpoints, each) is not None
    return left


async def _take_back(
    links: AsyncLinks, endpoints: Endpoints, revocation: Revocation
) -> OhxError | None:
    if await links.link_of_account(revocation.provider, revocation.account) is not None:
        # Linked again meanwhile: the new consent must live.
        await links.revoked(revocation.link_id)
        return None
    try:
        await endpoints(revocation.provider).revoke(revocation.account, revocation.token)
    except (CloudError, ConfigurationError, KeystoreError) as error:
        await links.not_revoked(revocation.link_id, error.code)
        return error
    await links.revoked(revocation.link_id)
    return None
