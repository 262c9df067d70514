"""Digits for fingers, beside a field that a keyboard types into. The field keeps the focus."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton

_COLUMNS = 3
_DIGITS = "123456789"


class KeyPad(QWidget):
    """Signals `typed` with a digit, `deleted` and `cleared`."""

    typed = Signal(str)
    deleted = Signal()
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.keys: dict[str, ActionButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(SPACE.between_targets)
        for place, digit in enumerate(_DIGITS):
            grid.addWidget(self._key(digit), *divmod(place, _COLUMNS))
        clear = self._key(texts.PIN_CLEAR, texts.PIN_CLEAR_NAME)
        delete = self._key(texts.PIN_DELETE, texts.PIN_DELETE_NAME)
        for column, key in enumerate((clear, self._key("0"), delete)):
            grid.addWidget(key, _COLUMNS, column)
        for digit in (*_DIGITS, "0"):
            self.keys[digit].clicked.connect(lambda _checked, one=digit: self.typed.emit(one))
        clear.clicked.connect(self.cleared)
        delete.clicked.connect(self.deleted)

    def _key(self, text: str, name: str = "") -> ActionButton:
        key = ActionButton(text)
        key.setAccessibleName(name or text)
        key.setProperty("digit", "true")
        key.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.keys[text] = key
        return key
