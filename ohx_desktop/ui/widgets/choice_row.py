"""One of a few: a caption and its options, in lines, each as large as a finger."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from ohx_desktop.ui.models.context import GroupView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.flow_layout import FlowLayout
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.marked_row import paint_row, row_size

_CORNER = 14
_CAPTION = 144


class ChoiceButton(QRadioButton):
    """An option; the whole row is the target. Enter chooses it, too."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        # An ampersand in what the EHR calls it is no shortcut.
        self.setShortcut(QKeySequence())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return the room of mark and words."""
        return row_size(self, SPACE.target)

    def minimumSizeHint(self) -> QSize:
        """Return the same: the words are never cut."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """Take a press anywhere in the row."""
        return self.rect().contains(pos)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter as by Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            if not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw circle, tick and words."""
        paint_row(self, corner=_CORNER)


class ChoiceRow(QWidget):
    """Shows a GroupView; `chosen` carries the context of the option that was pressed."""

    chosen = Signal(object)

    def __init__(self, view: GroupView) -> None:
        super().__init__()
        self._view = view
        self._group = QButtonGroup(self)
        self.caption = label(ink="muted")
        self.caption.setFixedWidth(_CAPTION)
        self.caption.setText(view.label)
        self.buttons: list[ChoiceButton] = []
        options = FlowLayout(gap=SPACE.step)
        for position, option in enumerate(view.options):
            button = ChoiceButton(option.text)
            button.setAccessibleName(option.spoken)
            self._group.addButton(button, position)
            options.addWidget(button)
            self.buttons.append(button)
        self._group.idClicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.gap)
        row.addWidget(self.caption)
        row.addLayout(options, 1)
        self.show_view(view)

    def show_view(self, view: GroupView) -> None:
        """Show which option holds; of the options themselves only the words may change."""
        self._view = view
        for button, option in zip(self.buttons, view.options, strict=True):
            button.setChecked(option.chosen)
            if button.text() != option.text:
                button.setText(option.text)
                button.setAccessibleName(option.spoken)
                button.updateGeometry()

    def _choose(self, position: int) -> None:
        self.chosen.emit(self._view.options[position].context)
