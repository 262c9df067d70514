"""What will be here, and how: instead of an empty table."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ohx_desktop.ui.widgets.ink import label


class EmptyState(QWidget):
    """Two quiet lines in the middle of the room the table would have."""

    def __init__(self) -> None:
        super().__init__()
        self.what = label(size="strong", ink="muted", wraps=True)
        self.how = label(ink="muted", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addStretch(2)
        for line in (self.what, self.how):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        column.addStretch(3)

    def show_lines(self, what: str, how: str) -> None:
        """Show other lines."""
        self.what.setText(what)
        self.how.setText(how)
