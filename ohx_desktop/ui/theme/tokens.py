"""The look as numbers: colours, type, spacing, targets. Pure; the style sheet is made from these.

Contrast of every pair that meets on a screen is computed in tests/ui/test_tokens.py. Sources: the
contrast minima are WCAG 2.2 success criteria 1.4.3, 1.4.6 and 1.4.11; target size is 2.5.5.
"""

from enum import StrEnum
from typing import NamedTuple


class Theme(StrEnum):
    """The three looks; every screen holds in each."""

    LIGHT = "light"
    DARK = "dark"
    HIGH_CONTRAST = "high-contrast"


class Colours(NamedTuple):
    """Colour roles, "#RRGGBB".

    `line` is decoration only; whatever a person must find has `border`. `*_tint` are the quiet
    grounds under the colour of the same name.
    """

    surface: str
    raised: str
    text: str
    muted: str
    primary: str
    primary_strong: str
    primary_tint: str
    on_primary: str
    good: str
    attention: str
    attention_tint: str
    stop: str
    stop_tint: str
    line: str
    border: str


COLOURS: dict[Theme, Colours] = {
    Theme.LIGHT: Colours(
        surface="#F6F8FA",
        raised="#FFFFFF",
        text="#16212B",
        muted="#4A5A68",
        primary="#005EA5",
        primary_strong="#00457A",
        primary_tint="#E8F1F8",
        on_primary="#FFFFFF",
        good="#0B6B3A",
        attention="#8A5300",
        attention_tint="#FFF4DC",
        stop="#B3261E",
        stop_tint="#FDECEA",
        line="#C6D0D9",
        border="#6B7A88",
    ),
    Theme.DARK: Colours(
        surface="#11161C",
        raised="#1A2129",
        text="#EEF2F6",
        muted="#A9B7C4",
        primary="#6CB6FF",
        primary_strong="#9CCEFF",
        primary_tint="#1B2D3F",
        on_primary="#11161C",
        good="#5BD08E",
        attention="#FFC861",
        attention_tint="#2B2619",
        stop="#FF8A80",
        stop_tint="#311F22",
        line="#34404C",
        border="#7C8B99",
    ),
    Theme.HIGH_CONTRAST: Colours(
        surface="#000000",
        raised="#000000",
        text="#FFFFFF",
        muted="#FFFFFF",
        primary="#FFD800",
        primary_strong="#FFFFFF",
        primary_tint="#000000",
        on_primary="#000000",
        good="#00FF7F",
        attention="#FFD800",
        attention_tint="#000000",
        stop="#FF6060",
        stop_tint="#000000",
        line="#FFFFFF",
        border="#FFFFFF",
    ),
}


class Type(NamedTuple):
    """Sizes in px. The steps are 1.25 apart; a screen uses at most three, the value counted in."""

    text: int = 16
    title: int = 20
    heading: int = 25
    value: int = 104
    value_least: int = 72
    # Share of the value's size that its unit has.
    unit_share: float = 0.26


class Space(NamedTuple):
    """Lengths in px, in steps of 8 (4 inside small parts)."""

    step: int = 8
    radius: int = 12
    gap: int = 16
    margin: int = 32
    # Between two targets, so that a gloved finger meets one of them.
    between_targets: int = 16
    # The column that all parts of a screen share on wide displays.
    column: int = 1200
    banner: int = 96
    footer: int = 48
    target: int = 48
    target_primary: int = 72
    target_least: int = 44
    focus_ring: int = 3
    focus_gap: int = 2


TYPE = Type()
SPACE = Space()

# One period of the listening pulse; slow enough not to hurry anyone.
PULSE_PERIOD_MS = 2400


# Where the sRGB curve turns from a line into a power.
_SRGB_KNEE = 0.04045


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio (1 to 21) of two "#RRGGBB" colours.

    Source: WCAG 2.2, definitions of relative luminance and contrast ratio.
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _SRGB_KNEE else ((channel + 0.055) / 1.055) ** 2.4
