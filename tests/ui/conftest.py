"""Screens are drawn off-screen, dressed in a theme, and thrown away after each test."""

import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.ui.gallery import stage
from ohx_desktop.ui.scenes import Scene
from ohx_desktop.ui.shell import create_application, dress
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import Theme


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """Make the application as the program makes it."""
    app = create_application([])
    dress(app, Theme.LIGHT)
    return app


@pytest.fixture
def staged(qtbot: QtBot) -> Iterator[Stage]:
    """Make a shown window with a scene in it."""
    made: list[StaffWindow] = []

    def stage_one(scene: Scene, size: QSize | None = None) -> StaffWindow:
        window = stage(scene, size or QSize(1024, 768))
        made.append(window)
        with qtbot.waitActive(window):
            window.activateWindow()
        return window

    yield stage_one
    for window in made:
        window.leave()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
