"""The rows of the queue: each opens its entry, by Enter, a click or a touch."""

from uuid import UUID

from PySide6.QtCore import QElapsedTimer, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.widgets.action_button import ARMED_AFTER_MS
from ohx_desktop.ui.widgets.fact_list import FactList


class EntryList(FactList):
    """Facts of entries; `chosen` carries the id of the entry.

    The queue moves by itself: the row a person is on stays current, and one that has just come
    under their finger is not chosen.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(texts.QUEUE_LIST)
        self._ids: tuple[UUID, ...] = ()
        self._moved = QElapsedTimer()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._choose)

    @property
    def is_armed(self) -> bool:
        """True when a choice counts."""
        return self._moved.isValid() and self._moved.hasExpired(ARMED_AFTER_MS)

    @property
    def current(self) -> UUID | None:
        """The id of the current row."""
        row = self.currentIndex().row()
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def show_entries(self, ids: tuple[UUID, ...], rows: tuple[FactRow, ...]) -> None:
        """Show other entries; the current one stays current where it still is there."""
        before, offset = self.current, self.verticalScrollBar().value()
        # Entries that come below move nothing.
        if ids[: len(self._ids)] != self._ids or not self._ids:
            self._moved.start()
        self._ids = ids
        self.show_rows(rows)
        if before in ids:
            self.go_to(ids.index(before))
            self.verticalScrollBar().setValue(offset)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            if not event.isAutoRepeat():
                self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and self.is_armed:
            self.chosen.emit(self._ids[index.row()])
