"""Visit and order as texts: what the reading can belong to, and what it belongs to now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ohx_desktop.desk.states import Care, DeskState, Reviewing, Waiting
from ohx_desktop.domain.care_context import CareContext, ContextOption
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.when import moment_text

# A name keeps its own direction, whatever stands beside it.
_ISOLATED = "\u2068{name}\u2069"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    """One thing to choose; `context` is what choosing it chooses."""

    text: str
    spoken: str
    context: object
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Options of which one holds."""

    label: str
    options: tuple[OptionView, ...]

    @property
    def summary(self) -> str:
        """What holds, in one line."""
        return next((option.text for option in self.options if option.chosen), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextView:
    """`note` says that something could not be read. `enabled` is false while saving.

    While `compact`, the values need the room: only what was chosen is shown, until asked for more.
    """

    groups: tuple[GroupView, ...] = ()
    note: str = ""
    compact: bool = False
    enabled: bool = True


NO_CONTEXT_VIEW = ContextView()


def context_view(state: DeskState, now: datetime) -> ContextView:
    """Return the view for a state; empty where there is nothing to choose and nothing to say."""
    if not isinstance(state, Waiting | Reviewing) or state.care.offered is None:
        return NO_CONTEXT_VIEW
    offered = state.care.offered
    groups = (_visits(state.care, offered.visits, now), _orders(state.care, offered.orders, now))
    return ContextView(
        groups=tuple(group for group in groups if group is not None),
        note="" if offered.complete else texts.CONTEXT_INCOMPLETE,
        compact=isinstance(state, Reviewing),
        enabled=not (isinstance(state, Reviewing) and state.saving),
    )


def _visits(care: Care, visits: tuple[ContextOption, ...], now: datetime) -> GroupView | None:
    if not visits:
        return None
    chosen = care.chosen
    return _group(
        texts.VISIT,
        (
            *((_visit_text(v, now), replace(chosen, encounter=v.reference)) for v in visits),
            (texts.NO_VISIT, replace(chosen, encounter=None)),
        ),
        chosen,
    )


def _orders(care: Care, orders: tuple[ContextOption, ...], now: datetime) -> GroupView | None:
    if not orders:
        return None
    chosen = care.chosen
    return _group(
        texts.ORDER,
        (
            *((_order_text(o, now), replace(chosen, based_on=o.reference)) for o in orders),
            (texts.NO_ORDER, replace(chosen, based_on=None)),
        ),
        chosen,
    )


def _group(
    label: str, options: Iterable[tuple[str, CareContext]], chosen: CareContext
) -> GroupView:
    return GroupView(
        label=label,
        options=tuple(
            OptionView(
                text=text,
                spoken=texts.CHOICE_SPOKEN.format(group=label, option=text),
                context=context,
                chosen=context == chosen,
            )
            for text, context in options
        ),
    )


def _visit_text(visit: ContextOption, now: datetime) -> str:
    text = _ISOLATED.format(name=visit.name or texts.SOME_VISIT)
    if visit.since is not None:
        text = texts.SINCE.format(name=text, time=moment_text(visit.since, now))
    if visit.appointment is not None:
        text = texts.APPOINTMENT.format(name=text, time=moment_text(visit.appointment, now))
    return text


def _order_text(order: ContextOption, now: datetime) -> str:
    text = _ISOLATED.format(name=order.name or texts.SOME_ORDER)
    if order.since is None:
        return text
    return texts.ORDERED.format(name=text, time=moment_text(order.since, now))
