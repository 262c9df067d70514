"""Read one device once: listen until a session brought what was asked for, or the time is over.

The rule of `ohx-desktop read`: a failed session is not the end, as the device may come again; a
refused new record is, because a person must know. Where several devices answer, what another one
sends is waited for before the end, but no silent one.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    RadioLost,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.domain.errors import DeviceNotFound, OhxError, PairingRefused

# Who was called by the same measurement as the first device has begun to send by then.
OTHERS_S = 5.0


async def read_once(
    events: AsyncGenerator[CaptureEvent],
    *,
    include_stored: bool,
    deadline_s: float,
    on_event: Callable[[CaptureEvent], None],
) -> None:
    """Hand the events worth telling to `on_event` until a reading came and all sessions ended.

    Stored records pass only with `include_stored`. Raises at the end: the refusal of a record,
    the failure of the last session if there was no reading, or DeviceNotFound.
    """
    reading = _OneReading(include_stored=include_stored)
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + deadline_s
    others_end_s: float | None = None
    try:
        async with asyncio.timeout_at(ends_s) as limit, aclosing(events):
            async for event in events:
                if reading.is_asked_for(event):
                    on_event(event)
                if reading.is_over_with(event):
                    break
                if reading.is_had and others_end_s is None:
                    others_end_s = loop.time() + OTHERS_S
                if others_end_s is not None:
                    limit.reschedule(ends_s if reading.is_receiving else min(ends_s, others_end_s))
    except TimeoutError:
        reading.time_is_over(deadline_s)
    reading.raise_problem()


class _OneReading:
    """What has come of one attempt to read a device."""

    def __init__(self, *, include_stored: bool) -> None:
        self._include_stored = include_stored
        self._readings = self._kept_out = 0
        self._refusal: OhxError | None = None
        self._failure: OhxError | None = None
        self._ended = False
        self._talking: dict[str | None, LinkState] = {}

    @property
    def is_had(self) -> bool:
        """Tell whether a session that brought what was asked for has ended."""
        return self._ended and bool(self._readings or self._refusal)

    @property
    def is_receiving(self) -> bool:
        """Tell whether a device is sending."""
        return LinkState.RECEIVING in self._talking.values()

    def is_asked_for(self, event: CaptureEvent) -> bool:
        """Count an event; tell whether it is of interest."""
        match event:
            case ReadingReceived(reading=reading):
                wanted = self._include_stored or not reading.stored
                self._readings += wanted
                self._kept_out += not wanted
                return wanted
            case RecordRefused(error=error, stored=stored):
                wanted = self._include_stored or not stored
                self._refusal = error if wanted else self._refusal
                self._kept_out += not wanted
                return wanted
            case SessionFailed(error=error) | RadioLost(error=error):
                self._failure = error
            case StateChanged(state=LinkState.ENDED, address=address):
                self._ended = True
                self._talking.pop(address, None)
            case StateChanged(state=state, address=address):
                self._talking[address] = state
        return True

    def is_over_with(self, event: CaptureEvent) -> bool:
        """Tell whether this event ends the attempt. Raises PairingRefused."""
        others = set(self._talking) - {getattr(event, "address", None), None}
        if others:
            return False
        match event:
            case SessionFailed(error=PairingRefused() as error) if not self._readings:
                raise error
            case StateChanged(state=LinkState.ENDED):
                return bool(self._readings or self._refusal)
        return False

    def time_is_over(self, deadline_s: float) -> None:
        """Note that nothing more may come."""
        self._failure = self._failure or DeviceNotFound(
            f"no new measurement arrived within {deadline_s:g} s",
            meaning=f"{self._kept_out} older records of the device's memory were kept out"
            if self._kept_out
            else None,
            hint="start a measurement, or press the device's Bluetooth button once more"
            if self._kept_out
            else None,
        )

    def raise_problem(self) -> None:
        """Raise what a person must know."""
        if self._refusal is not None:
            raise self._refusal
        if self._failure is not None and not self._readings:
            raise self._failure
