"""The ground of a page: one column that all parts of the window share, and a card in it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ohx_desktop.ui.theme.tokens import SPACE


def side_margin(width: int) -> int:
    """Return the margin that centres the column in a window of this width, in px."""
    return max(SPACE.margin, (width - SPACE.column) // 2)


class Page(QWidget):
    """A page with a column; subclasses fill `self.column`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.column = QVBoxLayout(self)
        self.column.setSpacing(SPACE.gap)
        self._fit(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column in the middle."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        side = side_margin(width)
        self.column.setContentsMargins(side, SPACE.margin, side, SPACE.margin)


class Card(QFrame):
    """The raised ground of a page: what is shown above, what can be done below."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        # On a very tall display the card stays a card.
        self.setMaximumHeight(760)
        # What does not fit is scrolled to, never cut.
        inner = QWidget()
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACE.margin)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self.action_row = QHBoxLayout()
        self.action_row.setSpacing(SPACE.between_targets)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.margin, SPACE.margin, SPACE.margin, SPACE.margin)
        column.setSpacing(SPACE.margin)
        column.addWidget(scroll, 1)
        column.addLayout(self.action_row)
