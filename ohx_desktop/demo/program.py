"""`--demo`: the window of the clinic on the demo's rig, worked by a person or walked off-screen."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.station import run_station

if TYPE_CHECKING:
    from ohx_desktop.app import Workstation
    from ohx_desktop.app.keys import AskKey
    from ohx_desktop.demo.rig import DemoRig
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.ui.staff.window import StaffWindow


def run_demo(pictures: Path | None) -> int:
    """Run the demo; with `pictures`, walk it and save a picture of each screen there."""
    demo = _Demo(pictures)
    return run_station(demo.open_services, companion=demo.accompany)


class _Demo:
    def __init__(self, pictures: Path | None) -> None:
        self._pictures = pictures
        self._rig: DemoRig | None = None

    @asynccontextmanager
    async def open_services(
        self, on_queue_change: Callable[[], None], _ask_key: "AskKey"
    ) -> AsyncGenerator["Workstation"]:
        from ohx_desktop.demo.rig import demo_rig

        async with demo_rig() as rig, rig.open_services(on_queue_change) as workstation:
            self._rig = rig
            yield workstation

    async def accompany(self, window: "StaffWindow", desk: "TakeReading") -> int:
        from ohx_desktop.demo.patient import sit_down_and_measure
        from ohx_desktop.demo.walk import walk

        if self._rig is None:
            raise RuntimeError("the demo begins with its services")
        if self._pictures is None:
            return await sit_down_and_measure(desk, self._rig.cuff)
        return await walk(window, desk, self._rig, self._pictures)
