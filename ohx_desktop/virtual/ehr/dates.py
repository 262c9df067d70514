"""Comparing dates of different precision (R5, Search, date): 1980 is the whole year."""

import re

_WANTED = re.compile(r"(eq|ne|ge|le|gt|lt)?(\d{4}(?:-\d{2}(?:-\d{2})?)?)")


def is_date_value(wanted: str) -> bool:
    """Tell whether this is a date to search for: an optional prefix, then year, month, day."""
    return _WANTED.fullmatch(wanted) is not None


def matches_date(element: object, wanted: str) -> bool:
    """Tell whether a FHIR date fulfils a search value.

    Both are spans of text order: "1980" reaches from "1980" to "1980~", which sorts after every
    month of that year.
    """
    parsed = _WANTED.fullmatch(wanted)
    if parsed is None or not isinstance(element, str):
        return False
    low, high = element, f"{element}~"
    wanted_low, wanted_high = parsed[2], f"{parsed[2]}~"
    inside = wanted_low <= low and high <= wanted_high
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > wanted_high,
        "ge": high > wanted_high or inside,
        "lt": low < wanted_low,
        "le": low < wanted_low or inside,
    }[parsed[1] or "eq"]
