"""Which memory map a device has: all that its name allows, and what must be seen to decide.

Marketing names and even ids stand for several maps, and a wrong map turns bytes into plausible
nonsense. So a name only gives candidates; the parent service and the Model Number (0x2A24) of the
connected device decide, and a device that leaves a doubt is refused.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.ble.omron.memory_map import MemoryMap, Stack
from ohx_desktop.ble.omron.model_names import ADVERTISED, MARKETING, SAME_MAP, SAME_SCALE_MAP
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE, MODERN_SERVICE
from ohx_desktop.domain.errors import Unsupported

_SERVICES = {Stack.CLASSIC: CLASSIC_SERVICE, Stack.MODERN: MODERN_SERVICE}


class Observation(StrEnum):
    """What a connected device must show before its map is known."""

    SERVICE = "service"
    MODEL_NUMBER = "model-number"


@dataclass(frozen=True, slots=True)
class Candidates:
    """The maps that a name allows, in the order of the table; none for an unknown name."""

    maps: tuple[MemoryMap, ...]

    @property
    def observe(self) -> frozenset[Observation]:
        """What must be seen to decide among these maps: empty when there is no choice."""
        if len(self.maps) <= 1:
            return frozenset()
        stacks = [candidate.stack for candidate in self.maps]
        needed = {Observation.SERVICE} if len(set(stacks)) > 1 else set()
        if len(set(stacks)) < len(stacks):
            needed.add(Observation.MODEL_NUMBER)
        return frozenset(needed)


def candidates_for_name(name: str) -> Candidates:
    """Return the maps of a HEM id (with or without region), marketing name or scale."""
    return _candidates([normal_name(name)])


def candidates_for_advertised_id(model_id: str) -> Candidates:
    """Return the maps of the eight hexadecimal digits after "BLEsmart_"."""
    wanted = model_id.upper()
    return _candidates(
        name for known, names in ADVERTISED.items() if wanted.startswith(known) for name in names
    )


def decide(
    candidates: Candidates, *, services: Collection[str], model_number: str | None
) -> MemoryMap:
    """Return the one map that fits what the connected device shows.

    `services` are the full UUIDs found on it, `model_number` its 0x2A24. Raises Unsupported when
    no map is left, when several are, and when the device calls itself something else.
    """
    left = [c for c in candidates.maps if _SERVICES[c.stack] in services]
    if model_number is not None:
        named = candidates_for_name(model_number).maps
        left = [candidate for candidate in left if candidate in named]
    if len(left) == 1:
        return left[0]
    if left:
        raise Unsupported("several memory layouts fit this device, and it does not say which")
    raise Unsupported("no memory layout this program knows fits this device")


def normal_name(name: str) -> str:
    """Return a model's name without the prefix HEM, in upper case and with single spaces."""
    return re.sub(r"\s+", " ", name.strip().upper()).removeprefix("HEM-")


def _candidates(names: Iterable[str]) -> Candidates:
    ids = [known for name in names for known in MARKETING.get(name, (name,))]
    models = {model for id_ in ids for model in _models_of(id_)}
    return Candidates(tuple(one for one in MAPS if one.model in models))


def _models_of(id_: str) -> set[str]:
    """Return the maps of an id; one without its region stands for every region."""
    if id_ in _MODEL_OF and ("-" in id_ or "_" in id_):
        return {_MODEL_OF[id_]}
    return {
        model
        for known, model in _MODEL_OF.items()
        if known == id_ or known.startswith((f"{id_}-", f"{id_}_"))
    }


def _model_of() -> dict[str, str]:
    table = {one.model: one.model for one in MAPS}
    for model, names in (SAME_MAP | SAME_SCALE_MAP).items():
        table |= dict.fromkeys(names.split(), model)
    return table


_MODEL_OF = _model_of()
