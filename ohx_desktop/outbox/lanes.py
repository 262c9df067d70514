"""Several patients at once; within a patient one after the other, in the order of confirmation."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ohx_desktop.outbox.records import Claimed

Deliver = Callable[[Claimed], Awaitable[bool]]
"""Takes one reading to the EHR; tells whether the patient's next one may follow."""


class Lanes:
    """Holds what was claimed, and takes it through `deliver`, a task for each patient.

    `width` tells how many patients may be sent for at once. `is_open` is asked before each
    reading: while it is false nothing new is begun. `on_end` is called when a lane has ended.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        width: Callable[[], int],
        is_open: Callable[[], bool],
        on_end: Callable[[], None],
    ) -> None:
        self._deliver = deliver
        self._width = width
        self._is_open = is_open
        self._on_end = on_end
        self._runs: dict[str, deque[Claimed]] = {}
        self._left: list[Claimed] = []
        self._tasks: dict[asyncio.Task[None], str] = {}

    @property
    def patients(self) -> set[str]:
        """The patients of whom something is held: nothing else of theirs may be claimed."""
        left = {claimed.patient for claimed in self._left}
        return {*self._runs, *self._tasks.values(), *left}

    @property
    def waiting(self) -> int:
        """How many patients wait for a lane."""
        return len(self._runs)

    @property
    def is_idle(self) -> bool:
        """True while no reading is on its way."""
        return not self._tasks

    def add(self, claimed: Claimed, *, first: bool = False) -> None:
        """Take in a reading, behind the others of its patient; `first` is for who just pressed."""
        run = self._runs.setdefault(claimed.patient, deque())
        run.append(claimed)
        if first and len(self._runs) > 1:
            others = [(patient, each) for patient, each in self._runs.items() if each is not run]
            self._runs = {claimed.patient: run, **dict(others)}

    def start(self) -> None:
        """Begin what waits, as far as there is room; a lane that ends makes room by itself."""
        busy = set(self._tasks.values())
        for patient in list(self._runs):
            if len(self._tasks) >= self._width() or not self._is_open():
                return
            if patient not in busy:
                run = self._runs.pop(patient)
                task = asyncio.create_task(self._follow(run), name="lane")
                self._tasks[task] = patient
                task.add_done_callback(self._ended)

    def take_left(self, *, everything: bool = False) -> list[Claimed]:
        """Return what was not begun and shall go back to the queue; `everything` that waits."""
        left, self._left = self._left, []
        if everything:
            left += [claimed for run in self._runs.values() for claimed in run]
            self._runs.clear()
        return left

    async def ended(self) -> None:
        """Return once nothing is on its way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def break_off(self) -> None:
        """Cancel what is on its way, and wait for the end of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, run: deque[Claimed]) -> None:
        try:
            while run and self._is_open():
                if not await self._deliver(run.popleft()):
                    return
        finally:
            self._left += run

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            # `deliver` judges every failure; what is left is a bug of ours.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a lane met an unexpected error", "exception": error}
            )
        self.start()
        self._on_end()
