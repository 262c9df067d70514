"""Record Access Control Point (0x2A52): asking a device for the records in its memory.

Glucose meters and oximeters send no stored record unasked. The end of a transfer is the answer
with a response code. There is no request to delete here: this program never deletes records.

Source: Glucose Service 1.0.1 and Pulse Oximeter Service 1.0, Record Access Control Point.
"""

from dataclasses import dataclass
from enum import IntEnum

from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.domain.errors import Unsupported

_NAME = "Record Access Control Point"
_NUMBER_RESPONSE = 0x05
_RESPONSE = 0x06


class OpCode(IntEnum):
    """What is asked."""

    REPORT_RECORDS = 0x01
    ABORT = 0x03
    REPORT_NUMBER = 0x04


class Operator(IntEnum):
    """Of which records. `NULL` goes with ABORT alone."""

    NULL = 0
    ALL = 1
    LESS_OR_EQUAL = 2
    GREATER_OR_EQUAL = 3
    WITHIN_RANGE = 4
    FIRST = 5
    LAST = 6


class ResponseCode(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    ABORT_UNSUCCESSFUL = 7
    NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9


# The one filter used here; the other, by time, depends on a clock that may be wrong.
_BY_SEQUENCE = 0x01
_OPERANDS = {Operator.LESS_OR_EQUAL: 1, Operator.GREATER_OR_EQUAL: 1, Operator.WITHIN_RANGE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """A request. `sequences` are the bounds by sequence number that the operator takes.

    Raises ValueError for bounds that do not go with the operator.
    """

    op_code: OpCode
    operator: Operator
    sequences: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if (self.op_code is OpCode.ABORT) != (self.operator is Operator.NULL):
            raise ValueError("the null operator goes with abort, and with nothing else")
        if len(self.sequences) != _OPERANDS.get(self.operator, 0):
            raise ValueError("an operator has its own number of bounds")
        if any(not 0 <= sequence <= 0xFFFF for sequence in self.sequences):  # noqa: PLR2004 - 16 bit
            raise ValueError("a sequence number has 16 bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCount:
    """The answer to REPORT_NUMBER."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResponse:
    """How a request ended. `op_code` is the number on the wire, for a device may echo anything."""

    op_code: int
    code: ResponseCode


ALL_RECORDS = RecordRequest(op_code=OpCode.REPORT_RECORDS, operator=Operator.ALL)
LAST_RECORD = RecordRequest(op_code=OpCode.REPORT_RECORDS, operator=Operator.LAST)
ABORT = RecordRequest(op_code=OpCode.ABORT, operator=Operator.NULL)


def records_from(sequence: int) -> RecordRequest:
    """Return the request for a record and all that have a higher number."""
    return RecordRequest(
        op_code=OpCode.REPORT_RECORDS,
        operator=Operator.GREATER_OR_EQUAL,
        sequences=(sequence,),
    )


def encode_record_request(request: RecordRequest) -> bytes:
    """Return the bytes to write."""
    frame = bytes([request.op_code, request.operator])
    if request.sequences:
        frame += bytes([_BY_SEQUENCE])
    return frame + b"".join(sequence.to_bytes(2, "little") for sequence in request.sequences)


def decode_record_request(frame: bytes) -> RecordRequest:
    """Decode a request, as a device does. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader(_NAME, frame)
    op_code, operator = reader.u8(), reader.u8()
    try:
        known, which = OpCode(op_code), Operator(operator)
    except ValueError:
        raise Unsupported(f"{_NAME}: a request of an unknown kind") from None
    bounds = _OPERANDS.get(which, 0)
    if bounds and reader.u8() != _BY_SEQUENCE:
        raise Unsupported(f"{_NAME}: a filter other than by sequence number")
    sequences = tuple(reader.u16() for _ in range(bounds))
    reader.finish()
    try:
        return RecordRequest(op_code=known, operator=which, sequences=sequences)
    except ValueError:
        raise Unsupported(f"{_NAME}: an operator that does not go with its request") from None


def encode_record_answer(answer: RecordCount | RecordResponse) -> bytes:
    """Return the bytes that a device indicates."""
    if isinstance(answer, RecordCount):
        return bytes([_NUMBER_RESPONSE, Operator.NULL]) + answer.count.to_bytes(2, "little")
    return bytes([_RESPONSE, Operator.NULL, answer.op_code, answer.code])


def decode_record_answer(frame: bytes) -> RecordCount | RecordResponse:
    """Decode what a device indicates. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader(_NAME, frame)
    op_code, operator = reader.u8(), reader.u8()
    if op_code not in {_NUMBER_RESPONSE, _RESPONSE} or operator != Operator.NULL:
        raise Unsupported(f"{_NAME}: an answer of an unknown kind")
    if op_code == _NUMBER_RESPONSE:
        count = RecordCount(count=reader.u16())
        reader.finish()
        return count
    request, code = reader.u8(), reader.u8()
    reader.finish()
    try:
        return RecordResponse(op_code=request, code=ResponseCode(code))
    except ValueError:
        raise Unsupported(f"{_NAME}: an answer with an unknown code") from None
