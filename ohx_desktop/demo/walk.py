"""Walks the staff window by its own controls, says each step with its outcome, takes pictures.

Only keys and clicks go in, as from a person; what is checked comes from the screen's state and from
the EHR. The first thing that is not as it must be ends the walk with its reason.
"""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.demo.driver import Driver, StepFailed
from ohx_desktop.desk.states import Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.domain.errors import ExitCode
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.encoding import StatusFlag

if TYPE_CHECKING:
    from ohx_desktop.demo.rig import DemoRig
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.ui.staff.window import StaffWindow

_PATIENT_NUMBER = "943 476 5919"
_MEASURED = (128, 82, 71)


async def walk(window: "StaffWindow", desk: "TakeReading", rig: "DemoRig", pictures: Path) -> int:
    """Take one reading from the first key to the chart; return the exit code."""
    await asyncio.to_thread(pictures.mkdir, parents=True, exist_ok=True)
    try:
        await _Walker(Driver(window, desk, pictures), rig, pictures).walk()
    except StepFailed as failure:
        print(f"FAILED: {failure}", flush=True)  # noqa: T201 - what the demo is for
        return int(ExitCode.DATA)
    return int(ExitCode.DONE)


class _Walker:
    def __init__(self, driver: Driver, rig: "DemoRig", pictures: Path) -> None:
        self._driver = driver
        self._window = driver.window
        self._rig = rig
        self._pictures = pictures
        self._steps = 0

    async def walk(self) -> None:
        await self._find()
        await self._wait_for_the_cuff()
        filed = await self._confirm(await self._measure())
        await self._compare_with_the_chart(filed)
        await self._leave()

    async def _find(self) -> None:
        await self._driver.picture("1-find-patient")
        self._driver.search(_PATIENT_NUMBER)
        found = await self._driver.reach(FindPatient, lambda state: bool(state.results))
        await self._driver.picture("2-patient-found")
        self._say(f"patient found in the EHR: {len(found.results or ())} match")

    async def _wait_for_the_cuff(self) -> None:
        await self._driver.choose_first()
        await self._driver.reach(Waiting)
        await self._driver.picture("3-waiting-for-the-cuff")
        self._say("patient chosen; listening for the registered cuff")

    async def _measure(self) -> Reviewing:
        await self._rig.cuff.measure(*_MEASURED, status=StatusFlag.IRREGULAR_PULSE)
        heard = await self._driver.reach(Waiting, lambda state: state.device_name is not None)
        self._say(f"device found: {heard.device_name}")
        reviewing = await self._driver.reach(Reviewing)
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
            raise StepFailed("the values on the screen are not those the cuff measured")
        await self._driver.picture("4-review")
        systolic, diastolic, pulse = shown
        self._say(f"reading {systolic}/{diastolic} mmHg, pulse {pulse}/min")
        return reviewing

    async def _confirm(self, reviewing: Reviewing) -> Filed:
        await self._driver.push(self._window.reviewing.confirm)
        saved = await self._driver.reach(Filed)
        if saved.reading != reviewing.reading:
            raise StepFailed("another reading was filed than the one confirmed")
        self._say("confirmed: saved in the encrypted queue")
        filed = await self._driver.reach(Filed, lambda state: state.verified_at is not None)
        await self._driver.picture("5-in-the-chart")
        if filed.more:
            raise StepFailed("a record of the cuff's memory was offered as a new reading")
        self._say(f"sent and acknowledged: stored as {filed.entry.ehr_reference}")
        older = self._rig.older_records
        self._say(f"{older} older records of the cuff's memory were kept out")
        return filed

    async def _compare_with_the_chart(self, filed: Filed) -> None:
        kind, _, id_ = (filed.entry.ehr_reference or "").partition("/")
        version = self._rig.ehr.store.read(kind, id_)
        if version is None:
            raise StepFailed("the EHR does not hold what it acknowledged")
        stored = version.resource
        components = {
            component["code"]["coding"][0]["code"]: component.get("valueQuantity", {}).get("value")
            for component in stored["component"]
        }
        if (components.get("8480-6"), components.get("8462-4")) != tuple(
            Decimal(value) for value in _MEASURED[:2]
        ):
            raise StepFailed("the EHR holds other values than were confirmed")
        if stored["subject"]["reference"] != filed.patient.reference:
            raise StepFailed("the EHR holds the reading under another patient")
        self._say("read back from the EHR and equal, under the same patient")

    async def _leave(self) -> None:
        await self._driver.push(self._window.filed.next_patient)
        await self._driver.reach(FindPatient, lambda state: state.results is None)
        await self._driver.picture("6-next-patient")
        self._say(f"patient left: nothing stays on the screen; pictures in {self._pictures}/")

    def _say(self, outcome: str) -> None:
        self._steps += 1
        print(f"  {self._steps}. ✓ {outcome}", flush=True)  # noqa: T201 - what the demo is for
