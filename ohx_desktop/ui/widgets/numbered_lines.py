"""Things to do, one below the other, numbered where there are several."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.ink import label


class NumberedLines(QWidget):
    """Sentences in the order in which they are done."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[str, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.gap)
        self._grid.setVerticalSpacing(SPACE.gap)
        self._grid.setColumnStretch(1, 1)

    def show_lines(self, lines: tuple[str, ...]) -> None:
        """Show other sentences."""
        if lines == self.lines:
            return
        self.lines = lines
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.setParent(None)
                old.deleteLater()
        for place, line in enumerate(lines):
            if len(lines) > 1:
                number = label(size="body", ink="muted")
                number.setText(str(place + 1))
                self._grid.addWidget(number, place, 0, Qt.AlignmentFlag.AlignTop)
            sentence = label(size="body", wraps=True)
            sentence.setText(line)
            self._grid.addWidget(sentence, place, 1)
