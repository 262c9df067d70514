"""Records are on the disk before anybody is told of them, and before the session ends.

A device that sends each record once forgets it as soon as the system has confirmed it, which is
before this program sees it. What can be done is to make that moment short: each record is kept as
it comes, before it is judged, shown or confirmed, and several that come together in one step.

Source: Bluetooth SIG health services and the makers' documents, told in docs/devices.md.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.events import CaptureEvent, KeepingFailed, ReadingReceived
from ohx_desktop.ble.recognised import GLUCOSE, OMRON_EEPROM, OMRON_EXTENSION, Recognised
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import DecodingError, NotKept, OhxError
from ohx_desktop.domain.reading import Reading

# A store that is busy for longer is broken; the person must not wait for it to see the reading.
KEEP_S = 10.0

_READ_NOT_SENT = frozenset(
    {
        OMRON_EEPROM,
        OMRON_EXTENSION,
        GLUCOSE,
        Family.FFE0_SCALE.value,
        Family.OXIMETER.value,
    }
)
# Seen to send their whole memory at every connection. Of all others nobody has shown it.
_SENDS_AGAIN = re.compile(r"BM ?(54|77)", re.IGNORECASE)


def forgets(recognised: Recognised) -> bool:
    """Tell whether the device may forget what it sends. Where nobody knows it, it may."""
    if recognised.driver in _READ_NOT_SENT:
        return False
    return _SENDS_AGAIN.fullmatch(recognised.model or "") is None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRecord:
    """A record to be kept. `reading` is None where its bytes were refused, for `refusal`.

    A reading may be kept before it is judged, and once more when it is: its id stays the same.
    """

    device: DeviceIdentity
    frames: tuple[bytes, ...] = field(repr=False)
    reading: Reading | None = field(repr=False)
    refusal: DecodingError | None = None
    is_stored: bool = False


class Keeper(Protocol):
    """Keeps records for one listening, in a place that survives the program."""

    async def keep(self, records: Sequence[HeardRecord]) -> frozenset[UUID]:
        """Return once all are durable: the ids of readings met before this listening.

        Raises StoreError; then none was kept.
        """
        ...


class KeepingLine:
    """Passes events on in their order, each after its record is kept.

    Without a record, and when nothing waits, an event is told at once.
    """

    def __init__(self, keeper: Keeper, tell: Callable[[CaptureEvent], None]) -> None:
        self._keeper = keeper
        self._tell = tell
        self._waiting: list[tuple[CaptureEvent | None, HeardRecord | None]] = []
        self._work: asyncio.Task[None] | None = None

    def put(self, event: CaptureEvent | None, record: HeardRecord | None = None) -> None:
        """Take an event, a record, or both, to be kept and told soon."""
        if record is None and self._work is None:
            if event is not None:
                self._tell(event)
            return
        self._waiting.append((event, record))
        if self._work is None:
            self._work = asyncio.create_task(self._run(), name="keeping")

    async def finish(self) -> None:
        """Return when all that was put is kept and told, however often this is cancelled."""
        while self._work is not None:
            await asyncio.wait({self._work})

    async def _run(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting, []
                await self._pass_on(together)
        finally:
            self._work = None

    async def _pass_on(
        self, together: Sequence[tuple[CaptureEvent | None, HeardRecord | None]]
    ) -> None:
        records = [record for _, record in together if record is not None]
        met_before, failure = await self._keep(records) if records else (frozenset(), None)
        if failure is not None:
            self._tell(KeepingFailed(error=failure))
        for event, record in together:
            if isinstance(event, ReadingReceived) and record is not None:
                self._tell(_kept(event, met_before, failure))
            elif event is not None:
                self._tell(event)

    async def _keep(self, records: Sequence[HeardRecord]) -> tuple[frozenset[UUID], NotKept | None]:
        try:
            async with asyncio.timeout(KEEP_S):
                return await self._keeper.keep(records), None
        except TimeoutError:
            return frozenset(), NotKept("a reading could not be saved in time")
        except OhxError as error:
            return frozenset(), NotKept(
                f"a reading could not be saved: {error.what}", hint=f"{NotKept.hint}; {error.hint}"
            )
        except Exception as error:  # noqa: BLE001 - a bug must not take the reading with it; it is reported
            asyncio.get_running_loop().call_exception_handler(
                {"message": "keeping met an unexpected error", "exception": error}
            )
            return frozenset(), NotKept("a reading could not be saved: a fault of this program")


def _kept(
    event: ReadingReceived, met_before: frozenset[UUID], failure: NotKept | None
) -> ReadingReceived:
    """Return the event as it may be told: what an earlier listening met is never new."""
    reading = event.reading
    if reading.id in met_before and not reading.stored:
        reading = replace(reading, stored=True)
    return replace(event, reading=reading, not_kept=failure)
