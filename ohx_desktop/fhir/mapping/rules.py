"""What a clinic has changed of the mapping: codes, categories, profiles, units, what is sent.

Identifiers never follow the rules: a reading keeps its names however it is coded, so that a change
of the rules sends nothing a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, in_unit
from ohx_desktop.fhir.encoding import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementRules:
    """What differs for one kind of quantity, or for a panel. None leaves the built-in value.

    Codings and categories are FHIR Codings; `more_codings` stand behind the others.
    """

    send: bool = True
    codings: tuple[Json, ...] | None = None
    more_codings: tuple[Json, ...] = ()
    text: str | None = None
    categories: tuple[Json, ...] | None = None
    profiles: tuple[str, ...] | None = None
    unit: Unit | None = None

    def coded(self, built_in: list[Json]) -> list[Json]:
        """Return the codings in place of the built-in ones."""
        return [*(built_in if self.codings is None else self.codings), *self.more_codings]


UNCHANGED = ElementRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRules:
    """All that a clinic has changed. `tags` are FHIR Codings for every Observation.

    Without `send_devices` the device is named in the Observation and no Device is created.
    """

    kinds: Mapping[QuantityKind, ElementRules] = field(default_factory=dict)
    blood_pressure: ElementRules = UNCHANGED
    tags: tuple[Json, ...] = ()
    send_devices: bool = True
    send_provenance: bool = True

    def of(self, kind: QuantityKind) -> ElementRules:
        """Return the rules of a kind."""
        return self.kinds.get(kind, UNCHANGED)

    def sent(self, quantities: Sequence[Quantity]) -> list[Quantity]:
        """Return what is sent of these quantities, in the units that the clinic wants.

        Raises ConfigurationError where that is nothing.
        """
        wanted = [quantity for quantity in quantities if self.of(quantity.kind).send]
        if not wanted:
            raise ConfigurationError(
                "the mapping of this clinic lets nothing of this reading be sent",
                meaning="the reading was not filed",
                hint="an administrator must change the mapping file",
            )
        return [in_unit(quantity, self.of(quantity.kind).unit) for quantity in wanted]


BUILT_IN = MappingRules()
