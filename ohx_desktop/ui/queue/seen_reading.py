"""The reading itself, for the person who asked for it: values, when, and whose it was filed as."""

from PySide6.QtWidgets import QFrame, QVBoxLayout

from ohx_desktop.ui.models.queue_entry import SeenView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.ink import label


class SeenReading(QFrame):
    """Shows a SeenView; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.values = label(size="strong")
        self.facts = label(ink="muted", wraps=True)
        self.patient = label(wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.step)
        for part in (self.patient, self.values, self.facts):
            column.addWidget(part)
        self.show_view(None)

    def show_view(self, view: SeenView | None) -> None:
        """Show the reading, or nothing of it any more."""
        self.patient.setText(view.patient if view else "")
        self.patient.setVisible(bool(self.patient.text()))
        self.values.setText(view.values if view else "")
        self.values.setAccessibleName(view.spoken if view else "")
        self.facts.setText(view.facts if view else "")
        self.setVisible(view is not None)
