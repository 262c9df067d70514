"""Masses and lengths as weight scales and body composition analysers send them.

Both count in fixed steps, metric or imperial by one flag. The resolution that a Feature value
tells says how coarse the device really is; it never rescales a number, and as it may be unknown in
one connection and known in the next, it has no part in how a value is written.

Source: Weight Scale Service 1.0.1; Body Composition Service 1.0.1.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self

from ohx_desktop.domain.quantity import Unit


class Step(NamedTuple):
    """One count. `in_round` of them are `round_size`, which is written with a decimal less.

    Such are steps of 0.005 or 0.2; of a power of ten, one count is round by itself.
    """

    size: Decimal
    in_round: int
    round_size: Decimal

    @classmethod
    def of(cls, size: str) -> Self:
        """Return the step of this size. Raises ValueError unless counts of it can be round."""
        step = Decimal(size)
        _, digits, exponent = step.as_tuple()
        if digits == (1,):
            return cls(step, 1, step)
        round_size = Decimal(1).scaleb(int(exponent) + 1)
        in_round, rest = divmod(round_size, step)
        if rest:
            raise ValueError(f"no number of steps of {size} is round")
        return cls(step, int(in_round), round_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units that a frame's first flag chooses, with the size of one count in each."""

    mass: Unit
    mass_step: Step
    length: Unit
    length_step: Step


METRIC = Units(
    mass=Unit.KILOGRAM,
    mass_step=Step.of("0.005"),
    length=Unit.METRE,
    length_step=Step.of("0.001"),
)
IMPERIAL = Units(
    mass=Unit.POUND,
    mass_step=Step.of("0.01"),
    length=Unit.INCH,
    length_step=Step.of("0.1"),
)

# Codes of the Feature values; 0 and what is not listed tell nothing.
_MASS_KG = (None, "0.5", "0.2", "0.1", "0.05", "0.02", "0.01", "0.005")
_LENGTH_M = (None, "0.01", "0.005", "0.001")


def steps(count: int, step: Step) -> Decimal:
    """Return `count` steps, exactly.

    Steps of 0.005 are written with two decimals wherever that is exact: 75.000 would claim steps
    of 0.001, which the form does not have.
    """
    rounds, rest = divmod(count, step.in_round)
    return count * step.size if rest else rounds * step.round_size


def mass_resolution_kg(code: int) -> Decimal | None:
    """Return the resolution in kg that a code of a Feature value stands for, None for unknown."""
    return _resolution(_MASS_KG, code)


def height_resolution_m(code: int) -> Decimal | None:
    """Return the resolution in m that a code of a Feature value stands for, None for unknown."""
    return _resolution(_LENGTH_M, code)


def _resolution(table: tuple[str | None, ...], code: int) -> Decimal | None:
    text = table[code] if code < len(table) else None
    return None if text is None else Decimal(text)
