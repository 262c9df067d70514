"""Contrast of every pair of colours that meets on a screen, computed from the tokens."""

import re

import pytest

from ohx_desktop.ui.theme.stylesheet import style_sheet
from ohx_desktop.ui.theme.tokens import COLOURS, SPACE, TYPE, Theme, contrast

_GROUNDS = ("surface", "raised")
_TINTS = ("primary_tint", "attention_tint", "stop_tint")

_PAIRS = [
    *(("text", ground, 7.0) for ground in (*_GROUNDS, *_TINTS)),
    *(("muted", ground, 4.5) for ground in (*_GROUNDS, "primary_tint")),
    *(("primary", ground, 4.5) for ground in (*_GROUNDS, "primary_tint")),
    *(("good", ground, 4.5) for ground in _GROUNDS),
    *(("attention", ground, 4.5) for ground in (*_GROUNDS, "attention_tint")),
    *(("stop", ground, 4.5) for ground in (*_GROUNDS, "stop_tint")),
    *(("border", ground, 3.0) for ground in _GROUNDS),
    ("on_primary", "primary", 4.5),
    ("on_primary", "primary_strong", 4.5),
]


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize(("ink", "ground", "least"), _PAIRS)
def test_ink_is_readable_on_its_ground(theme: Theme, ink: str, ground: str, least: float) -> None:
    colours = COLOURS[theme]
    assert contrast(getattr(colours, ink), getattr(colours, ground)) >= least


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#FFFFFF", "#FFFFFF") == pytest.approx(1.0)
    # A pair whose ratio is published: #767676 is the lightest grey that passes on white.
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_sizes_hold_what_the_design_promises() -> None:
    assert SPACE.target_least >= 44
    assert SPACE.target >= SPACE.target_least
    assert SPACE.target_primary > SPACE.target
    assert SPACE.between_targets >= 12
    assert SPACE.focus_ring >= 3
    assert TYPE.text >= 16
    assert TYPE.value_least >= 72


@pytest.mark.parametrize("theme", Theme)
def test_the_style_sheet_uses_no_colour_but_the_tokens(theme: Theme) -> None:
    colours = COLOURS[theme]
    known = set(colours)
    used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", style_sheet(colours)))
    assert used <= known
