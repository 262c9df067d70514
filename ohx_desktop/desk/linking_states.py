"""The screens of linking a patient's account, as values. A shell draws exactly one of these.

    ChooseProvider ─► Agreeing ─► AtProvider ─► AccountFound ─► Linked ─► ChooseProvider
          ▲               ▲           │              │
          └───────────────┴───────────┴──────────────┴──► LinkFailed ─► Agreeing (try again)

Each state knows the patient: an account is linked for one who is in view.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ohx_desktop.cloud.found_account import ConsentStep, FoundAccount
from ohx_desktop.cloud.links import Link
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.scopes import Opens
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.patient import Patient

CONSENT_TEXT = "2026-11"
"""Version of the words that the patient agrees to. A change of the words is another version."""


class Identifier(StrEnum):
    """What a person is asked for, to know that they are the patient in view."""

    NAME = "name"
    BIRTH_DATE = "birth-date"
    NUMBER = "number"


IDENTIFIERS_NEEDED = 2


def identifiers_of(patient: Patient) -> frozenset[Identifier]:
    """Return what this patient can be known by."""
    return frozenset(
        identifier
        for identifier, is_known in (
            (Identifier.NAME, bool(patient.family)),
            (Identifier.BIRTH_DATE, patient.birth_date is not None),
            (Identifier.NUMBER, patient.identifier is not None),
        )
        if is_known
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOffer:
    """A provider, and the patient's link with it. `off` is why none can be made now."""

    provider: Provider
    link: Link | None = None
    off: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseProvider:
    """The patient's links and what can be linked. `offers` is None while they are read.

    `ending` is the provider whose link is being ended. `error` is why the last thing asked for was
    not done; with `revoke_error` the link has ended here and the provider is told later.
    """

    patient: Patient
    offers: tuple[ProviderOffer, ...] | None = None
    ending: Provider | None = None
    error: OhxError | None = None
    revoke_error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreeing:
    """Who is in front of the desk is asked for two identifiers, and agrees to the words.

    `again` tells that the account is linked already and the consent is renewed.
    """

    patient: Patient
    provider: Provider
    again: bool = False
    identifiers: frozenset[Identifier] = frozenset()
    agreed: bool = False

    @property
    def can_go_on(self) -> bool:
        """True when the patient is known by two identifiers and has agreed."""
        known = self.identifiers & identifiers_of(self.patient)
        return self.agreed and len(known) >= IDENTIFIERS_NEEDED and not self.patient.deceased


@dataclass(frozen=True, slots=True, kw_only=True)
class AtProvider:
    """The patient signs in at the provider. It is given up at `until`.

    `no_browser` is the address to open by hand, where no browser could be opened.
    """

    patient: Patient
    provider: Provider
    step: ConsentStep
    until: datetime
    no_browser: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFound:
    """Is this the patient's account? `saving` while the link is being made durable."""

    patient: Patient
    found: FoundAccount
    saving: bool = False
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Done. `missing` is what the patient did not grant."""

    patient: Patient
    link: Link
    missing: tuple[Opens, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFailed:
    """Nothing was linked, and why."""

    patient: Patient
    provider: Provider
    error: OhxError


LinkingState = ChooseProvider | Agreeing | AtProvider | AccountFound | Linked | LinkFailed
