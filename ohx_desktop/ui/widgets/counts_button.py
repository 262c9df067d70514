"""The counts of the queue, and the way into it: one target with the chips in it."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import ChipView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.ink import restyle
from ohx_desktop.ui.widgets.state_chip import StateChip


class CountsButton(ActionButton):
    """Shows ChipViews. Only text where the queue cannot be opened (`set_open`)."""

    def __init__(self) -> None:
        super().__init__("")
        self.setObjectName("counts")
        self.chips: list[StateChip] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SPACE.step, 0, SPACE.step, 0)
        self._row.setSpacing(SPACE.gap)
        self.set_open(may_open=False)

    def set_open(self, *, may_open: bool) -> None:
        """Make it a button, or words alone."""
        self._may_open = may_open
        restyle(self, idle="false" if may_open else "true")
        policy = Qt.FocusPolicy.StrongFocus if may_open else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(policy)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not may_open)
        self.setToolTip(texts.QUEUE_TIP if may_open else "")

    def show_chips(self, views: tuple[ChipView, ...]) -> None:
        """Show other counts."""
        while len(self.chips) > len(views):
            chip = self.chips.pop()
            chip.hide()
            chip.setParent(None)
            chip.deleteLater()
        for place, fact in enumerate(views):
            if place < len(self.chips):
                self.chips[place].show_view(fact)
            else:
                self.chips.append(StateChip(fact, framed=False))
                self._row.addWidget(self.chips[place])
        counts = ", ".join(view.text for view in views)
        self.setAccessibleName(texts.QUEUE_NAME.format(counts=counts))
        # At once: a count that has grown is not cut for a frame.
        self._row.invalidate()
        self.updateGeometry()
        self.resize(self.sizeHint())

    def event(self, event: QEvent) -> bool:
        """Grow and shrink with the words in it."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return done

    def sizeHint(self) -> QSize:
        """Return the room of the chips."""
        return QSize(self._row.sizeHint().width(), SPACE.target_least)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a count is never cut."""
        return self.sizeHint()
