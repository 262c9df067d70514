"""What a reading may belong to: the visit it was taken in, the order it answers."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CareContext:
    """The chosen context: "Encounter/ID" and "ServiceRequest/ID", each None where none was."""

    encounter: str | None = None
    based_on: str | None = None


NO_CONTEXT = CareContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOption:
    """A visit or an order that is open now.

    `name` is what the EHR calls it, None where it says nothing. `since` is its begin, or when it
    was written; `appointment` the time agreed for the visit. Both are aware, or None.
    """

    reference: str
    name: str | None = None
    since: datetime | None = None
    appointment: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedContexts:
    """What a patient's reading can belong to, the newest first.

    Where it is not `complete` the EHR did not tell all: nothing is then taken for the only one.
    """

    visits: tuple[ContextOption, ...] = ()
    orders: tuple[ContextOption, ...] = ()
    complete: bool = True

    @property
    def usual(self) -> CareContext:
        """The context that needs no question: the only open visit. An order is never assumed."""
        only = self.complete and len(self.visits) == 1
        return CareContext(encounter=self.visits[0].reference) if only else NO_CONTEXT

    def has(self, context: CareContext) -> bool:
        """Tell whether all of this context is offered."""
        visits = {None, *(option.reference for option in self.visits)}
        orders = {None, *(option.reference for option in self.orders)}
        return context.encounter in visits and context.based_on in orders


NOTHING_OFFERED = OfferedContexts()
