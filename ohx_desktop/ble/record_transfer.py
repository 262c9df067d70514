"""Asking for the records in a device's memory, as steps: a request, the records, how it ended.

Glucose meters and oximeters send no stored record unasked. The device tells the end of a transfer;
one that is broken off on our side is aborted, so that the device is free for the next request.

Source: Glucose Service 1.0.1 and Pulse Oximeter Service 1.0, Record Access Control Point.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT
from ohx_desktop.ble.codec.record_access import (
    ABORT,
    RecordRequest,
    RecordResponse,
    ResponseCode,
    decode_record_answer,
    encode_record_request,
)
from ohx_desktop.ble.dialogue import Dialogue, Heard, Write, hear, host_time
from ohx_desktop.domain.errors import ConnectionLost, DeviceError, DeviceSilent, OhxError

# Devices send some ten records a second; this much silence in a transfer is a fault.
PATIENCE_S = 5.0
# An aborted transfer may still have records on their way; less than a runner gives for a goodbye.
ABORT_S = 2.0
# Old firmware of one meter hears only the second request.
_ATTEMPTS = 2

TakeValue = Callable[[Heard, datetime], None]
"""Takes a value of a record and the aware moment it came."""

_NOT_UNDERSTOOD = "the device does not understand which of its records are asked for"
_REFUSALS: Mapping[ResponseCode, str] = {
    ResponseCode.OP_CODE_NOT_SUPPORTED: "the device cannot be asked for its records",
    ResponseCode.INVALID_OPERATOR: _NOT_UNDERSTOOD,
    ResponseCode.OPERATOR_NOT_SUPPORTED: _NOT_UNDERSTOOD,
    ResponseCode.INVALID_OPERAND: _NOT_UNDERSTOOD,
    ResponseCode.OPERAND_NOT_SUPPORTED: _NOT_UNDERSTOOD,
    ResponseCode.ABORT_UNSUCCESSFUL: "the device could not stop sending its records",
    ResponseCode.NOT_COMPLETED: "the device could not send all of its records",
}


def refusal_of(code: ResponseCode) -> DeviceError | None:
    """Return what a response code means where it is a failure; no records are none."""
    words = _REFUSALS.get(code)
    return None if words is None else DeviceError(words)


def transfer(request: RecordRequest, take: TakeValue) -> Dialogue[ResponseCode]:
    """Ask for records, hand on what comes of them, and return how the device says it ended.

    The characteristics of the records and the control point are subscribed before. Raises
    DeviceSilent, and a DecodingError for an answer of no known form.
    """
    try:
        for _ in range(_ATTEMPTS):
            code = yield from _ask(request, take)
            if code is not None:
                return code
            yield from _abort()  # else the device may call the next request one too many
        raise DeviceSilent("the device does not answer the request for its records")
    except ConnectionLost:
        raise
    except OhxError:
        yield from _abort()
        raise


def _ask(request: RecordRequest, take: TakeValue) -> Dialogue[ResponseCode | None]:
    """Ask once; return None where nothing came of it."""
    yield Write(RECORD_ACCESS_CONTROL_POINT, encode_record_request(request))
    is_answering = False
    while (heard := (yield from hear(PATIENCE_S))) is not None:
        is_answering = True
        if heard.characteristic != RECORD_ACCESS_CONTROL_POINT:
            take(heard, (yield from host_time()))
            continue
        answer = decode_record_answer(heard.value)
        if isinstance(answer, RecordResponse) and answer.op_code == request.op_code:
            return answer.code
    if is_answering:
        raise DeviceSilent("the device fell silent in the middle of its records")
    return None


def _abort() -> Dialogue[None]:
    """Have the device stop sending; whatever it answers, nothing more can be done."""
    with suppress(DeviceError):
        yield Write(RECORD_ACCESS_CONTROL_POINT, encode_record_request(ABORT))
        while (heard := (yield from hear(ABORT_S))) is not None:
            if heard.characteristic == RECORD_ACCESS_CONTROL_POINT:
                return
