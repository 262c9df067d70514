"""A link: which account at a provider is which patient's, by whose consent, and how it fares. Pure.

Nothing here shows a token, an account or a patient when it is printed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.domain.errors import ExitCode, OhxError, UsageError

_PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the patient agreed to: `text` is the version of the words that were shown.

    `by` is who recorded it, None where nobody signs in at the station. `scopes` were granted.
    """

    at: datetime
    by: str | None
    text: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A live link. `account` is the provider's id of the user.

    `code` tells IT why the state is not OK; `paused_by` is the person who paused it, "" where
    nobody signs in, None where no person did. `marks` say how far each stream has been read.
    """

    id: UUID
    provider: Provider
    account: str = field(repr=False)
    patient: str = field(repr=False)
    consent: Consent
    state: LinkState
    state_since: datetime
    code: str | None = None
    paused_by: str | None = None
    last_data_at: datetime | None = None
    last_sync_at: datetime | None = None
    marks: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_paused_by_a_person(self) -> bool:
        """True where only a person may have it go on."""
        return self.paused_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a token endpoint gave, with the times by this computer's clock."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTokens:
    """The tokens of a link. `generation` counts the pairs it has had.

    `before` is the refresh token that this pair came from, until the new access token has been of
    use. `asked_at` is when a renewal with `pair.refresh` was last begun.
    """

    pair: Pair
    generation: int
    before: str | None = field(default=None, repr=False)
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What stays of a link that has ended: no patient, no account, no token."""

    link_id: UUID
    provider: Provider
    linked_at: datetime
    linked_by: str | None
    ended_at: datetime
    ended_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A consent that is yet to be taken back at the provider.

    Withings does that by the account. Google wants a token, which serves for nothing else any more.
    """

    link_id: UUID
    provider: Provider
    account: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    asked_at: datetime
    attempts: int = 0
    code: str | None = None


class AccountTaken(OhxError):  # noqa: N818 - reads as what happened
    """The account is another patient's."""

    code = "cloud-account-taken"
    exit_code = ExitCode.REFUSED
    meaning = "nothing was linked: an account belongs to one patient"
    hint = (
        "have the patient sign in with their own account; if the other link is wrong, unlink it "
        "first"
    )


class AnotherAccount(OhxError):  # noqa: N818
    """The patient is linked with another account of the same provider."""

    code = "cloud-another-account"
    exit_code = ExitCode.REFUSED
    meaning = "nothing was changed: the link goes on with the account it had"
    hint = "sign in with the account that was linked, or unlink that one first"


class ConsentUnfinished(OhxError):  # noqa: N818
    """The patient signed in, but nothing came of it that lasts."""

    code = "cloud-consent-unfinished"
    exit_code = ExitCode.REFUSED
    meaning = "nothing was linked"
    hint = "connect the account again; the sign-in must be finished within half a minute"


class NotLinked(OhxError):  # noqa: N818
    """There is no such link, or not any more."""

    code = "cloud-not-linked"
    exit_code = ExitCode.REFUSED
    meaning = "nothing was asked of the provider"
    hint = "see: ohx-desktop link list"


def require_patient(reference: str) -> str:
    """Return a reference to a patient. Raises UsageError."""
    if not _PATIENT.fullmatch(reference):
        raise UsageError("a link is for a patient of the EHR, such as Patient/4711")
    return reference
