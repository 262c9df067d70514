"""The small parts that view-models are made of."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a statement is meant. Each has a shape, then a colour; the word says it first."""

    NEUTRAL = "neutral"
    GOOD = "good"
    OPEN = "open"
    ATTENTION = "attention"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipView:
    """One short fact with a shape before it."""

    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """What happened; what it means and what to do, as one line of sentences."""

    what: str
    rest: str
    tone: Tone = Tone.ATTENTION


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A message with two answers. `no` is the safe one and gets the focus."""

    message: MessageView
    yes: str
    no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueView:
    """A measured value: figures and unit as drawn, and as a screen reader says it."""

    label: str
    figures: str
    unit: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of a way: a word, when or why, and whether it is done."""

    label: str
    detail: str
    tone: Tone
    spoken: str
