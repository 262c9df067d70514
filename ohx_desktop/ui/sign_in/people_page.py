"""Who are you: the people of the workstation, large enough for a gloved finger."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QStackedLayout, QWidget

from ohx_desktop.staff.people import StaffMember
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.staff import PeopleView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

_COLUMNS = 2
# Left of and right of the name in its tile.
_PADDING = 48


class PersonTile(ActionButton):
    """A name, shortened where it is too long; it is whole for readers and in the tool tip."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name = name
        self.setProperty("tile", "true")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten to the new width."""
        super().resizeEvent(event)
        room = self.width() - _PADDING
        self.setText(self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, room))


class PeoplePage(Page):
    """Shows a PeopleView; `chosen` carries the StaffMember."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading")
        self.heading.setText(texts.WHO_HEADING)
        self.help = label(ink="muted", wraps=True)
        self.tiles: list[PersonTile] = []
        self.empty = EmptyState()
        self.empty.show_lines(*texts.WHO_NOBODY)
        self._shown: tuple[StaffMember, ...] | None = None
        self._lay_out()

    def show_view(self, view: PeopleView) -> None:
        """Show other people; the first one takes the focus."""
        self.message.show_message(view.message)
        if view.help != self.help.text():
            announce(self.heading, f"{texts.WHO_HEADING} {view.help}")
        self.help.setText(view.help)
        if view.people != self._shown:
            self._shown = view.people
            self._show_tiles(view.people or ())
        self._room.setCurrentWidget(self.empty if view.people == () else self._list)
        self.take_focus()

    def take_focus(self) -> None:
        """Rest on the first name."""
        target = self.tiles[0] if self.tiles else self.heading
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nobody."""
        self.message.forget()
        self.help.setText("")
        self._shown = None
        self._show_tiles(())

    def _show_tiles(self, people: tuple[StaffMember, ...]) -> None:
        for tile in self.tiles:
            tile.hide()
            tile.setParent(None)
            tile.deleteLater()
        self.tiles = [self._tile(person) for person in people]
        for place, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, *divmod(place, _COLUMNS))
        for first, then in zip(self.tiles, self.tiles[1:], strict=False):
            QWidget.setTabOrder(first, then)

    def _tile(self, person: StaffMember) -> PersonTile:
        tile = PersonTile(person.name)
        tile.clicked.connect(lambda: self.chosen.emit(person))
        return tile

    def _lay_out(self) -> None:
        self._list = QWidget()
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE.between_targets)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        rows = QGridLayout(self._list)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(self._grid, 0, 0)
        rows.setRowStretch(1, 1)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self._list)
        self._room.addWidget(self.empty)
        card = Card()
        card.body.addWidget(self.message)
        card.body.addWidget(self.heading)
        card.body.addWidget(self.help)
        card.body.addWidget(room, 1)
        self.column.addWidget(card, 1)
