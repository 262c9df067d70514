"""The people found, each with the whole identity, chosen by keyboard or by one click."""

from PySide6.QtCore import (
    QElapsedTimer,
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

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import BannerView
from ohx_desktop.ui.models.finding import ResultView
from ohx_desktop.ui.models.parts import Tone
from ohx_desktop.ui.theme.tokens import SPACE, TYPE
from ohx_desktop.ui.widgets.action_button import ARMED_AFTER_MS
from ohx_desktop.ui.widgets.glyph import draw_tone
from ohx_desktop.ui.widgets.row_model import ROW, Index, RowModel

_HEIGHT, _GAP = 80, 8


class ResultsList(QListView):
    """Rows of people; `chosen` carries the ResultView.

    New people are not chosen in the first moment they are there: a second Enter meant for the
    search must not choose somebody whom nobody has compared.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(texts.RESULTS)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("ownFocusMark", True)
        self._shown_since = QElapsedTimer()
        self._rows = RowModel[ResultView](self)
        self.setModel(self._rows)
        self.setItemDelegate(_ResultDelegate(self))
        self.clicked.connect(self._choose)

    @property
    def shown(self) -> tuple[ResultView, ...]:
        """The people in the list."""
        return self._rows.rows

    @property
    def is_armed(self) -> bool:
        """True when a choice counts."""
        return self._shown_since.isValid() and self._shown_since.hasExpired(ARMED_AFTER_MS)

    def show_results(self, results: tuple[ResultView, ...]) -> None:
        """Show other people, the first one current."""
        if results == self.shown:
            return
        self._rows.show_rows(results)
        self._shown_since.start()
        if results:
            self.setCurrentIndex(self._rows.index(0))

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
            self.chosen.emit(self.shown[index.row()])


class _ResultDelegate(QStyledItemDelegate):
    """Draws a row in two lines: who, then the rest of the identity."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, _HEIGHT + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # option.widget is the list; its rectangle is already in option.
        view = option.widget
        if not isinstance(view, ResultsList):
            return
        found: ResultView = index.data(ROW)
        banner: BannerView = found.banner
        row = QRect(option.rect).adjusted(2, 2, -2, -_GAP - 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, row, view, current=index == view.currentIndex())
        inner = row.adjusted(SPACE.gap + 4, 0, -SPACE.gap - 4, 0)
        half = inner.height() // 2
        upper = inner.adjusted(0, 8, 0, -half)
        self._facts(painter, inner.adjusted(0, half + 2, 0, -8), view, banner)
        if banner.deceased:
            upper = self._deceased(painter, upper, view)
        self._name(painter, upper, view, banner.name)
        painter.restore()

    def _ground(self, painter: QPainter, row: QRect, view: QWidget, *, current: bool) -> None:
        role, palette = QPalette.ColorRole, QApplication.palette()
        marked = current and view.hasFocus()
        colour = role.Highlight if current else role.Mid
        painter.setPen(QPen(palette.color(colour), SPACE.focus_ring if marked else 1))
        painter.setBrush(palette.color(role.AlternateBase if current else role.Base))
        painter.drawRoundedRect(QRectF(row), SPACE.radius, SPACE.radius)

    def _name(self, painter: QPainter, room: QRect, view: QWidget, name: str) -> None:
        """Draw the name large; smaller where it is long; shortened only where even that fails."""
        font = QFont(view.font())
        font.setWeight(QFont.Weight.DemiBold)
        font.setPixelSize(TYPE.title)
        if QFontMetrics(font).horizontalAdvance(name) > room.width():
            font.setPixelSize(TYPE.text)
        painter.setPen(QApplication.palette().color(QPalette.ColorRole.Text))
        self._text(painter, room, font, name, mirrored=view.isRightToLeft())

    def _facts(self, painter: QPainter, room: QRect, view: QWidget, banner: BannerView) -> None:
        font = QFont(view.font())
        font.setPixelSize(TYPE.text)
        painter.setPen(QApplication.palette().color(QPalette.ColorRole.PlaceholderText))
        number = f"{banner.identifier_label} {banner.identifier}"
        mirrored = view.isRightToLeft()
        width = room.width() // 3
        for place, fact in enumerate((f"{texts.BORN} {banner.born}", banner.gender, number)):
            start = room.right() - (place + 1) * width if mirrored else room.left() + place * width
            box = QRect(start, room.top(), width, room.height())
            self._text(painter, box, font, fact, mirrored=mirrored)

    def _text(
        self, painter: QPainter, room: QRect, font: QFont, text: str, *, mirrored: bool
    ) -> None:
        side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        fitted = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, fitted)

    def _deceased(self, painter: QPainter, room: QRect, view: QWidget) -> QRect:
        """Draw the word with its shape at the end of the row; return the room that is left."""
        font = QFont(view.font())
        font.setPixelSize(TYPE.text)
        width = QFontMetrics(font).horizontalAdvance(texts.DECEASED)
        taken = width + 28 + SPACE.margin
        palette = QApplication.palette()
        start = room.left() if view.isRightToLeft() else room.right() - width - 28
        ink = palette.color(QPalette.ColorRole.Text)
        shape = QRectF(start, room.center().y() - 10, 20, 20)
        draw_tone(painter, Tone.ATTENTION, shape, ink, palette.color(QPalette.ColorRole.Base))
        painter.setPen(ink)
        painter.setFont(font)
        place = QRect(start + 28, room.top(), width + 2, room.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, texts.DECEASED)
        mirrored = view.isRightToLeft()
        return room.adjusted(taken if mirrored else 0, 0, 0 if mirrored else -taken, 0)
