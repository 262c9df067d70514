"""What the EHR holds of a reading, as a look-up of it tells. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """What the EHR holds of one Observation, or of all those of a reading together."""

    ABSENT = "absent"
    SAME = "same"
    """Each is there once, and says what was sent."""
    DIFFERENT = "different"
    """Some is missing or says something else; a person must compare."""
    DOUBLED = "doubled"
    """Some is there more than once."""
    RETRACTED = "retracted"
    """Whatever is there is marked as entered in error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """The answer for one reading.

    `reference` (Type/ID) is that of the Observation that stands for the reading, where it is
    there. `paths` name the elements that differ or are missing; nothing of their content is told.
    """

    found: Found
    reference: str | None = None
    paths: tuple[str, ...] = ()


def together(each: Collection[Found], *, is_all_or_nothing: bool = True) -> Found:
    """Return what is found of a reading by what is found of each of its Observations.

    Without `is_all_or_nothing` the EHR stores resource by resource: one that is there in part, and
    the same so far, counts as absent, as sending it again completes it.
    """
    found = frozenset(each)
    if Found.DOUBLED in found:
        return Found.DOUBLED
    if len(found) == 1:
        return next(iter(found))
    if found <= {Found.RETRACTED, Found.ABSENT}:
        return Found.RETRACTED
    if found <= {Found.SAME, Found.ABSENT} and not is_all_or_nothing:
        return Found.ABSENT
    return Found.DIFFERENT
