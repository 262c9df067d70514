"""The pages for the administrator, as values. A shell draws exactly one of these."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.desk.mapping_difference import Difference
from ohx_desktop.desk.sample_readings import Sample
from ohx_desktop.domain.check_lines import Line
from ohx_desktop.domain.errors import OhxError


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminHome:
    """Where to go, and what has to be mended."""

    problems: tuple[OhxError, ...] = ()


class Run(StrEnum):
    """Where a run of the check is."""

    NEVER = "never"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class EhrCheck:
    """What is known so far. A shell draws exactly one of these.

    `error` is why the check could not begin or go on; `wrong_patient` why it was not begun.
    """

    run: Run = Run.NEVER
    lines: tuple[Line, ...] = ()
    writes: bool = False
    error: OhxError | None = None
    wrong_patient: OhxError | None = None

    @property
    def is_running(self) -> bool:
        """True until the run has ended and taken back what it wrote."""
        return self.run in {Run.RUNNING, Run.STOPPING}


@dataclass(frozen=True, slots=True, kw_only=True)
class PutInForce:
    """A mapping is in force now. `kept` is the name of the file with the one before it."""

    name: str
    kept: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingPreview:
    """What is shown. A shell draws exactly one of these.

    `name` is the chosen file, None for the mapping in force; `differences` are against the
    mapping in force, or for that one against the built-in mapping. `broken` is why the chosen
    file is not a mapping, with each of its `faults` where it could be read; `in_force_problem`
    is why the clinic's file is not in force as it is. `done` tells that the chosen mapping is in
    force now, `error` why it is not.
    """

    name: str | None = None
    differences: Mapping[Sample, Difference] | None = None
    broken: OhxError | None = None
    faults: tuple[str, ...] = ()
    in_force_problem: OhxError | None = None
    is_putting: bool = False
    done: PutInForce | None = None
    error: OhxError | None = None

    @property
    def can_put_in_force(self) -> bool:
        """True while a valid chosen mapping is not in force yet."""
        chosen = self.name is not None and self.differences is not None
        return chosen and self.done is None and not self.is_putting


AdminState = AdminHome | EhrCheck | MappingPreview
