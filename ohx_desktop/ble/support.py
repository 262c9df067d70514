"""How sure it is that this program reads a model rightly."""

from enum import StrEnum


class Support(StrEnum):
    """What the knowledge of a model rests on. The last is refused unless asked for."""

    CAPTURED = "captured"
    """Bytes of a real device, or printed by the maker, are known with their values."""
    USER_CONFIRMED = "user-confirmed"
    """Published programs read it, and users say that they do."""
    MAP_ONLY = "map-only"
    """Known from a table only, or from sources that contradict each other."""
