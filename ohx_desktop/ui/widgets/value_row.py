"""Values side by side at one size; where the width cannot hold them, one under the other."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from ohx_desktop.ui.models.parts import ValueView
from ohx_desktop.ui.theme.tokens import SPACE, TYPE
from ohx_desktop.ui.widgets.value_tile import ValueTile

_GAP = SPACE.margin * 2


class ValueRow(QWidget):
    """Shows any number of ValueViews, as large as fits, never below the least value size."""

    def __init__(self, largest_px: int = TYPE.value) -> None:
        super().__init__()
        self._largest_px = largest_px
        self.tiles: list[ValueTile] = []
        self._shown: tuple[ValueView, ...] = ()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_GAP)
        self._row.addStretch(1)

    def show_values(self, views: tuple[ValueView, ...]) -> None:
        """Show these values; the widgets of the former ones are gone at once."""
        if views == self._shown:
            return
        self._shown = views
        for tile in self.tiles:
            tile.hide()
            tile.setParent(None)
            tile.deleteLater()
        self.tiles = [ValueTile(view) for view in views]
        side = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeading
        for place, tile in enumerate(self.tiles):
            self._row.insertWidget(place, tile, 0, side)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the room of the widest value at its least size, alone in its line."""
        widths = (tile.figures.width_at(TYPE.value_least) for tile in self.tiles)
        return QSize(max(widths, default=0), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the values to another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        size_px = self._largest_px
        while size_px > TYPE.value_least and self._width_at(size_px) > self.width():
            size_px -= 1
        fits = self._width_at(size_px) <= self.width()
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.LeftToRight if fits else direction.TopToBottom)
        self._row.setSpacing(_GAP if fits else SPACE.margin)
        for tile in self.tiles:
            tile.figures.set_size(size_px)

    def _width_at(self, size_px: int) -> int:
        widths = [tile.figures.width_at(size_px) for tile in self.tiles]
        return sum(widths) + _GAP * max(len(widths) - 1, 0)
