"""Fetching records of the extension by their numbers: what was fetched stays in the device.

In plain standard mode a device hands out each record once; this way it can be asked again. Only
what is used is subscribed: HBF-222T refuses requests when standard measurements are on, too.

Source: freesonwill/BleSampleOmron (order of requests); magcode/omviva; wildcommitter/omron-rs.
"""

from dataclasses import dataclass

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT
from ohx_desktop.ble.codec.record_access import (
    OpCode,
    Operator,
    RecordCount,
    RecordRequest,
    RecordResponse,
    ResponseCode,
    encode_record_request,
)
from ohx_desktop.ble.dialogue import Dialogue, Expect, Heard, Pause, Subscribe, Write
from ohx_desktop.ble.omron.control_points import (
    LATEST_SEQUENCE_REQUEST,
    LatestSequence,
    decode_omron_record_answer,
)
from ohx_desktop.domain.errors import DecodingError, DeviceError, DeviceSilent

_Answer = LatestSequence | RecordCount | RecordResponse

# Some stacks report a subscription before it is in force.
_AFTER_SUBSCRIBING_S = 1.5
_ANSWER_S = 5.0
# A ring holds 100 records, each of two packets; a device that sends more than this is broken.
_MOST_VALUES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRecords:
    """The notifications in their order, and the number to ask from next time.

    `next_sequence` is None where the device has no record or does not tell.
    """

    values: tuple[bytes, ...]
    next_sequence: int | None


def fetch_records(characteristic: str, *, from_sequence: int | None) -> Dialogue[ExtensionRecords]:
    """Fetch the records from a sequence number on, None for all.

    `characteristic` is the extension's measurement. Raises DeviceSilent, DeviceError.
    """
    fetch = _Fetch(characteristic)
    for uuid in (RECORD_ACCESS_CONTROL_POINT, characteristic):
        yield Subscribe(uuid)
        yield Pause(_AFTER_SUBSCRIBING_S)
    counted = yield from fetch.ask(_request(OpCode.REPORT_NUMBER, from_sequence))
    if isinstance(counted, RecordCount) and counted.count:
        _require_success((yield from fetch.ask(_request(OpCode.REPORT_RECORDS, from_sequence))))
    elif not isinstance(counted, RecordCount):
        _require_success(counted)
    latest = yield from fetch.ask(LATEST_SEQUENCE_REQUEST)
    known = latest.sequence if isinstance(latest, LatestSequence) else None
    return ExtensionRecords(
        values=tuple(fetch.values), next_sequence=None if known is None else known + 1 & 0xFFFF
    )


class _Fetch:
    """Asks, and keeps what arrives meanwhile: some devices send records unasked, too."""

    def __init__(self, characteristic: str) -> None:
        self._characteristic = characteristic
        self.values: list[bytes] = []

    def ask(self, request: bytes) -> Dialogue[_Answer]:
        yield Write(RECORD_ACCESS_CONTROL_POINT, request)
        while len(self.values) < _MOST_VALUES:
            heard = yield Expect(_ANSWER_S)
            if not isinstance(heard, Heard):
                raise DeviceSilent("the device stopped while it sent its records")
            if heard.characteristic == self._characteristic:
                self.values.append(heard.value)
            elif heard.characteristic == RECORD_ACCESS_CONTROL_POINT:
                return _answer(heard.value)
        raise DeviceError("the device does not stop sending records")


def _answer(value: bytes) -> _Answer:
    try:
        return decode_omron_record_answer(value)
    except DecodingError as error:
        raise DeviceError("the device answered in a form this program lacks") from error


def _request(op_code: OpCode, from_sequence: int | None) -> bytes:
    if from_sequence is None:
        return encode_record_request(RecordRequest(op_code=op_code, operator=Operator.ALL))
    return encode_record_request(
        RecordRequest(
            op_code=op_code, operator=Operator.GREATER_OR_EQUAL, sequences=(from_sequence,)
        )
    )


def _require_success(answer: _Answer) -> None:
    if isinstance(answer, RecordResponse) and answer.code in {
        ResponseCode.SUCCESS,
        ResponseCode.NO_RECORDS,
    }:
        return
    raise DeviceError("the device refused to send its records")
