"""A row of a list of facts: what, and what is known of it."""

from dataclasses import dataclass

from ohx_desktop.ui.models.parts import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """`details` are lines below the title; `spoken` is all of it for a screen reader."""

    title: str
    details: tuple[str, ...]
    tone: Tone
    spoken: str
