"""What the check of an EHR tells, line by line. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import OhxError


class Verdict(StrEnum):
    """What a line says. Only FAILED means that readings will not arrive."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was checked. `remedy` says what to do unless all is well.

    `error` is what the EHR, or the way to it, raised.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str | None = None
    error: OhxError | None = None
