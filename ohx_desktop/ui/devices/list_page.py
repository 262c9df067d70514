"""A page with a list of devices: the registered ones, or those in range."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.devices.device_rows import DeviceRows
from ohx_desktop.ui.models.devices import DeviceListView, DeviceRow, forget_question
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class ListPage(Page):
    """Heading, message, status, list; subclasses fill `action_row`."""

    def __init__(self, heading: str, help_text: str, list_name: str) -> None:
        super().__init__()
        self.heading = label(size="heading")
        self.heading.setText(heading)
        self.help = label(ink="muted", wraps=True)
        self.help.setText(help_text)
        self.message = MessageBar()
        self.status = label(ink="muted")
        self.rows = DeviceRows(list_name)
        self.empty = EmptyState()
        self.action_row = QHBoxLayout()
        self.action_row.setSpacing(SPACE.between_targets)
        self._lay_out()

    def show_view(self, view: DeviceListView) -> None:
        """Show other devices."""
        self.message.show_message(view.message)
        if view.status and view.status != self.status.text():
            announce(self.status, view.status)
        self.status.setText(view.status)
        self.status.setVisible(bool(view.status))
        if len(view.rows) > len(self.rows.shown):
            announce(self.rows, view.rows[-1].spoken)
        self.rows.show_rows(view.rows)
        self.empty.show_lines(*view.empty)
        self._room.setCurrentWidget(self.rows if view.rows else self.empty)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.message.forget()
        self.status.setText("")
        self.rows.show_rows(())

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(self.heading)
        titles.addWidget(self.help)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self.empty)
        self._room.addWidget(self.rows)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addWidget(room, 1)
        self.column.addLayout(self.action_row)


class RegisteredPage(ListPage):
    """The registered devices: add one, forget one, done."""

    add_requested = Signal()
    forget_requested = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__(texts.DEVICES_HEADING, texts.DEVICES_HELP, texts.DEVICES_TABLE)
        self._asked_about: DeviceRow | None = None
        self.done = ActionButton(texts.DONE)
        self.done.clicked.connect(self.left)
        self.forget_button = ActionButton(texts.FORGET)
        self.forget_button.clicked.connect(self._ask)
        self.add = ActionButton(texts.ADD_DEVICE, primary=True)
        self.add.clicked.connect(self.add_requested)
        self.message.accepted.connect(self._forget_asked)
        self.message.declined.connect(self.keep_device)
        row = self.action_row
        row.addWidget(self.done, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        row.addWidget(self.forget_button, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.add)
        for first, then in ((self.rows, self.forget_button), (self.forget_button, self.add)):
            QWidget.setTabOrder(first, then)
        QWidget.setTabOrder(self.add, self.done)

    @property
    def is_asking(self) -> bool:
        """True while the question before forgetting stands."""
        return self.message.is_asking

    def show_view(self, view: DeviceListView) -> None:
        """Show the registered devices."""
        self._asked_about = None
        super().show_view(view)
        self.forget_button.setVisible(bool(view.rows))
        for button in (self.forget_button, self.add):
            button.setEnabled(not view.is_busy)

    def take_focus(self) -> None:
        """Rest on the one likely action."""
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep_device(self) -> None:
        """Leave the question without forgetting anything."""
        self._asked_about = None
        self.message.forget()
        self.rows.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask(self) -> None:
        self._asked_about = self.rows.current
        if self._asked_about is not None:
            self.message.ask(forget_question(self._asked_about.title))

    def _forget_asked(self) -> None:
        row, self._asked_about = self._asked_about, None
        self.message.forget()
        self.take_focus()
        if row is not None:
            self.forget_requested.emit(row.address)


class SearchPage(ListPage):
    """The devices in range: choose one, search again, go back."""

    device_chosen = Signal(object)
    search_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__(texts.SEARCH_HEADING, texts.SEARCH_HELP, texts.SEARCH_FOUND)
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.again = ActionButton(texts.SEARCH_AGAIN, primary=True)
        self.again.hide()
        self.again.clicked.connect(self.search_requested)
        self.rows.chosen.connect(lambda row: self.device_chosen.emit(row.device))
        self.action_row.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        self.action_row.addStretch(1)
        self.action_row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        QWidget.setTabOrder(self.rows, self.again)
        QWidget.setTabOrder(self.again, self.back)

    def show_view(self, view: DeviceListView) -> None:
        """Show the devices in range; the first one takes the focus."""
        was_empty = not self.rows.shown
        super().show_view(view)
        self.again.set_rank(primary=not view.rows)
        has_ended = not view.is_busy and self.again.isHidden()
        self.again.setVisible(not view.is_busy)
        if (view.rows and was_empty) or has_ended:
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the list, or on searching again; while there is neither, on the heading."""
        target: QWidget = self.heading if self.again.isHidden() else self.again
        if self.rows.shown:
            target = self.rows
        target.setFocus(Qt.FocusReason.OtherFocusReason)
