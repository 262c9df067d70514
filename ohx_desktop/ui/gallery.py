"""Render every state of the staff window in every theme and size: `python -m … OUT_DIR`.

For looking at, and for the screenshots of the manual. The patients are invented.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication

from ohx_desktop.desk.admin_states import AdminState
from ohx_desktop.desk.enrolling_states import EnrolState
from ohx_desktop.desk.queue_states import QueueState
from ohx_desktop.desk.staff_states import StaffState
from ohx_desktop.desk.states import FindPatient
from ohx_desktop.desk.unlock_states import AskingKeyPin
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ui import scenes
from ohx_desktop.ui.admin_scenes import ToMend
from ohx_desktop.ui.device_scenes import Asked
from ohx_desktop.ui.shell import create_application, dress, grab
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import Theme

SIZES = (QSize(1024, 768), QSize(1440, 900))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One rendering: which scene, theme and size."""

    scene: str
    theme: Theme
    size: QSize

    @property
    def file_name(self) -> str:
        """Return a name that sorts by size, theme and scene."""
        return f"{self.size.width()}x{self.size.height()}-{self.theme}-{self.scene}.png"


def pictures() -> Iterator[Picture]:
    """Yield all pictures."""
    for theme in Theme:
        for size in SIZES:
            for scene in scenes.SCENES:
                yield Picture(scene=scene, theme=theme, size=size)


def stage(scene: scenes.Scene, size: QSize) -> StaffWindow:
    """Return a shown window with a scene: a state, an error that ends the start, or the start.

    The devices page is reached from the search, as a person reaches it.
    """
    window = StaffWindow(now=scenes.now)
    window.resize(size)
    window.show_queue(scenes.QUEUE)
    window.show_staff(scenes.SIGNED_IN)
    window.show()
    if isinstance(scene, OhxError):
        window.show_fatal(scene)
    elif scene is None:
        window.show_starting()
    elif isinstance(scene, StaffState):
        window.show_staff(scene)
    elif isinstance(scene, AskingKeyPin):
        window.show_unlock(scene)
    elif isinstance(scene, EnrolState):
        window.show_state(FindPatient())
        window.show_devices(scene)
    elif isinstance(scene, AdminState):
        window.show_state(FindPatient())
        window.show_admin(scene)
    elif isinstance(scene, QueueState):
        window.show_state(FindPatient())
        window.show_queue_page(scene)
    elif isinstance(scene, ToMend):
        window.show_setup(scene.problems)
        window.show_state(FindPatient())
    elif isinstance(scene, Asked):
        window.show_state(scene.waiting)
        window.show_passkey(scene.question)
    else:
        window.show_state(scene)
    window.activateWindow()
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
    return window


def main() -> None:
    """Write all pictures into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--scene", action="append", help="only this scene; may be repeated")
    parser.add_argument("--theme", action="append", help="only this theme; may be repeated")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = create_application([])
    options.out_dir.mkdir(parents=True, exist_ok=True)
    dressed: Theme | None = None
    for picture in pictures():
        if options.scene and picture.scene not in options.scene:
            continue
        if options.theme and picture.theme not in options.theme:
            continue
        if picture.theme is not dressed:
            dress(app, picture.theme)
            dressed = picture.theme
        window = stage(scenes.SCENES[picture.scene], picture.size)
        grab(window, options.out_dir / picture.file_name)
        window.leave()
        window.deleteLater()


if __name__ == "__main__":
    main()
