"""Frames of the EEPROM protocol: commands, replies, and the channels that carry them.

A frame is length, type, address, count, data, result, and a byte that makes the XOR of all zero.
Classic devices get and send it in pieces of 16 bytes, one a channel; modern ones in one piece.

Source: userx14/omblepy, eigger/hass-omron, WariKoda/Sphygma; captures of 6232T, 7280T, 7322T.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

from ohx_desktop.ble.omron.memory_map import Stack
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated

_PIECE = 16
_CLASSIC_CHANNELS = 4
# Length, type, address and count before the data; result and XOR behind them.
_HEAD, _TAIL = 6, 2
_SHORTEST = _HEAD + _TAIL
# What start and end say beside their type: a fixed count without data.
_START = bytes.fromhex("00000000100018")
_END = bytes.fromhex("0f000000000007")


class FrameType(IntEnum):
    """The second and third byte; a reply has the top bit of its command set."""

    START = 0x0000
    READ = 0x0100
    WRITE = 0x01C0
    END = 0x0F00
    STARTED = 0x8000
    HAS_READ = 0x8100
    WRITTEN = 0x81C0
    ENDED = 0x8F00
    """Answers an end, and also any command the device rejects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A frame from the device. `count` is what it announces, which need not be in `data`."""

    type: int
    address: int
    count: int
    data: bytes
    result: int


def encode_start() -> bytes:
    """Return the command that begins a session."""
    return bytes([_SHORTEST]) + _START


def encode_end() -> bytes:
    """Return the command that ends a session."""
    return bytes([_SHORTEST]) + _END


def encode_read(address: int, count: int) -> bytes:
    """Return the command that reads `count` bytes."""
    return _sealed(FrameType.READ, address, count, b"")


def encode_write(address: int, data: bytes) -> bytes:
    """Return the command that writes bytes."""
    return _sealed(FrameType.WRITE, address, len(data), data)


def decode_frame(frame: bytes) -> Reply:
    """Take a whole frame apart. Raises Truncated, TrailingBytes, DecodingError for a wrong XOR."""
    if len(frame) < _SHORTEST or len(frame) < frame[0]:
        raise Truncated(f"EEPROM frame: {len(frame)} bytes are less than a frame, or than it says")
    if len(frame) > frame[0]:
        raise TrailingBytes(f"EEPROM frame: {len(frame)} bytes are more than it says")
    if reduce(xor, frame):
        raise DecodingError("EEPROM frame: the check byte is wrong")
    return Reply(
        type=int.from_bytes(frame[1:3], "big"),
        address=int.from_bytes(frame[3:5], "big"),
        count=frame[5],
        data=frame[_HEAD:-_TAIL],
        result=frame[-_TAIL],
    )


def pieces(frame: bytes, stack: Stack) -> tuple[bytes, ...]:
    """Return what to write to each channel in turn. Raises ValueError for too long a frame."""
    if stack is Stack.MODERN:
        return (frame,)
    cut = tuple(frame[at : at + _PIECE] for at in range(0, len(frame), _PIECE))
    if len(cut) > _CLASSIC_CHANNELS:
        raise ValueError("a command fits into four pieces")
    return cut


class Assembler:
    """Puts the pieces of a reply together, by channel, whatever their order and their cut.

    A piece on a channel that has had its share replaces what came before: the device answers a
    repeated command, and the frame's own check tells whether the parts belong together.
    """

    def __init__(self, stack: Stack) -> None:
        self._channels = _CLASSIC_CHANNELS if stack is Stack.CLASSIC else 1
        self._piece = _PIECE if stack is Stack.CLASSIC else 0xFF
        self._received = [b""] * self._channels

    def feed(self, channel: int, value: bytes) -> bytes | None:
        """Take a piece; return the frame it completes. Bytes beyond the frame are padding."""
        if channel >= self._channels or not value:
            return None
        if len(self._received[channel]) >= self._share(channel):
            self._received[channel] = b""
        self._received[channel] += value
        length = self._length
        if not length or any(len(self._received[c]) < self._share(c) for c in self._needed):
            return None
        frame = b"".join(self._received[c][: self._share(c)] for c in self._needed)
        self.reset()
        return frame

    def reset(self) -> None:
        """Forget what came in: the next piece belongs to another reply."""
        self._received = [b""] * self._channels

    @property
    def _length(self) -> int:
        """Length the frame announces, 0 while channel 0 is silent."""
        return self._received[0][0] if self._received[0] else 0

    @property
    def _needed(self) -> range:
        return range(min(-(-self._length // self._piece), self._channels))

    def _share(self, channel: int) -> int:
        """Bytes of the frame that come on this channel; a whole piece while nobody knows."""
        if not self._length:
            return self._piece
        return max(0, min(self._piece, self._length - channel * self._piece))


def _sealed(type_: FrameType, address: int, count: int, data: bytes) -> bytes:
    body = (
        bytes([_SHORTEST + len(data)])
        + type_.to_bytes(2, "big")
        + address.to_bytes(2, "big")
        + bytes([count])
        + data
        + b"\x00"
    )
    return body + bytes([reduce(xor, body)])
