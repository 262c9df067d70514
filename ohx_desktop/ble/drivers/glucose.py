"""Devices that follow the Glucose Service (0x1808): they keep records, and are asked for them.

The first time, a meter is asked for all; later for the last record known and what came after it.
The known record comes along to show that the numbering is still the one we knew: a meter that was
reset counts anew, and would be asked past its new records.

Source: Glucose Service 1.0.1; GL50evo Data Form v006.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import (
    GLUCOSE_MEASUREMENT,
    GLUCOSE_MEASUREMENT_CONTEXT,
    RECORD_ACCESS_CONTROL_POINT,
)
from ohx_desktop.ble.beurer.glucose_values import measured_of_beurer
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.codec.glucose_values import measured_of
from ohx_desktop.ble.codec.record_access import (
    ALL_RECORDS,
    RecordRequest,
    ResponseCode,
    records_from,
)
from ohx_desktop.ble.dialogue import Dialogue, Heard, Subscribe
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.glucose_records import GlucoseRecords, Taken
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.record_transfer import refusal_of, transfer
from ohx_desktop.ble.session import Conversation, identify, measure_clock_offset, settle
from ohx_desktop.ble.unasked import is_record
from ohx_desktop.domain.errors import DeviceError

# Marks a frame as the last one known, beside its being met at all.
_LAST_KNOWN = b"last known record: "
# Numbers have 16 bits: near their end, what comes after may begin at 0 again.
_NEAR_THE_END = 0xF000


async def read_glucose(link: Link, conversation: Conversation) -> None:
    """Take the records of the meter that are not known yet and tell the readings.

    A meter without records is no failure. Raises ConnectionLost, DeviceSilent, PairingRefused, and
    DeviceError for a meter that cannot give its records.
    """
    connected_s = asyncio.get_running_loop().time()
    if not {GLUCOSE_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT} <= link.characteristics:
        raise DeviceError(
            "the device offers no glucose records",
            hint="see docs/devices.md for the devices this program reads",
        )
    conversation = await identify(link, conversation)
    burst = Burst.of(conversation, await measure_clock_offset(link, conversation))
    await settle(connected_s, conversation.recognised.settle_s)
    visit = _Visit(conversation, burst)
    has_context = GLUCOSE_MEASUREMENT_CONTEXT in link.characteristics
    try:
        await drive(link, visit.whole(has_context=has_context), conversation)
    finally:
        burst.close()


class _Visit:
    """One connection to a meter."""

    def __init__(self, conversation: Conversation, burst: Burst) -> None:
        self._conversation = conversation
        self._burst = burst
        is_beurer = conversation.recognised.manufacturer == "Beurer"
        self._meaning_of = measured_of_beurer if is_beurer else measured_of
        self._taken: list[Record] = []

    def whole(self, *, has_context: bool) -> Dialogue[None]:
        """Subscribe everything, then ask for what is new, or for all where that is not certain."""
        yield Subscribe(GLUCOSE_MEASUREMENT)
        if has_context:
            yield Subscribe(GLUCOSE_MEASUREMENT_CONTEXT)
        yield Subscribe(RECORD_ACCESS_CONTROL_POINT)
        last = self._conversation.last_sequences.pop(self._conversation.address, None)
        is_whole = last is not None and (yield from self._since(last))
        if not is_whole:
            is_whole = yield from self._all()
        if is_whole:
            self._burst.release()
            self._remember()

    def _since(self, last: int) -> Dialogue[bool]:
        """Take the records from the last known one on; tell whether that one is still there."""
        if (yield from self._fetch(records_from(last))) is not ResponseCode.SUCCESS:
            return False
        known = next((record for record in self._taken if record.sequence == last), None)
        return known is not None and self._was_last_known(known)

    def _all(self) -> Dialogue[bool]:
        code = yield from self._fetch(ALL_RECORDS)
        refusal = refusal_of(code)
        if refusal is not None:
            raise refusal
        return code is ResponseCode.SUCCESS

    def _fetch(self, request: RecordRequest) -> Dialogue[ResponseCode]:
        self._taken = []
        records = GlucoseRecords(self._meaning_of)

        def take(heard: Heard, received_at: datetime) -> None:
            if is_record(heard.value):
                self._take(records.add(heard.characteristic, heard.value, received_at))

        code = yield from transfer(request, take)
        self._take(records.close())
        return code

    def _take(self, taken: Iterable[Taken]) -> None:
        for record, error in taken:
            self._taken.append(record)
            self._burst.hold(record, error)

    def _remember(self) -> None:
        """Note the highest number, unless a record could not be read or the numbers run out."""
        numbered = {record.sequence: record for record in self._taken}
        known = [number for number in numbered if number is not None]
        if not known or None in numbered or max(known) >= _NEAR_THE_END:
            return
        self._was_last_known(numbered[max(known)])
        self._conversation.last_sequences[self._conversation.address] = max(known)

    def _was_last_known(self, record: Record) -> bool:
        """Note a record as the last one known; tell whether it was that before."""
        return self._conversation.first_met(_LAST_KNOWN + record.frames[0]) is not None
