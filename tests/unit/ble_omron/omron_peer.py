"""A device that answers the EEPROM protocol as captures show, and a runner that talks to it.

The device is written from the frames alone and shares no code with the program.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import xor
from typing import Any, TypeVar

from ohx_desktop.ble.dialogue import (
    Answer,
    Dialogue,
    Expect,
    Heard,
    HostTime,
    Pair,
    Pause,
    Subscribe,
    Unsubscribe,
    Write,
)
from ohx_desktop.ble.omron.uuids import RX, TX, UNLOCK
from ohx_desktop.domain.errors import OhxError

T = TypeVar("T")
NOW = datetime(2026, 11, 24, 12, 0).astimezone()
KEY = bytes(range(16))
TOKEN = b"\x01\x02\x03\x04"


def sealed(body: bytes) -> bytes:
    return body + bytes([reduce(xor, body)])


def reply(type_: str, address: int, count: int, data: bytes = b"", result: int = 0) -> bytes:
    head = bytes([8 + len(data)]) + bytes.fromhex(type_) + address.to_bytes(2, "big")
    return sealed(head + bytes([count]) + data + bytes([result]))


@dataclass
class Peer:
    """A device opened by key or bond.

    `quirk` may replace the replies to a command, `unlock_replies` those to a step of unlocking.
    """

    classic: bool = True
    key: bytes | None = KEY
    programming: bool = False
    bonded: bool = True
    takes_bond: bool = True
    wants_token: bool = False
    fragment: int | None = None
    memory: dict[int, int] = field(default_factory=dict)
    largest_read: int = 0x38
    closed: range = range(0)
    quirk: Callable[[bytes], list[bytes] | None] = lambda _: None
    unlock_replies: dict[int, list[bytes]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    waited_s: float = 0.0

    def __post_init__(self) -> None:
        self.subscribed: set[str] = set()
        self.queue: deque[Heard] = deque()
        self.in_session = False
        self._command = b""

    def fill(self, address: int, data: bytes) -> None:
        self.memory.update({address + at: byte for at, byte in enumerate(data)})

    def at(self, address: int, count: int) -> bytes:
        return bytes(self.memory.get(address + at, 0xFF) for at in range(count))

    # ── the steps of a dialogue ──────────────────────────────────────────────────────────────

    def take(self, step: Any) -> Answer:
        match step:
            case Subscribe(characteristic):
                self.subscribed.add(characteristic)
            case Unsubscribe(characteristic):
                self.subscribed.discard(characteristic)
            case Pair():
                self.log.append("pair")
                self.bonded = self.takes_bond
            case Pause(seconds):
                self.waited_s += seconds
            case HostTime():
                return NOW + timedelta(seconds=self.waited_s)
            case Expect(timeout_s):
                if self.queue:
                    return self.queue.popleft()
                self.waited_s += timeout_s
            case Write(characteristic, value):
                self._written(characteristic, value)
        return None

    def _written(self, characteristic: str, value: bytes) -> None:
        if characteristic == UNLOCK:
            self.log.append(f"unlock {value[0]:02x}")
            for answer in self.unlock_replies.get(value[0], self._unlock(value)):
                self._say(UNLOCK, answer)
            return
        assert (TX.index(characteristic) > 0) is bool(self._command)
        self._command += value
        if len(self._command) < self._command[0]:
            return
        command, self._command = self._command, b""
        self.log.append(command[1:3].hex())
        replies = self.quirk(command)
        for frame in self._answers(command) if replies is None else replies:
            self._send(frame)

    def _unlock(self, value: bytes) -> Iterator[bytes]:
        match value[0]:
            case 0x02:
                if not self.bonded:
                    yield b"\x82\x0f"
                elif self.programming:
                    yield b"\x82\x00"
                else:
                    yield b"\x82\x01"
            case 0x00:
                self.key = value[1:]
                yield b"\x80\x00"
            case 0x01:
                yield b"\x81\x00" if value[1:] == self.key else b"\x81\x04"
            case 0x11 if self.wants_token:
                yield b"\x91\x00" + value[1:5] + bytes(14)

    def _answers(self, command: bytes) -> Iterator[bytes]:
        assert reduce(xor, command) == 0
        type_ = command[1:3].hex()
        address, count = int.from_bytes(command[3:5], "big"), command[5]
        if type_ == "0000":
            self.in_session = True
            data = bytes.fromhex("00940244").ljust(16, b"\0") if self.classic else b""
            yield reply("8000", 0, 16, data)
        elif type_ == "0f00":
            self.in_session = False
            yield reply("8f00", 0, 0)
        elif not self.in_session:
            return
        elif type_ == "0100":
            if address in self.closed:
                yield reply("8100", address, 0, result=1)
            elif count <= self.largest_read:
                yield reply("8100", address, count, self.at(address, count))
        elif type_ == "01c0":
            self.fill(address, command[6 : 6 + count])
            yield reply("81c0", address, count)

    def _send(self, frame: bytes) -> None:
        if not self.classic:
            self._say(RX[0], frame)
            return
        for channel, at in enumerate(range(0, len(frame), 16)):
            self._say(RX[channel], frame[at : at + 16])

    def _say(self, characteristic: str, value: bytes) -> None:
        if characteristic not in self.subscribed:
            return
        size = self.fragment if self.fragment and characteristic in RX else len(value) or 1
        for at in range(0, len(value) or 1, size):
            self.queue.append(Heard(characteristic, value[at : at + size]))


def run(dialogue: Dialogue[T], peer: Peer, *, stop_after: int | None = None) -> T:
    """Run a dialogue to its end; with `stop_after`, throw an error into it after so many steps."""
    answer: Answer = None
    steps = 0
    try:
        step = next(dialogue)
        while True:
            answer = peer.take(step)
            steps += 1
            if steps == stop_after:
                step = dialogue.throw(StoppedError("stopped"))
            else:
                step = dialogue.send(answer)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # a generator's result


class StoppedError(OhxError):
    """What a runner throws into a dialogue to leave early."""
