"""Read one device once: listen until a session brought what was asked for, or the time is over.

The rule of `ohx-desktop read`: a failed session is not the end, as the device may come again; a
refused record is, because a person must know.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.domain.errors import DeviceNotFound, OhxError, PairingRefused


async def read_once(
    events: AsyncGenerator[CaptureEvent],
    *,
    include_stored: bool,
    deadline_s: float,
    on_event: Callable[[CaptureEvent], None],
) -> None:
    """Hand the events worth telling to `on_event` until a session with a reading has ended.

    Stored readings pass only with `include_stored`. Raises at the end: the refusal of a record,
    the failure of the last session if there was no reading, or DeviceNotFound.
    """
    readings, kept_out = 0, 0
    refusal: OhxError | None = None
    failure: OhxError | None = None
    try:
        async with asyncio.timeout(deadline_s), aclosing(events):
            async for event in events:
                match event:
                    case ReadingReceived(reading=reading) if reading.stored and not include_stored:
                        kept_out += 1
                        continue
                    case ReadingReceived():
                        readings += 1
                    case RecordRefused(error=error):
                        refusal = error
                    case SessionFailed(error=PairingRefused() as error):
                        raise error
                    case SessionFailed(error=error):
                        failure = error
                on_event(event)
                ended = isinstance(event, StateChanged) and event.state is LinkState.ENDED
                if ended and (readings or refusal):
                    break
    except TimeoutError:
        failure = failure or DeviceNotFound(
            f"no new measurement arrived within {deadline_s:g} s",
            meaning=f"{kept_out} older records of the device's memory were kept out"
            if kept_out
            else None,
        )
    if refusal is not None:
        raise refusal
    if failure is not None and not readings:
        raise failure
