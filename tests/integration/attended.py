"""A person's listening over the program's own radio, kept whole for a test to look at."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Self

from meeting import Meeting, until

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    RadioLost,
    ReadingReceived,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.reading import Reading

ADDRESSES = [f"00:5F:BF:12:34:{n:02X}" for n in range(1, 6)]


class Heard:
    """Listens until left, and keeps what happened."""

    def __init__(self, meeting: Meeting, *, waits_for_radio: bool = False) -> None:
        radio = BleakRadio(
            meeting.scanner_options.get("backend"), meeting.client_options.get("backend")
        )
        self.listener = Listener(radio)
        self._waits_for_radio = waits_for_radio
        self.events: list[CaptureEvent] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        await until(lambda: bool(self.events))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()
        await self.listener.close(1.0)

    async def _listen(self) -> None:
        def wanted(heard: Advertisement, _: object) -> bool:
            return heard.address in ADDRESSES

        began = system_now() - timedelta(seconds=30)
        listening = self.listener.listen(
            session_began=began, wanted=wanted, waits_for_radio=self._waits_for_radio
        )
        async with aclosing(listening) as events:
            async for event in events:
                self.events.append(event)

    @property
    def new(self) -> list[Reading]:
        received = [event.reading for event in self.events if isinstance(event, ReadingReceived)]
        return [reading for reading in received if not reading.stored]

    @property
    def lost(self) -> list[str]:
        return [event.error.reason.value for event in self.events if isinstance(event, RadioLost)]

    @property
    def failed(self) -> list[str | None]:
        """Addresses of the devices whose sessions failed."""
        return [event.address for event in self.events if isinstance(event, SessionFailed)]

    def listens(self) -> bool:
        """Tell whether devices are listened to, after all that happened to the radio."""
        told = [
            isinstance(event, StateChanged)
            for event in self.events
            if isinstance(event, RadioLost) or event == StateChanged(state=LinkState.LISTENING)
        ]
        return told[-1]

    def states(self, address: str) -> list[LinkState]:
        return [
            event.state
            for event in self.events
            if isinstance(event, StateChanged) and event.address == address
        ]

    def talking_at_once(self) -> int:
        """Return how many devices were in a session at most."""
        talking: set[str] = set()
        most = 0
        for event in self.events:
            if isinstance(event, StateChanged) and event.address is not None:
                if event.state is LinkState.ENDED:
                    talking.discard(event.address)
                else:
                    talking.add(event.address)
                most = max(most, len(talking))
        return most
