"""The one style sheet, generated from the tokens. Pure text; Fusion draws the rest.

Sides are named symmetrically (padding: V H), so that right-to-left needs no second sheet. The
focus ring is no part of it: one overlay draws it round whatever has the focus (widgets/focus_ring).
"""

from ohx_desktop.ui.theme.tokens import SPACE, TYPE, Colours


def style_sheet(colours: Colours) -> str:
    """Return the application's style sheet in these colours."""
    return "\n".join(
        (_ground(colours), _texts(colours), _buttons(colours), _fields(colours), _bars(colours))
    )


def _ground(c: Colours) -> str:
    return f"""
QMainWindow, #page {{ background: {c.surface}; }}
QWidget {{ color: {c.text}; font-size: {TYPE.text}px; }}
#patient_banner {{ background: {c.raised}; border: 0; border-bottom: 1px solid {c.line}; }}
#context_bar {{ background: {c.raised}; border: 0; border-bottom: 1px solid {c.line}; }}
#footer {{ background: {c.raised}; border: 0; border-top: 1px solid {c.line}; }}
#card {{ background: {c.raised}; border: 1px solid {c.line}; border-radius: {SPACE.radius}px; }}
QToolTip {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; padding: {SPACE.step}px;
}}
"""


def _texts(c: Colours) -> str:
    roles = {"muted": c.muted, "good": c.good, "attention": c.attention, "stop": c.stop}
    inks = "\n".join(f'*[ink="{name}"] {{ color: {ink}; }}' for name, ink in roles.items())
    return f"""
QLabel {{ background: transparent; }}
*[type="title"] {{ font-size: {TYPE.title}px; font-weight: 600; }}
*[type="heading"] {{ font-size: {TYPE.heading}px; font-weight: 600; }}
*[type="body"] {{ font-size: {TYPE.title}px; }}
*[type="strong"] {{ font-weight: 600; }}
*[ink="primary"] {{ color: {c.primary}; }}
#notice QLabel {{ qproperty-alignment: AlignHCenter; }}
{inks}
"""


def _buttons(c: Colours) -> str:
    return f"""
QPushButton {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border};
    border-radius: {SPACE.step}px; min-height: {SPACE.target - 2}px; padding: 0 {SPACE.gap + 4}px;
}}
QPushButton:hover {{ border-color: {c.primary}; color: {c.primary}; }}
QPushButton:pressed {{ background: {c.primary_tint}; }}
QPushButton:disabled {{
    color: {c.muted}; border: 1px dashed {c.border}; background: {c.surface};
}}
QPushButton[tile="true"] {{
    font-size: {TYPE.title}px; text-align: left; min-height: {SPACE.target_primary - 2}px;
}}
QPushButton[digit="true"] {{
    font-size: {TYPE.title}px; min-height: {SPACE.target_primary - 8}px; min-width: 94px;
    padding: 0;
}}
#footer QPushButton {{ min-height: {SPACE.target_least - 2}px; }}
#footer #counts {{ padding: 0; }}
#footer #counts[idle="true"] {{ background: transparent; border-color: transparent; }}
QPushButton[primary="true"] {{
    background: {c.primary}; color: {c.on_primary}; border: 2px solid {c.primary};
    border-radius: {SPACE.radius}px; min-height: {SPACE.target_primary - 4}px;
    padding: 0 {SPACE.margin}px; font-size: {TYPE.title}px; font-weight: 600;
}}
QPushButton[primary="true"]:hover, QPushButton[primary="true"]:pressed {{
    background: {c.primary_strong}; border-color: {c.primary_strong};
}}
QPushButton[primary="true"]:disabled {{
    background: {c.surface}; color: {c.muted}; border: 2px dashed {c.border};
}}
QPushButton[answer="true"] {{
    background: {c.primary}; color: {c.on_primary}; border: 1px solid {c.primary};
    font-weight: 600;
}}
QPushButton[answer="true"]:hover, QPushButton[answer="true"]:pressed {{
    background: {c.primary_strong}; border-color: {c.primary_strong};
}}
"""


def _fields(c: Colours) -> str:
    return f"""
QLineEdit {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border};
    border-radius: {SPACE.radius}px; min-height: {SPACE.target_primary - 2}px;
    padding: 0 {SPACE.gap}px; font-size: {TYPE.title}px;
    placeholder-text-color: {c.muted};
    selection-background-color: {c.primary}; selection-color: {c.on_primary};
}}
QCheckBox, QRadioButton {{ background: transparent; spacing: {SPACE.gap}px; }}
#json {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.line};
    border-radius: {SPACE.radius}px; padding: {SPACE.step}px;
    selection-background-color: {c.primary}; selection-color: {c.on_primary};
}}
QListView {{ background: transparent; border: 0; outline: 0; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: {SPACE.gap}px; margin: 0; }}
QScrollBar::handle:vertical {{
    background: {c.border}; border-radius: 4px; margin: 0 4px; min-height: {SPACE.target}px;
}}
QScrollBar:horizontal {{ background: transparent; height: {SPACE.gap}px; margin: 0; }}
QScrollBar::handle:horizontal {{
    background: {c.border}; border-radius: 4px; margin: 4px 0; min-width: {SPACE.target}px;
}}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def _bars(c: Colours) -> str:
    return f"""
#message_bar {{ border-radius: {SPACE.radius}px; border: 1px solid {c.border}; }}
#message_bar[tone="attention"] {{ background: {c.attention_tint}; border-color: {c.attention}; }}
#message_bar[tone="stop"] {{ background: {c.stop_tint}; border-color: {c.stop}; }}
#message_bar[tone="good"] {{ background: {c.raised}; border-color: {c.good}; }}
#message_bar[tone="neutral"] {{ background: {c.primary_tint}; border-color: {c.primary}; }}
#state_chip {{ border-radius: {SPACE.gap + 2}px; border: 1px solid {c.line}; }}
#state_chip[tone="attention"] {{ background: {c.attention_tint}; border-color: {c.attention}; }}
#state_chip[tone="stop"] {{ background: {c.stop_tint}; border-color: {c.stop}; }}
"""
