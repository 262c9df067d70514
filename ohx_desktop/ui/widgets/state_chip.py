"""One short fact: shape, then words, then colour."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from ohx_desktop.ui.models.parts import ChipView
from ohx_desktop.ui.widgets.glyph import Glyph
from ohx_desktop.ui.widgets.ink import label, restyle


class StateChip(QFrame):
    """A rounded chip; `framed=False` leaves the frame away, for the footer."""

    def __init__(self, view: ChipView, *, framed: bool = True) -> None:
        super().__init__()
        self.glyph = Glyph()
        self.text = label()
        row = QHBoxLayout(self)
        row.setSpacing(8)
        row.setContentsMargins(*((10, 7, 16, 7) if framed else (0, 0, 0, 0)))
        row.addWidget(self.glyph)
        row.addWidget(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if framed:
            self.setObjectName("state_chip")
        self.show_view(view)

    def show_view(self, view: ChipView) -> None:
        """Show another fact."""
        self.text.setText(view.text)
        self.glyph.show_tone(view.tone)
        restyle(self, tone=view.tone.value)
