"""Devices in rows of two lines, chosen by keyboard or by one click.

The list changes while a person looks at it: the current row stays on its device, wherever that
moves, so that Enter never meets another one.
"""

from PySide6.QtCore import (
    QModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ohx_desktop.ui.models.devices import DeviceRow
from ohx_desktop.ui.models.parts import ChipView
from ohx_desktop.ui.theme.tokens import SPACE, TYPE
from ohx_desktop.ui.widgets.glyph import draw_tone
from ohx_desktop.ui.widgets.row_model import ROW, Index, RowModel

_HEIGHT, _GAP, _SHAPE = 80, 8, 20


class DeviceRows(QListView):
    """Rows of devices; `chosen` carries the DeviceRow, of a usable device only."""

    chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("ownFocusMark", True)
        self._rows = RowModel[DeviceRow](self)
        self.setModel(self._rows)
        self.setItemDelegate(_RowDelegate(self))
        self.clicked.connect(self._choose)

    @property
    def shown(self) -> tuple[DeviceRow, ...]:
        """The devices in the list."""
        return self._rows.rows

    @property
    def current(self) -> DeviceRow | None:
        """The device that the keyboard is on."""
        index = self.currentIndex()
        return self.shown[index.row()] if index.isValid() else None

    def show_rows(self, rows: tuple[DeviceRow, ...]) -> None:
        """Show other devices; the current one stays current while it is there."""
        if rows == self.shown:
            return
        before = self.current.address if self.current is not None else None
        self._rows.show_rows(rows)
        places = [place for place, row in enumerate(rows) if row.address == before]
        if rows:
            self.setCurrentIndex(self._rows.index(places[0] if places else 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            if not event.isAutoRepeat():
                self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and self.shown[index.row()].is_usable:
            self.chosen.emit(self.shown[index.row()])


class _RowDelegate(QStyledItemDelegate):
    """Draws what a device is and how near; below it what is known of it, and its mark."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, _HEIGHT + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # option.widget is the list; its rectangle is already in option.
        view = option.widget
        if not isinstance(view, DeviceRows):
            return
        row: DeviceRow = index.data(ROW)
        ground = QRect(option.rect).adjusted(2, 2, -2, -_GAP - 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_ground(painter, ground, view, row, current=index == view.currentIndex())
        inner = ground.adjusted(SPACE.gap + 4, 0, -SPACE.gap - 4, 0)
        half = inner.height() // 2
        upper, lower = inner.adjusted(0, 8, 0, -half), inner.adjusted(0, half + 2, 0, -8)
        usual, quiet = QPalette.ColorRole.Text, QPalette.ColorRole.PlaceholderText
        upper = _draw_at_end(painter, upper, view, row.aside)
        painter.setFont(_font(view, TYPE.title, strong=True))
        _draw_text(painter, upper, view, row.title, role=usual if row.is_usable else quiet)
        if row.mark is not None:
            lower = _draw_mark(painter, lower, view, row.mark)
        painter.setFont(_font(view, TYPE.text))
        _draw_text(painter, lower, view, row.facts, role=quiet)
        painter.restore()


def _font(view: QWidget, size_px: int, *, strong: bool = False) -> QFont:
    font = QFont(view.font())
    font.setPixelSize(size_px)
    if strong:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def _draw_ground(
    painter: QPainter, box: QRect, view: QWidget, row: DeviceRow, *, current: bool
) -> None:
    role, palette = QPalette.ColorRole, QApplication.palette()
    marked = current and view.hasFocus()
    pen = QPen(palette.color(role.Highlight if current else role.Mid))
    pen.setWidth(SPACE.focus_ring if marked else 1)
    if not row.is_usable:
        # As a button that cannot be pressed.
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(palette.color(role.AlternateBase if current else role.Base))
    painter.drawRoundedRect(QRectF(box), SPACE.radius, SPACE.radius)


def _draw_text(
    painter: QPainter, room: QRect, view: QWidget, text: str, *, role: QPalette.ColorRole
) -> None:
    """Draw a line of text with the painter's font."""
    font = painter.font()
    side = Qt.AlignmentFlag.AlignRight if view.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
    painter.setPen(QApplication.palette().color(role))
    fitted = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, fitted)


def _draw_at_end(painter: QPainter, room: QRect, view: QWidget, text: str) -> QRect:
    """Draw a text at the end of the row; return the room that is left before it."""
    font = _font(view, TYPE.text)
    end, rest = _split(room, view, QFontMetrics(font).horizontalAdvance(text) + 2)
    painter.setFont(font)
    _draw_text(painter, end, view, text, role=QPalette.ColorRole.PlaceholderText)
    return rest


def _draw_mark(painter: QPainter, room: QRect, view: QWidget, mark: ChipView) -> QRect:
    """Draw shape and words at the end of the row; return the room that is left before them."""
    font = _font(view, TYPE.text)
    words = QFontMetrics(font).horizontalAdvance(mark.text) + 2
    end, rest = _split(room, view, words + _SHAPE + SPACE.step)
    palette = QApplication.palette()
    ink = palette.color(QPalette.ColorRole.Text)
    mirrored = view.isRightToLeft()
    left = end.right() - _SHAPE if mirrored else end.left()
    shape = QRectF(left, end.center().y() - _SHAPE / 2, _SHAPE, _SHAPE)
    draw_tone(painter, mark.tone, shape, ink, palette.color(QPalette.ColorRole.Base))
    taken = _SHAPE + SPACE.step
    place = end.adjusted(0 if mirrored else taken, 0, -taken if mirrored else 0, 0)
    painter.setFont(font)
    _draw_text(painter, place, view, mark.text, role=QPalette.ColorRole.Text)
    return rest


def _split(room: QRect, view: QWidget, width: int) -> tuple[QRect, QRect]:
    """Return the end of the room in reading direction, this wide, and what is left."""
    gap = SPACE.margin
    if view.isRightToLeft():
        end = QRect(room.left(), room.top(), width, room.height())
        return end, room.adjusted(width + gap, 0, 0, 0)
    end = QRect(room.right() - width + 1, room.top(), width, room.height())
    return end, room.adjusted(0, 0, -width - gap, 0)
