"""The demo's patient: whenever the desk waits for the cuff, measures after a moment."""

import asyncio
from itertools import cycle
from typing import TYPE_CHECKING, Never

from ohx_desktop.desk.states import Waiting
from ohx_desktop.virtual.encoding import StatusFlag

if TYPE_CHECKING:
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.virtual.cuff import Cuff

# Time to read the waiting screen, as a person would.
_SITS_DOWN_S = 4.0
_LOOKS_UP_S = 0.25
_MEASUREMENTS = (
    (128, 82, 71, StatusFlag.NONE),
    (143, 91, 84, StatusFlag.IRREGULAR_PULSE),
    (112, 70, 63, StatusFlag.NONE),
    (135, 86, 77, StatusFlag.BODY_MOVEMENT),
)


async def sit_down_and_measure(desk: "TakeReading", cuff: "Cuff") -> Never:
    """Measure once for each wait, for as long as the demo runs."""
    measurements = cycle(_MEASUREMENTS)
    while True:
        await _until_waiting(desk, waiting=True)
        await asyncio.sleep(_SITS_DOWN_S)
        if isinstance(desk.state, Waiting):
            systolic, diastolic, pulse, status = next(measurements)
            await cuff.measure(systolic, diastolic, pulse, status=status)
        await _until_waiting(desk, waiting=False)


async def _until_waiting(desk: "TakeReading", *, waiting: bool) -> None:
    while isinstance(desk.state, Waiting) is not waiting:  # noqa: ASYNC110 - looks up
        await asyncio.sleep(_LOOKS_UP_S)
