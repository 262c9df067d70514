"""The quiet line at the bottom: the queue, and who is signed in."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.footer import FooterView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.counts_button import CountsButton
from ohx_desktop.ui.widgets.ink import label


class Footer(QFrame):
    """Shows a FooterView; its counts are the way to the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("footer")
        self.setFixedHeight(SPACE.footer)
        self.counts = CountsButton()
        self.why = ElidedLabel()
        self.signed_in = label(ink="muted")
        self.lock = _small(texts.LOCK, texts.LOCK_NAME)
        self.sign_out = _small(texts.SIGN_OUT, texts.SIGN_OUT_NAME)
        self.row = QHBoxLayout(self)
        self.row.setSpacing(SPACE.margin)
        self.row.addWidget(self.counts)
        self.row.addWidget(self.why, 1)
        who = QHBoxLayout()
        who.setSpacing(SPACE.gap)
        for part in (self.signed_in, self.lock, self.sign_out):
            who.addWidget(part)
        self.row.addLayout(who)

    def show_view(self, view: FooterView) -> None:
        """Show another state of the queue."""
        self.counts.show_chips(view.chips)
        self.why.show_text(view.why)
        self.signed_in.setText(view.signed_in)
        for button in (self.lock, self.sign_out):
            button.setVisible(view.may_sign_out)

    def set_margin(self, margin: int) -> None:
        """Begin and end where the column of the page does."""
        self.row.setContentsMargins(margin, 0, margin, 0)


def _small(text: str, name: str) -> ActionButton:
    button = ActionButton(text)
    button.setFixedHeight(SPACE.target_least)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.hide()
    return button


class ElidedLabel(QLabel):
    """A side remark that may be shortened; it is whole in the tool tip and for readers."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("ink", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show another remark."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        mode = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole, mode, self.width()))
