"""What a client of a cloud service needs from others, and what it gives: pages and marks."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ohx_desktop.cloud.records import CloudRecord, Skipped

Permit = Callable[[], Awaitable[None]]
"""Awaited before each request: waits until one may be made, or raises RateLimited."""


class AccessToken(Protocol):
    """Gives the bearer token of one linked account."""

    async def __call__(self, *, refused: str | None = None) -> str:
        """Return a token; another one than `refused`, which the service did not accept.

        However many requests were refused with one token, it is renewed once. Raises CloudError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held. `mark` comes with the last page only: then nothing is missing.

    It is the moment up to which all has been read; the next fetch goes on from there.
    """

    records: tuple[CloudRecord, ...]
    skipped: tuple[Skipped, ...]
    mark: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account was linked. `legacy_id` is what a service before this one called it."""

    user_id: str
    legacy_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudDevice:
    """A device of an account, in the service's words. `battery` is a word, not a figure."""

    model: str
    battery: str | None = None
    last_seen: datetime | None = None


class CloudClient(Protocol):
    """Reads one linked account. All of it raises CloudError."""

    @property
    def streams(self) -> tuple[str, ...]:
        """What can be fetched, each with a mark of its own."""

    def fetch(self, stream: str, since: datetime | None) -> AsyncGenerator[Page]:
        """Give the pages of a stream since a mark, or of the first window without one."""

    def complete_from(self, stream: str, since: datetime | None) -> datetime | None:
        """Return from when on such a fetch holds all that was measured.

        None where it holds what was changed only, so that nothing can be told to be missing.
        """

    async def devices(self) -> tuple[CloudDevice, ...]:
        """Return the devices of the account, by which a person knows it again."""
