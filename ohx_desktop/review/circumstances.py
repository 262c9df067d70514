"""How a person was measured: what staff or the measurement coach note beside the values.

Everything is optional, and nothing is assumed: what nobody noted is not sent.
"""

from dataclasses import dataclass
from enum import StrEnum


class BodyPosition(StrEnum):
    """How the person sat, lay or stood."""

    SITTING = "sitting"
    RECUMBENT = "recumbent"
    STANDING = "standing"


class BodySite(StrEnum):
    """Where the cuff was."""

    LEFT_UPPER_ARM = "left_upper_arm"
    RIGHT_UPPER_ARM = "right_upper_arm"
    LEFT_WRIST = "left_wrist"
    RIGHT_WRIST = "right_wrist"


class CuffSize(StrEnum):
    """The cuff that was used."""

    SMALL_ADULT = "small_adult"
    ADULT = "adult"
    LARGE_ADULT = "large_adult"
    EXTRA_LARGE_ADULT = "extra_large_adult"
    CHILD = "child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What was noted about one measurement. `method` is a term of the clinic's own, in words.

    Raises ValueError for a method that says nothing or cannot be printed.
    """

    position: BodyPosition | None = None
    site: BodySite | None = None
    cuff_size: CuffSize | None = None
    method: str | None = None

    def __post_init__(self) -> None:
        if self.method is not None and not (self.method.strip() and self.method.isprintable()):
            raise ValueError("a method is named in printable words")


NOTHING_NOTED = Circumstances()
