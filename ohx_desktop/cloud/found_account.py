"""What a consent has found, before anything is kept. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ohx_desktop.cloud.links import Pair
from ohx_desktop.cloud.ports import CloudDevice
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.scopes import Opens


class ConsentStep(StrEnum):
    """How far a consent has come."""

    BROWSER = "browser"
    """The patient signs in at the provider, in the browser."""
    EXCHANGE = "exchange"
    """The patient came back; the provider is asked for the tokens."""
    ACCOUNT = "account"
    """It is looked up whose account it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """The account that a patient signed in with: for a person to say whether it is theirs.

    `missing` is what the patient did not grant. `last_weighing` is None where none is known.
    `ends_in` is told where the link will end by itself, as while a Google project is being tested.
    """

    provider: Provider
    account: str = field(repr=False)
    pair: Pair = field(repr=False)
    scopes: frozenset[str]
    missing: tuple[Opens, ...]
    devices: tuple[CloudDevice, ...] = ()
    last_weighing: datetime | None = None
    ends_in: timedelta | None = None
