"""A visit to the oximeter PO60, as steps: what time has it, how many records, then all of them.

Records come ten at a time. Ten in which something is wrong are asked for once more, and then the
good ones are taken and the others refused. The link drops when nothing is said for a second, so
each request follows at once.

Source: PO60 transmission protocol rev01.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ohx_desktop.ble.beurer.po60 import (
    ANSWER,
    COMMAND,
    FIRST_RECORDS,
    GET_STORAGE,
    GET_TIME,
    NEXT_RECORDS,
    SAME_RECORDS,
    Messages,
)
from ohx_desktop.ble.beurer.po60_messages import (
    ShownTime,
    Storage,
    StoredOximetry,
    decode_answer,
)
from ohx_desktop.ble.dialogue import Dialogue, Write, hear, host_time
from ohx_desktop.domain.errors import DecodingError, DeviceSilent, Truncated

# The maker's document gives the oximeter so long for an answer.
ANSWER_S = 2.0
_RECORDS_AT_ONCE = 10
_REPEATS = 2

Item = tuple[bytes, StoredOximetry | DecodingError]
"""A record with its bytes, or the reason why it is none."""

A = TypeVar("A", ShownTime, Storage)


@dataclass(slots=True)
class Visit:
    """One connection. Every method is a dialogue; the answers are subscribed before.

    Raises DeviceSilent where an answer stays out, and a DecodingError for one that cannot be read.
    """

    _messages: Messages = field(default_factory=Messages)
    _ready: deque[bytes | DecodingError] = field(default_factory=deque)

    def clock(self) -> Dialogue[tuple[datetime | None, datetime, datetime]]:
        """Return what the clock shows, and the moments (aware) before and after it was asked."""
        before = yield from host_time()
        shown = yield from self._ask(GET_TIME, ShownTime)
        return shown.moment, before, (yield from host_time())

    def records(self) -> Dialogue[list[Item]]:
        """Return every record. An empty store is not asked, as it would not answer."""
        storage = yield from self._ask(GET_STORAGE, Storage)
        if storage.total == 0:
            return []
        items: list[Item] = []
        request = FIRST_RECORDS
        while True:
            batch, is_last = yield from self._batch(request)
            items += batch
            if is_last:
                return items
            request = NEXT_RECORDS

    def _ask(self, request: bytes, kind: type[A]) -> Dialogue[A]:
        yield Write(COMMAND, request, with_response=False)
        while (message := (yield from self._next())) is not None:
            if isinstance(message, DecodingError):
                raise message
            answer = decode_answer(message)
            if isinstance(answer, kind):
                return answer
        raise DeviceSilent(
            "the oximeter does not answer",
            hint="press the button of the oximeter until it shows the Bluetooth sign",
        )

    def _batch(self, request: bytes) -> Dialogue[tuple[list[Item], bool]]:
        """Return up to ten records, and whether the last of the store is among them."""
        for attempt in range(_REPEATS + 1):
            items = yield from self._receive(request if attempt == 0 else SAME_RECORDS)
            records = [item for _, item in items if isinstance(item, StoredOximetry)]
            is_ended = _ends(records)
            is_sound = [record.place for record in records] == list(range(len(items)))
            if is_ended and (is_sound or attempt == _REPEATS):
                if records[-1].place >= len(items):
                    raise Truncated("PO60: a record of the store did not arrive")
                return items, records[-1].is_last
        raise DeviceSilent("the oximeter fell silent in the middle of its records")

    def _receive(self, request: bytes) -> Dialogue[list[Item]]:
        """Take records until the tenth, the last of the store, or silence."""
        yield Write(COMMAND, request, with_response=False)
        items: list[Item] = []
        while (message := (yield from self._next())) is not None:
            items.append(_item(message))
            if isinstance(items[-1][1], StoredOximetry) and _ends([items[-1][1]]):
                break
        return items

    def _next(self) -> Dialogue[bytes | DecodingError | None]:
        while not self._ready:
            heard = yield from hear(ANSWER_S)
            if heard is None:
                return next(self._messages.close(), None)
            if heard.characteristic == ANSWER:
                self._ready.extend(self._messages.add(heard.value))
        return self._ready.popleft()


def _ends(records: list[StoredOximetry]) -> bool:
    return bool(records) and (records[-1].is_last or records[-1].place == _RECORDS_AT_ONCE - 1)


def _item(message: bytes | DecodingError) -> Item:
    if isinstance(message, DecodingError):
        return b"", message
    try:
        answer = decode_answer(message)
    except DecodingError as error:
        return message, error
    if isinstance(answer, StoredOximetry):
        return message, answer
    return message, DecodingError("PO60: an answer to another request came among the records")
