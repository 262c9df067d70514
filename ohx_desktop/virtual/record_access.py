"""The Record Access Control Point of a virtual device: it reports records and counts them.

Written from the Glucose Service. It never deletes: a host that asks for that is told so.
"""

import struct
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Protocol

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, uuid16
from ohx_desktop.virtual.scale import CCCD_IMPROPERLY_CONFIGURED, PROCEDURE_IN_PROGRESS

_REPORT, _ABORT, _NUMBER = 0x01, 0x03, 0x04
_OF_ALL, _UP_TO, _FROM, _RANGE, _FIRST, _LAST = range(1, 7)
_NUMBER_ANSWER, _ANSWER = 0x05, 0x06
_BY_SEQUENCE = 0x01


class Answer(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9


class Numbered(Protocol):
    """A record with its number."""

    @property
    def sequence(self) -> int:
        """Its number."""
        ...


class _RefusedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.name)
        self.answer = answer


class RecordAccess:
    """Answers a host. `records` are all of them, oldest first; `send` says one.

    With `answer_with` every request ends in this way and nothing is sent. `aborted` counts how
    often a host broke a transfer off.
    """

    def __init__(
        self,
        *,
        appliance: Callable[[], Appliance],
        records: Callable[[], Sequence[Numbered]],
        send: Callable[[Numbered], None],
        is_protected: bool,
        is_deaf: Callable[[], bool] = lambda: False,
    ) -> None:
        self.point = Characteristic(
            uuid=uuid16(0x2A52),
            properties=frozenset({Property.WRITE, Property.INDICATE}),
            is_protected=is_protected,
            on_write=self._requested,
        )
        self.answer_with: Answer | None = None
        self.aborted = 0
        self._appliance = appliance
        self._records = records
        self._send = send
        self._is_deaf = is_deaf
        self._is_busy = False

    def begin_link(self) -> None:
        """Forget what an earlier link asked for."""
        self._is_busy = False

    def _requested(self, request: bytes) -> None:
        connection = self._appliance().connection
        if connection is None or not connection.is_subscribed(self.point):
            raise AttError(CCCD_IMPROPERLY_CONFIGURED)
        if self._is_deaf():
            return
        op_code = request[0] if request else 0
        if op_code == _ABORT:
            self.aborted += 1
            self._is_busy = False
            self._appliance().forget()
            self._answer(op_code, Answer.SUCCESS)
            return
        if self._is_busy:
            raise AttError(PROCEDURE_IN_PROGRESS)
        self._is_busy = True
        try:
            self._serve(op_code, request)
        except _RefusedError as refused:
            self._answer(op_code, refused.answer)

    def _serve(self, op_code: int, request: bytes) -> None:
        if self.answer_with is not None:
            raise _RefusedError(self.answer_with)
        if op_code not in {_REPORT, _NUMBER}:
            raise _RefusedError(Answer.OP_CODE_NOT_SUPPORTED)
        chosen = self._chosen(request[1:])
        if op_code == _NUMBER:
            self._say(struct.pack("<BBH", _NUMBER_ANSWER, 0, len(chosen)))
            return
        if not chosen:
            raise _RefusedError(Answer.NO_RECORDS)
        connection = self._appliance().connection
        loses_link = connection is not None and connection.faults.lose_link_mid_transfer
        for index, record in enumerate(chosen):
            if loses_link and index == len(chosen) // 2:
                self._appliance().hang_up()
                return
            self._send(record)
        self._answer(op_code, Answer.SUCCESS)

    def _chosen(self, choice: bytes) -> list[Numbered]:
        records = list(self._records())
        operator, operand = (choice[0], choice[1:]) if choice else (0, b"")
        match operator:
            case 1 if not operand:
                return records
            case 5 if not operand:
                return records[:1]
            case 6 if not operand:
                return records[-1:]
            case 2 | 3 | 4:
                low, high = _bounds(operator, operand)
                return [record for record in records if low <= record.sequence <= high]
            case 1 | 5 | 6:
                raise _RefusedError(Answer.INVALID_OPERAND)
        raise _RefusedError(Answer.INVALID_OPERATOR)

    def _answer(self, op_code: int, answer: Answer) -> None:
        self._say(bytes((_ANSWER, 0, op_code, answer)))

    def _say(self, value: bytes) -> None:
        self._appliance().say(self.point, value, when_said=self.begin_link)


def _bounds(operator: int, operand: bytes) -> tuple[int, int]:
    if operand[:1] != bytes((_BY_SEQUENCE,)):
        raise _RefusedError(Answer.OPERAND_NOT_SUPPORTED)
    if len(operand) != (5 if operator == _RANGE else 3):
        raise _RefusedError(Answer.INVALID_OPERAND)
    numbers = struct.unpack(f"<{len(operand) // 2}H", operand[1:])
    if operator == _UP_TO:
        return 0, numbers[0]
    return numbers[0], numbers[-1] if operator == _RANGE else 0xFFFF
