"""What an administrator has switched on for devices; nothing of it is done by default.

Setting a clock and clearing unread counters write to a device. A model that is known from tables
alone is read only where somebody answers for it, and a person compares each of its readings with
the display.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.models import candidates_for_name, normal_name
from ohx_desktop.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePolicy:
    """Models by the names of `names_of`, for each thing that is switched on."""

    clock_of: frozenset[str] = frozenset()
    unread_of: frozenset[str] = frozenset()
    unconfirmed: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        set_clock: Iterable[str],
        clear_unread: Iterable[str],
        allow_unconfirmed: Iterable[str],
    ) -> Self:
        """Return the policy for models as settings name them.

        A name without its region stands for all its trims. Raises ConfigurationError for a model
        that this program knows not to write to, and where it has nothing to switch on.
        """
        set_clock, clear_unread = tuple(set_clock), tuple(clear_unread)
        allow_unconfirmed = tuple(allow_unconfirmed)
        for name in set_clock:
            maps = candidates_for_name(name).maps  # none: a model of the standard's services
            _require(not maps or any(one.is_writable for one in maps), "set_clock", name)
        for name in clear_unread:
            writable = any(one.is_writable for one in candidates_for_name(name).maps)
            _require(writable, "clear_unread", name)
        for name in allow_unconfirmed:
            maps = candidates_for_name(name).maps
            _require(any(_can_be_allowed(one) for one in maps), "allow_unconfirmed", name)
        return cls(
            clock_of=_all_names(set_clock),
            unread_of=_all_names(clear_unread),
            unconfirmed=_all_names(allow_unconfirmed),
        )

    def sets_clock(self, *names: str | None) -> bool:
        """Tell whether the clock of a model with one of these names may be set."""
        return any(not self.clock_of.isdisjoint(names_of(name)) for name in names if name)

    def clears_unread(self, memory: MemoryMap) -> bool:
        """Tell whether the device may be told that all its records were fetched."""
        return memory.model in self.unread_of

    def allows(self, memory: MemoryMap) -> bool:
        """Tell whether records of this layout may be read: proven ones, and those allowed."""
        return memory.is_proven or (memory.model in self.unconfirmed and _can_be_allowed(memory))


NOTHING_SWITCHED_ON = DevicePolicy()


def names_of(name: str) -> frozenset[str]:
    """Return the name in its usual form, and those of the memory maps it may stand for."""
    maps = candidates_for_name(name).maps
    return frozenset({normal_name(name), *(one.model for one in maps)})


def _all_names(names: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(names_of(name) for name in names))


def _can_be_allowed(memory: MemoryMap) -> bool:
    return not memory.is_proven and not memory.is_disputed


def _require(condition: object, setting: str, name: str) -> None:
    if not condition:
        raise ConfigurationError(
            f"devices.{setting} names {name!r}, for which there is nothing to switch on",
            hint="see docs/devices.md for the models and what may be switched on for them",
        )
