"""Looking at a mapping before it is in force: what it changes, in words and as JSON."""

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from ohx_desktop.desk.admin_states import MappingPreview
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.mapping import mapping_view, put_question
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.fact_list import FactList
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class MappingPage(Page):
    """Shows a MappingPreview. `file_chosen` carries a Path."""

    file_chosen = Signal(object)
    in_force_requested = Signal()
    put_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = MappingPreview()
        self._json: tuple[str, ...] = ()
        self._dialog: QFileDialog | None = None
        self.message = MessageBar()
        self.message.accepted.connect(self._put)
        self.message.declined.connect(self.take_back)
        self.status = label(size="strong", wraps=True)
        self.path = QLineEdit()
        self.path.setPlaceholderText(texts.MAPPING_FIELD_HINT)
        self.path.setAccessibleName(texts.MAPPING_FIELD)
        self.path.returnPressed.connect(self._show_typed)
        self.choose = ActionButton(texts.MAPPING_CHOOSE)
        self.choose.clicked.connect(self._open_dialog)
        self.show_button = ActionButton(texts.MAPPING_SHOW)
        self.show_button.clicked.connect(self._show_typed)
        self.rows = FactList(texts.MAPPING_ROWS)
        self.rows.moved.connect(self._show_json)
        self.json = QPlainTextEdit()
        self.json.setReadOnly(True)
        self.json.setTabChangesFocus(True)
        self.json.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.json.setAccessibleName(texts.MAPPING_JSON)
        self.json.setObjectName("json")
        self.json.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.in_force = ActionButton(texts.MAPPING_IN_FORCE)
        self.in_force.clicked.connect(self._show_in_force)
        self.put = ActionButton(texts.MAPPING_PUT, primary=True)
        self.put.clicked.connect(self._ask)
        self._lay_out()

    @property
    def is_asking(self) -> bool:
        """True while the question before putting in force stands."""
        return self.message.is_asking

    def show_state(self, state: MappingPreview) -> None:
        """Show a preview; another one takes the focus to what changes."""
        is_another = state.differences is not self._state.differences or state.broken
        self._state = state
        view = mapping_view(state)
        self.message.show_message(view.message)
        if view.status != self.status.text():
            announce(self.status, view.status)
        self.status.setText(view.status)
        self._json = view.json
        self.rows.setAccessibleName(view.rows_name)
        self.rows.show_rows(view.rows)
        self.rows.setVisible(bool(view.rows))
        self.json.setVisible(bool(view.json))
        self._show_json(self.rows.currentIndex().row())
        had_focus = self.put.hasFocus()
        self.put.setVisible(view.can_put_in_force)
        if (is_another or had_focus) and view.rows:
            self.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """Rest where a file is named."""
        self.path.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_back(self) -> None:
        """Leave the question; the mapping stays as it is."""
        self.message.forget()
        self.put.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        if self._dialog is not None:
            self._dialog.close()
        self.path.setText("")
        self.show_state(MappingPreview())
        self.json.clear()

    def _show_typed(self) -> None:
        typed = self.path.text().strip()
        if typed:
            self.file_chosen.emit(Path(typed).expanduser())

    def _show_in_force(self) -> None:
        self.path.setText("")
        self.in_force_requested.emit()

    def _open_dialog(self) -> None:
        # Shown and answered by a signal: a dialog that blocks would stop the loop.
        self._dialog = QFileDialog(self, texts.MAPPING_CHOOSE, "", texts.MAPPING_FILTER)
        self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.fileSelected.connect(self._choose_file)
        self._dialog.finished.connect(self._dialog_closed)
        self._dialog.open()

    def _choose_file(self, path: str) -> None:
        self.path.setText(path)
        self._show_typed()

    def _dialog_closed(self) -> None:
        self._dialog = None

    def _show_json(self, place: int) -> None:
        text = self._json[place] if 0 <= place < len(self._json) else ""
        if text != self.json.toPlainText():
            self.json.setPlainText(text)

    def _ask(self) -> None:
        if self._state.name is not None:
            self.message.ask(put_question(self._state.name))

    def _put(self) -> None:
        self.message.forget()
        self.rows.setFocus(Qt.FocusReason.OtherFocusReason)
        self.put_requested.emit()

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.MAPPING_HEADING)
        help_text = label(ink="muted", wraps=True)
        help_text.setText(texts.MAPPING_HELP)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(help_text)
        file = QHBoxLayout()
        file.setSpacing(SPACE.between_targets)
        file.addWidget(self.path, 1)
        for button in (self.show_button, self.choose, self.in_force):
            file.addWidget(button)
        found = QHBoxLayout()
        found.setSpacing(SPACE.gap)
        found.addWidget(self.rows, 4)
        found.addWidget(self.json, 5)
        actions = QHBoxLayout()
        actions.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        actions.addStretch(1)
        actions.addWidget(self.put)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addLayout(file)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addLayout(found, 1)
        self.column.addLayout(actions)
        order = (
            *(self.path, self.show_button, self.choose, self.in_force),
            *(self.rows, self.json, self.put, self.back),
        )
        for first, then in pairwise(order):
            QWidget.setTabOrder(first, then)
