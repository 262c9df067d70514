"""The patient banner: always on top while anything about the patient is on the screen.

Fixed height, neutral colour, small labels above. A long name takes two smaller lines before it is
shortened, and is whole in the tool tip and for the screen reader.
Source: NHS Common User Interface, patient banner.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import BannerView
from ohx_desktop.ui.models.parts import ChipView, Tone
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.fitted_label import FittedLabel
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.state_chip import StateChip

# Above the captions, so that one line of value stands in the middle of the banner.
_TOP = SPACE.step * 3


class PatientBanner(QFrame):
    """Shows a BannerView; `change_requested` is the wish for another patient."""

    change_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("patient_banner")
        self.setFixedHeight(SPACE.banner)
        self.name = FittedLabel()
        self.born, self.gender, self.identifier = (label(size="title") for _ in range(3))
        self.identifier_label = label(ink="muted")
        self.deceased = StateChip(ChipView(text=texts.DECEASED, tone=Tone.ATTENTION))
        self.change = ActionButton(texts.CHANGE_PATIENT)
        self.change.clicked.connect(self.change_requested)
        self.row = QHBoxLayout(self)
        self.row.setSpacing(SPACE.margin)
        self._lay_out()
        self.forget()

    def show_patient(self, view: BannerView, *, may_change: bool) -> None:
        """Show a patient; `may_change` offers the button."""
        self.name.show_text(view.name)
        self.born.setText(view.born)
        self.gender.setText(view.gender)
        self.identifier_label.setText(view.identifier_label)
        self.identifier.setText(view.identifier)
        self.deceased.setVisible(view.deceased)
        self.change.setVisible(may_change)
        self.setAccessibleName(view.spoken)
        self.show()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.hide()
        self.name.show_text("")
        for part in (self.born, self.gender, self.identifier, self.identifier_label):
            part.setText("")
        self.deceased.hide()
        self.setAccessibleName("")

    def set_margin(self, margin: int) -> None:
        """Begin and end where the column of the page does."""
        self.row.setContentsMargins(margin, 0, margin, 0)

    def _lay_out(self) -> None:
        self.row.addLayout(_field(_caption(texts.PATIENT), self.name), 1)
        self.row.addWidget(self.deceased)
        self.row.addLayout(_field(_caption(texts.BORN), self.born))
        self.row.addLayout(_field(_caption(texts.GENDER), self.gender))
        self.row.addLayout(_field(self.identifier_label, self.identifier))
        self.row.addWidget(self.change)


def _caption(text: str) -> QLabel:
    caption = label(ink="muted")
    caption.setText(text)
    return caption


def _field(caption: QLabel, value: QWidget) -> QVBoxLayout:
    """Return caption and value from the same height in every field, however long the value."""
    headroom = FittedLabel.HEADROOM
    field = QVBoxLayout()
    field.setContentsMargins(0, _TOP, 0, 0)
    field.setSpacing(0 if isinstance(value, FittedLabel) else headroom)
    field.addWidget(caption)
    field.addWidget(value)
    field.addStretch(1)
    return field
