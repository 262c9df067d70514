"""The picture of a kind of device, in the theme's colours, with the pulse behind it."""

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy

from ohx_desktop.domain.device import DeviceKind
from ohx_desktop.resource_files import resources
from ohx_desktop.ui import texts
from ohx_desktop.ui.widgets.pulse import ListeningPulse

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer

# The colours of the drawing; they stand for the theme's.
_ROLES = {
    "#16212B": QPalette.ColorRole.WindowText,
    "#005EA5": QPalette.ColorRole.Highlight,
    "#E8F1F8": QPalette.ColorRole.AlternateBase,
    "#FFFFFF": QPalette.ColorRole.Base,
}


_DRAWINGS = {
    DeviceKind.CUFF: "upper-arm-cuff",
    DeviceKind.SCALE: "scale",
    DeviceKind.THERMOMETER: "thermometer",
    DeviceKind.OXIMETER: "oximeter",
    DeviceKind.GLUCOSE_METER: "glucose-meter",
    None: "device",
}


class DevicePicture(ListeningPulse):
    """A square picture; of no particular device until a kind is shown."""

    def __init__(self, size_px: int = 336) -> None:
        super().__init__(centre=QPointF(0.5, 0.5))
        self._size_px = size_px
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_kind(None)

    def show_kind(self, kind: DeviceKind | None) -> None:
        """Show a kind of device, None for any."""
        self._kind = kind
        self.setAccessibleName(texts.PICTURES[kind or ""])
        self.update()

    def sizeHint(self) -> QSize:
        """Return the square of the picture."""
        return QSize(self._size_px, self._size_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pulse, then the device over it."""
        super().paintEvent(event)
        palette = self.palette()
        colours = tuple((drawn, palette.color(role).name()) for drawn, role in _ROLES.items())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self.width() * 0.66
        corner = (self.width() - side) / 2
        _renderer(_DRAWINGS[self._kind], colours).render(
            painter, QRectF(corner, corner, side, side)
        )
        painter.end()


@lru_cache(maxsize=len(_DRAWINGS))
def _renderer(name: str, colours: tuple[tuple[str, str], ...]) -> "QSvgRenderer":
    # Not needed for the first frame.
    from PySide6.QtSvg import QSvgRenderer

    drawing = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    # In two steps, so that a colour put in is not taken for one of the drawing.
    for place, (drawn, _) in enumerate(colours):
        drawing = drawing.replace(drawn, f"{{{place}}}")
    for place, (_, colour) in enumerate(colours):
        drawing = drawing.replace(f"{{{place}}}", colour)
    return QSvgRenderer(drawing.encode())
