"""Facts one below the other, each with its shape: as high as their words, scrolled by keyboard."""

from collections.abc import Iterator
from math import ceil

from PySide6.QtCore import (
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPainter, QPalette, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.theme.tokens import SPACE, TYPE
from ohx_desktop.ui.widgets.glyph import draw_tone
from ohx_desktop.ui.widgets.row_model import ROW, Index, RowModel

_SHAPE, _PAD, _GAP = 20, 10, 6
_INDENT = SPACE.gap + _SHAPE + SPACE.step + 4


class FactList(QListView):
    """Shows FactRows; `moved` tells the place of the current one."""

    moved = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("ownFocusMark", True)
        self._rows = RowModel[FactRow](self)
        self.setModel(self._rows)
        self.setItemDelegate(_FactDelegate(self))
        self.selectionModel().currentChanged.connect(self._tell)

    @property
    def shown(self) -> tuple[FactRow, ...]:
        """The facts in the list."""
        return self._rows.rows

    def show_rows(self, rows: tuple[FactRow, ...], *, follow: bool = False) -> None:
        """Show other facts, from the first one on; with `follow`, the last one is in view."""
        if rows == self.shown:
            return
        self._rows.show_rows(rows)
        if rows:
            self.setCurrentIndex(self._rows.index(len(rows) - 1 if follow else 0))

    def go_to(self, place: int) -> None:
        """Make the fact at this place the current one, in view."""
        self.setCurrentIndex(self._rows.index(place))

    def _tell(self, current: QModelIndex) -> None:
        if current.isValid():
            self.moved.emit(current.row())


class _FactDelegate(QStyledItemDelegate):
    """Draws the shape, the title, and the details below it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        if not isinstance(view, FactList):
            return QSize()
        width = view.viewport().width()
        *_, (last, place, _) = _texts(view, index.data(ROW), QRect(0, 0, width, 0))
        lowest = ceil(place.y() + last.boundingRect().height())
        return QSize(width, max(lowest + _PAD + _GAP, SPACE.target_least))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # option.widget is the list; its rectangle is already in option.
        view = option.widget
        if not isinstance(view, FactList):
            return
        row: FactRow = index.data(ROW)
        palette = QApplication.palette()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_ground(painter, option.rect, view, current=index == view.currentIndex())
        ink, ground = (
            palette.color(QPalette.ColorRole.Text),
            palette.color(QPalette.ColorRole.Base),
        )
        draw_tone(painter, row.tone, _shape_place(view, option.rect), ink, ground)
        for text, place, role in _texts(view, row, option.rect):
            painter.setPen(palette.color(role))
            text.draw(painter, place)
        painter.restore()


def _texts(
    view: QWidget, row: FactRow, room: QRect
) -> Iterator[tuple[QTextLayout, QPointF, QPalette.ColorRole]]:
    """Yield each text laid out in lines, its place and its ink."""
    start, end = _INDENT, SPACE.gap
    if view.isRightToLeft():
        start, end = end, start
    left, width, top = room.left() + start, room.width() - start - end, float(room.top() + _PAD)
    for place, text in enumerate((row.title, *row.details)):
        font = QFont(view.font())
        font.setPixelSize(TYPE.text)
        font.setWeight(QFont.Weight.DemiBold if place == 0 else QFont.Weight.Normal)
        layout = _lines(text, font, width)
        role = QPalette.ColorRole.Text if place == 0 else QPalette.ColorRole.PlaceholderText
        yield layout, QPointF(left, top), role
        top += layout.boundingRect().height() + 2


def _lines(text: str, font: QFont, width: int) -> QTextLayout:
    """Break a text into lines; a word longer than a line is broken, never cut."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    top = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, top))
        top += line.height()
    layout.endLayout()
    return layout


def _shape_place(view: QWidget, room: QRect) -> QRectF:
    left = room.right() - SPACE.gap - _SHAPE if view.isRightToLeft() else room.left() + SPACE.gap
    return QRectF(left, room.top() + _PAD + 2, _SHAPE, _SHAPE)


def _draw_ground(painter: QPainter, room: QRect, view: QWidget, *, current: bool) -> None:
    role, palette = QPalette.ColorRole, QApplication.palette()
    marked = current and view.hasFocus()
    pen = QPen(palette.color(role.Highlight if marked else role.Mid))
    pen.setWidth(SPACE.focus_ring if marked else 1)
    painter.setPen(pen)
    painter.setBrush(palette.color(role.AlternateBase if marked else role.Base))
    box = QRectF(room).adjusted(2, 2, -2, -_GAP + 1)
    painter.drawRoundedRect(box, SPACE.radius, SPACE.radius)
