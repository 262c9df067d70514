"""Walks the staff window by its own controls, says each step with its outcome, takes pictures.

Only keys and clicks go in, as from a person; what is checked comes from the screen's state and from
the EHR. The first thing that is not as it must be ends the walk with its reason.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from ohx_desktop.desk.states import DeskState, Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.domain.errors import ExitCode
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.ui.shell import grab
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.virtual.encoding import StatusFlag

if TYPE_CHECKING:
    from ohx_desktop.demo.rig import DemoRig
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.ui.staff.window import StaffWindow

_StateT = TypeVar("_StateT", bound=DeskState)

_PATIENT_NUMBER = "943 476 5919"
_MEASURED = (128, 82, 71)
# Whatever takes longer in the demo has failed.
_STEP_DEADLINE_S = 20.0
# Two frames of the window, so that a picture shows the state that was reached.
_SETTLE_S = 0.12


class _WalkError(Exception):
    """What was not as it must be."""


async def walk(window: "StaffWindow", desk: "TakeReading", rig: "DemoRig", pictures: Path) -> int:
    """Take one reading from the first key to the chart; return the exit code."""
    walker = _Walker(window, desk, rig, pictures)
    try:
        await walker.walk()
    except _WalkError as failure:
        print(f"FAILED: {failure}", flush=True)  # noqa: T201 - what the demo is for
        return int(ExitCode.DATA)
    return int(ExitCode.DONE)


class _Walker:
    def __init__(
        self, window: "StaffWindow", desk: "TakeReading", rig: "DemoRig", pictures: Path
    ) -> None:
        self._window = window
        self._desk = desk
        self._rig = rig
        self._pictures = pictures
        self._steps = 0

    async def walk(self) -> None:
        await asyncio.to_thread(self._pictures.mkdir, parents=True, exist_ok=True)
        await self._find()
        await self._wait_for_the_cuff()
        filed = await self._confirm(await self._measure())
        await self._compare_with_the_chart(filed)
        await self._leave()

    async def _find(self) -> None:
        await self._picture("1-find-patient")
        self._type(self._window.find_patient.field, _PATIENT_NUMBER)
        self._press(self._window.find_patient.field, Qt.Key.Key_Return)
        found = await self._reach(FindPatient, lambda state: bool(state.results))
        await self._picture("2-patient-found")
        self._say(f"patient found in the EHR: {len(found.results or ())} match")

    async def _wait_for_the_cuff(self) -> None:
        self._press(self._window.find_patient.results, Qt.Key.Key_Return)
        await self._reach(Waiting)
        await self._picture("3-waiting-for-the-cuff")
        self._say("patient chosen; listening for the registered cuff")

    async def _measure(self) -> Reviewing:
        await self._rig.cuff.measure(*_MEASURED, status=StatusFlag.IRREGULAR_PULSE)
        heard = await self._reach(Waiting, lambda state: state.device_name is not None)
        self._say(f"device found: {heard.device_name}")
        reviewing = await self._reach(Reviewing)
        values = [
            reviewing.reading.quantity(kind)
            for kind in (
                QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
                QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
                QuantityKind.PULSE_RATE,
            )
        ]
        shown = tuple(int(quantity.value) for quantity in values if quantity)
        if shown != _MEASURED:
            raise _WalkError("the values on the screen are not those the cuff measured")
        await self._picture("4-review")
        systolic, diastolic, pulse = shown
        self._say(f"reading {systolic}/{diastolic} mmHg, pulse {pulse}/min")
        self._say("older records of the cuff's memory kept out")
        return reviewing

    async def _confirm(self, reviewing: Reviewing) -> Filed:
        await self._push(self._window.reviewing.confirm)
        saved = await self._reach(Filed)
        if saved.reading != reviewing.reading:
            raise _WalkError("another reading was filed than the one confirmed")
        self._say("confirmed: saved in the encrypted queue")
        filed = await self._reach(Filed, lambda state: state.verified_at is not None)
        await self._picture("5-in-the-chart")
        self._say(f"sent and acknowledged: stored as {filed.entry.ehr_reference}")
        return filed

    async def _compare_with_the_chart(self, filed: Filed) -> None:
        kind, _, id_ = (filed.entry.ehr_reference or "").partition("/")
        version = self._rig.ehr.store.read(kind, id_)
        if version is None:
            raise _WalkError("the EHR does not hold what it acknowledged")
        stored = version.resource
        components = {
            component["code"]["coding"][0]["code"]: component.get("valueQuantity", {}).get("value")
            for component in stored["component"]
        }
        if (components.get("8480-6"), components.get("8462-4")) != tuple(
            Decimal(value) for value in _MEASURED[:2]
        ):
            raise _WalkError("the EHR holds other values than were confirmed")
        if stored["subject"]["reference"] != filed.patient.reference:
            raise _WalkError("the EHR holds the reading under another patient")
        self._say("read back from the EHR and equal, under the same patient")

    async def _leave(self) -> None:
        await self._push(self._window.filed.next_patient)
        await self._reach(FindPatient, lambda state: state.results is None)
        await self._picture("6-next-patient")
        self._say(f"patient left: nothing stays on the screen; pictures in {self._pictures}/")

    # ── hands and eyes ───────────────────────────────────────────────────────────────────────

    def _type(self, widget: QWidget, text: str) -> None:
        for letter in text:
            self._post(widget, Qt.Key.Key_unknown, letter)

    async def _push(self, button: ActionButton) -> None:
        await self._until(lambda: button.isEnabled() and button.is_armed, button.text())
        self._press(button, Qt.Key.Key_Return)

    def _press(self, widget: QWidget, key: Qt.Key) -> None:
        self._post(widget, key, "\r" if key is Qt.Key.Key_Return else "")

    def _post(self, widget: QWidget, key: Qt.Key, text: str) -> None:
        # Posted, not sent: the loop delivers them as it does with a person's keys.
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
            QCoreApplication.postEvent(widget, event)

    async def _reach(
        self, kind: type[_StateT], condition: Callable[[_StateT], bool] = lambda _: True
    ) -> _StateT:
        def reached() -> bool:
            state = self._desk.state
            return isinstance(state, kind) and condition(state)

        await self._until(reached, kind.__name__)
        state = self._desk.state
        if not isinstance(state, kind):
            raise _WalkError(f"the screen left {kind.__name__} by itself")
        return state

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(_STEP_DEADLINE_S):
                while not condition():  # noqa: ASYNC110 - watches a screen, as eyes do
                    await asyncio.sleep(0.005)
        except TimeoutError:
            state = type(self._desk.state).__name__
            problem = getattr(self._desk.state, "problem", None) or getattr(
                self._desk.state, "error", None
            )
            raise _WalkError(f"{what} was not reached from {state} ({problem})") from None

    async def _picture(self, name: str) -> None:
        await asyncio.sleep(_SETTLE_S)
        QApplication.sendPostedEvents()
        path = self._pictures / f"{name}.png"
        try:
            grab(self._window, path)
        except OSError as error:
            raise _WalkError(f"the picture {name} cannot be saved ({error})") from error

    def _say(self, outcome: str) -> None:
        self._steps += 1
        print(f"  {self._steps}. ✓ {outcome}", flush=True)  # noqa: T201 - what the demo is for
