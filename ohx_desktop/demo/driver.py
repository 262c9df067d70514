"""Hands and eyes for the staff window: works it by its own controls, as a person does.

Only keys go in; what is waited for comes from the desk's state or from the screen. Whatever is not
as it must be raises StepFailed, with the reason.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from ohx_desktop.desk.states import DeskState
from ohx_desktop.ui.shell import grab
from ohx_desktop.ui.widgets.action_button import ActionButton

if TYPE_CHECKING:
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.ui.staff.window import StaffWindow

_StateT = TypeVar("_StateT", bound=DeskState)

# Whatever takes longer on virtual devices has failed.
STEP_DEADLINE_S = 20.0
# Two frames of the window, so that a picture shows the state that was reached.
_SETTLE_S = 0.12
_LOOK_S = 0.005


class StepFailed(Exception):  # noqa: N818 - reads as what happened
    """What was not as it must be."""


class Driver:
    """Drives one window; `desk` tells which state it is to show."""

    def __init__(self, window: "StaffWindow", desk: "TakeReading", pictures: Path) -> None:
        self.window = window
        self.desk = desk
        self.pictures = pictures

    # ── hands ────────────────────────────────────────────────────────────────────────────────

    def write(self, widget: QWidget, text: str) -> None:
        """Type a text into a widget."""
        for letter in text:
            self._post(widget, Qt.Key.Key_unknown, letter)

    def press(self, widget: QWidget, key: Qt.Key) -> None:
        """Press one key in a widget."""
        self._post(widget, key, "\r" if key is Qt.Key.Key_Return else "")

    async def push(self, button: ActionButton) -> None:
        """Push a button once it is there and may be pushed."""
        await self.until(
            lambda: button.isVisible() and button.isEnabled() and button.is_armed, button.text()
        )
        self.press(button, Qt.Key.Key_Return)

    def search(self, text: str) -> None:
        """Type into the search field and press Enter."""
        field = self.window.find_patient.field
        field.clear()
        self.write(field, text)
        self.press(field, Qt.Key.Key_Return)

    async def choose_first(self) -> None:
        """Choose the first patient of the list once it is drawn."""
        results = self.window.find_patient.results
        await self.until(lambda: bool(results.shown) and results.is_armed, "the list of patients")
        self.press(results, Qt.Key.Key_Return)

    # ── eyes ─────────────────────────────────────────────────────────────────────────────────

    async def reach(
        self, kind: type[_StateT], condition: Callable[[_StateT], bool] = lambda _: True
    ) -> _StateT:
        """Return the state of this kind once it fulfils the condition."""

        def reached() -> bool:
            state = self.desk.state
            return isinstance(state, kind) and condition(state)

        await self.until(reached, kind.__name__)
        state = self.desk.state
        if not isinstance(state, kind):
            raise StepFailed(f"the screen left {kind.__name__} by itself")
        return state

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for the condition; `what` names it where it does not come."""
        try:
            async with asyncio.timeout(STEP_DEADLINE_S):
                while not condition():  # noqa: ASYNC110 - watches a screen, as eyes do
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            state = type(self.desk.state).__name__
            problem = getattr(self.desk.state, "problem", None) or getattr(
                self.desk.state, "error", None
            )
            raise StepFailed(f"{what} was not reached from {state} ({problem})") from None

    async def picture(self, name: str) -> None:
        """Save what the window shows as `name`.png."""
        await asyncio.sleep(_SETTLE_S)
        QApplication.sendPostedEvents()
        try:
            grab(self.window, self.pictures / f"{name}.png")
        except OSError as error:
            raise StepFailed(f"the picture {name} cannot be saved ({error})") from error

    @staticmethod
    def _post(widget: QWidget, key: Qt.Key, text: str) -> None:
        # Posted, not sent: the loop delivers them as it does with a person's keys.
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
            QCoreApplication.postEvent(widget, event)
