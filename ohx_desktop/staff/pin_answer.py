"""Whether a PIN signs a person in, and why not. Pure: the window draws it."""

from dataclasses import dataclass
from enum import StrEnum


class PinProblem(StrEnum):
    """Why a PIN does not sign a person in."""

    EMPTY = "empty"
    WRONG = "wrong"
    TOO_SOON = "too-soon"
    NOT_SET = "not-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinAnswer:
    """`problem` is None for the right PIN; `wait_s` is how long nothing more is tried."""

    problem: PinProblem | None = None
    wait_s: float = 0.0
