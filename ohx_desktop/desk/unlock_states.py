"""The key of the queue waits for its PIN, as values. A shell draws exactly one of these."""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import OhxError


class UnlockProblem(StrEnum):
    """Why what was typed was not tried."""

    EMPTY = "empty"
    NOT_THE_SAME = "not-the-same"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingKeyPin:
    """A person types the PIN of the queue, or chooses it where it `is_new`.

    `problem` and `error` tell what was wrong with the last one.
    """

    is_new: bool = False
    checking: bool = False
    problem: UnlockProblem | None = None
    error: OhxError | None = None
