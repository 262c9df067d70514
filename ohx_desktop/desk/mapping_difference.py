"""What a mapping changes of a sample, as values."""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.quantity import QuantityKind


class Element(StrEnum):
    """The part of an Observation that a mapping may change."""

    CODE = "code"
    TEXT = "text"
    CATEGORY = "category"
    PROFILE = "profile"
    TAG = "tag"
    VALUE = "value"


class Part(StrEnum):
    """Resources beside the Observations that a mapping may leave out."""

    DEVICES = "devices"
    PROVENANCE = "provenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One element of what `subject` names, before and after; empty where it is not there.

    Codings, profiles and tags are several; a coding is told as "code (system)".
    """

    subject: str
    element: Element
    before: tuple[str, ...]
    after: tuple[str, ...]


class Side(StrEnum):
    """Where a line of the difference stands."""

    BOTH = " "
    BEFORE = "-"
    AFTER = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of the Observations' JSON."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that differs for one sample.

    `nothing_sent` is why nothing of it may be sent; then it is left out whole.
    """

    changes: tuple[Change, ...] = ()
    quantities_left_out: tuple[QuantityKind, ...] = ()
    parts_left_out: tuple[Part, ...] = ()
    lines: tuple[DiffLine, ...] = ()
    nothing_sent: OhxError | None = None
