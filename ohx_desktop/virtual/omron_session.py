"""The device's half of Omron's memory protocol: frames, channels, one session.

    [length][type: 2][address: 2][n][n bytes][result][check]

`length` counts the whole frame; all bytes together XOR to 0.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import reduce
from operator import xor

from ohx_desktop.virtual.omron_memory import ClockRefused, EepromMemory, OutsideMemory
from ohx_desktop.virtual.omron_models import EepromProfile

PIECE = 16
"""Bytes of a frame that one channel of the classic stack carries."""

_SHORTEST = 8
_OK = 0x00
_ERR = 0xE5
"""Result of a refused command; the display shows "Err"."""


class Command(IntEnum):
    """Frame types of the host; the device answers with the top bit set."""

    START = 0x0000
    READ = 0x0100
    WRITE = 0x01C0
    END = 0x0F00
    ABORT = 0x0F0F


REPLY = 0x8000
REFUSED = 0x8F00


def encode_frame(
    frame_type: int,
    address: int = 0,
    data: bytes = b"",
    *,
    announced: int | None = None,
    result: int = _OK,
) -> bytes:
    """Encode a frame; `announced` is the count it tells where that is not the data's length."""
    body = bytes((_SHORTEST + len(data),)) + frame_type.to_bytes(2, "big")
    count = len(data) if announced is None else announced
    body += address.to_bytes(2, "big") + bytes((count,)) + data + bytes((result,))
    return body + bytes((reduce(xor, body),))


class FrameAssembler:
    """Puts the pieces of one command together, by the number of the channel they came on."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}

    def add(self, channel: int, piece: bytes) -> bytes | None:
        """Take a piece; returns the frame when it is complete, as long as its first byte says."""
        if channel == 0:
            self._pieces.clear()
        self._pieces[channel] = piece
        joined = b"".join(self._pieces.get(number, b"") for number in range(channel + 1))
        if 0 not in self._pieces or not joined or len(joined) < joined[0]:
            return None
        self._pieces.clear()
        return joined[: joined[0]]


class EepromSession:
    """One session with the memory, from start to end. `show` puts text on the display."""

    def __init__(
        self,
        profile: EepromProfile,
        memory: EepromMemory,
        *,
        show: Callable[[str | None], None],
        ignores_writes: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ignores_writes = ignores_writes
        self.is_open = False
        self.was_completed = False
        self._profile = profile
        self._memory = memory
        self._show = show

    def answer(self, frame: bytes) -> bytes | None:
        """Carry a command out; returns the reply, None where a cuff says nothing."""
        if len(frame) < _SHORTEST or reduce(xor, frame):
            return None
        frame_type = int.from_bytes(frame[1:3], "big")
        if frame_type == Command.START:
            return self._start()
        return self._answer_open(frame_type, frame) if self.is_open else None

    def _answer_open(self, frame_type: int, frame: bytes) -> bytes | None:
        address, count = int.from_bytes(frame[3:5], "big"), frame[5]
        match frame_type:
            case Command.READ:
                return self._read(address, count)
            case Command.WRITE:
                return self._write(address, frame[6 : 6 + count])
            case Command.END:
                self.is_open, self.was_completed = False, True
                return encode_frame(REPLY | Command.END)
            case Command.ABORT:
                self.is_open = False
                return None
        return self._refuse()

    def abandon(self) -> None:
        """End with the link; a session left open leaves its mark on the display."""
        if self.is_open:
            self.is_open = False
            self._show("Err")

    def _start(self) -> bytes:
        self.is_open = True
        self._show(None)
        if self._profile.is_modern:
            return encode_frame(REPLY | Command.START, announced=0x10)
        identity = bytes.fromhex(f"0094{self._profile.model_id or '0000'}")
        return encode_frame(REPLY | Command.START, data=identity.ljust(0x10, b"\x00"))

    def _read(self, address: int, count: int) -> bytes | None:
        if count > self._profile.largest_read:
            return None
        try:
            return encode_frame(REPLY | Command.READ, address, self._memory.read(address, count))
        except OutsideMemory:
            return self._refuse()

    def _write(self, address: int, data: bytes) -> bytes:
        try:
            if not self._ignores_writes():
                self._memory.write(address, data)
        except OutsideMemory:
            return self._refuse()
        except ClockRefused:
            self._show("Err")
            return self._refuse()
        return encode_frame(REPLY | Command.WRITE, address)

    def _refuse(self) -> bytes:
        return encode_frame(REFUSED, result=_ERR)
