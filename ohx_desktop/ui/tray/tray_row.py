"""One record of the tray: its values, what is known of it, and the two things to do with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.tray import TrayRowView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.flow_layout import FlowLayout
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.state_chip import StateChip


class TrayRow(QFrame):
    """Shows a TrayRowView; the signals carry it."""

    assign_pressed = Signal(object)
    discard_pressed = Signal(object)

    def __init__(self, view: TrayRowView) -> None:
        super().__init__()
        self.view = view
        self.values = label(size="strong")
        self.values.setText(view.values)
        self.values.setAccessibleName(view.spoken)
        chips = FlowLayout()
        for chip in view.chips:
            chips.addWidget(StateChip(chip))
        self.assign = ActionButton(texts.TRAY_ASSIGN)
        self.assign.setAccessibleName(texts.TRAY_ASSIGN_NAME.format(values=view.values))
        self.assign.setVisible(view.assign is not None)
        self.assign.clicked.connect(lambda: self.assign_pressed.emit(self.view))
        self.discard = ActionButton(texts.TRAY_DISCARD)
        self.discard.setAccessibleName(texts.TRAY_DISCARD_NAME.format(values=view.values))
        self.discard.clicked.connect(lambda: self.discard_pressed.emit(self.view))
        words = QVBoxLayout()
        words.setSpacing(SPACE.step)
        words.addWidget(self.values)
        words.addLayout(chips)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.between_targets)
        row.addLayout(words, 1)
        row.addWidget(self.assign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.discard, 0, Qt.AlignmentFlag.AlignTop)
