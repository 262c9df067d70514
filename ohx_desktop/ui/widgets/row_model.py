"""Rows of a list, each a view-model that says itself in words."""

from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

Index = QModelIndex | QPersistentModelIndex
# The role under which a delegate finds the row itself.
ROW = Qt.ItemDataRole.UserRole


class Spoken(Protocol):
    """What a screen reader says of a row."""

    @property
    def spoken(self) -> str:
        """The row in words."""
        ...


RowT = TypeVar("RowT", bound=Spoken)


class RowModel(QAbstractListModel, Generic[RowT]):
    """The rows of one list, replaced as a whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[RowT, ...] = ()

    def show_rows(self, rows: tuple[RowT, ...]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row, or its words."""
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return row.spoken
        return None
