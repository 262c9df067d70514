"""Whether the person asked for less motion.

Qt knows no such preference yet (6.11). Windows tells it by SPI_GETCLIENTAREAANIMATION; elsewhere
the program's own setting decides.
"""

import sys

from PySide6.QtWidgets import QApplication

_PROPERTY = "reducedMotion"


def reduce_motion(*, reduced: bool) -> None:
    """Decide for the whole application."""
    app = QApplication.instance()
    if app is not None:
        app.setProperty(_PROPERTY, reduced)


def is_motion_reduced() -> bool:
    """Return what was decided; nothing decided means that things may move."""
    app = QApplication.instance()
    return bool(app is not None and app.property(_PROPERTY))


def does_system_reduce_motion() -> bool:
    """Return the system's preference where it tells one, else False."""
    if sys.platform == "win32":
        import ctypes

        animated = ctypes.c_int(1)
        # 0x1042 is SPI_GETCLIENTAREAANIMATION of winuser.h; a failed call leaves the 1.
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(animated), 0)
        return not animated.value
    return False
