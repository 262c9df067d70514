"""Commands to the EEPROM of an unlocked device: start, read, write, end.

A command that gets no usable answer is repeated; a block size that stays unanswered is given up
for a smaller one, for some models answer only some. A reply counts by its type and address, so
that the late reply of a repeated command is never taken for the next one.

Source: userx14/omblepy, LeonidAn1988/omron-bp, eigger/hass-omron (retries and timeouts).
"""

from collections.abc import Iterator

from ohx_desktop.ble.dialogue import Dialogue, Expect, Heard, Write
from ohx_desktop.ble.omron.frames import (
    Assembler,
    FrameType,
    Reply,
    decode_frame,
    encode_end,
    encode_read,
    encode_start,
    encode_write,
    pieces,
)
from ohx_desktop.ble.omron.memory_map import MemoryMap, Stack
from ohx_desktop.ble.omron.uuids import RX, TX
from ohx_desktop.domain.errors import DecodingError, DeviceError, DeviceSilent

# Public programs wait 1 s to 5 s, four or five times. A link lives for about 60 s in all.
REPLY_S = 1.5
TRIES = 4
# A size the device does not answer costs less than one it merely missed.
_TRIES_OF_A_BLOCK = 2
# The block that every model answers which refuses its own.
_SMALL_BLOCK = 0x10
# So many values that answer nothing count as silence.
_NOISE = 32


class ReadRefused(DeviceError):  # noqa: N818 - reads as what happened
    """The device keeps this region closed: seen for users that are not registered."""

    meaning = "the records there were not taken"
    hint = "register this user on the device"


class Eeprom:
    """The memory of one device within one session. `memory` says where things are."""

    def __init__(self, memory: MemoryMap) -> None:
        self.memory = memory
        self._block = memory.block
        self._assembler = Assembler(memory.stack)

    def start(self) -> Dialogue[None]:
        """Begin the session. Raises DeviceSilent, DeviceError."""
        reply = yield from self._exchange(encode_start(), FrameType.STARTED, None, TRIES)
        if reply is None:
            raise DeviceSilent("the device does not begin to show its memory")
        _require_success(reply)

    def end(self) -> Dialogue[bool]:
        """End the session; tell whether the device confirmed it."""
        reply = yield from self._exchange(encode_end(), FrameType.ENDED, None, _TRIES_OF_A_BLOCK)
        return reply is not None

    def read(self, address: int, count: int, *, unit: int = 1) -> Dialogue[bytes]:
        """Read bytes, as many at once as the device gives, whole units where they fit.

        Raises ReadRefused, DeviceSilent, DeviceError.
        """
        taken = b""
        while len(taken) < count:
            size = min(self._block, count - len(taken))
            size -= size % unit if size > unit else 0
            smaller = next(self._smaller(size), None)
            tries = TRIES if smaller is None else _TRIES_OF_A_BLOCK
            part = yield from self._read_block(address + len(taken), size, tries)
            if part is not None:
                taken += part
            elif smaller is None:
                raise DeviceSilent("the device stopped answering while its memory was read")
            else:
                self._block = smaller
        return taken

    def write(self, address: int, data: bytes) -> Dialogue[None]:
        """Write bytes once: a write is not repeated. Raises DeviceSilent, DeviceError."""
        command = encode_write(address, data)
        reply = yield from self._exchange(command, FrameType.WRITTEN, address, 1)
        if reply is None:
            raise DeviceSilent("the device does not confirm what was written to it")
        _require_success(reply)

    def _smaller(self, size: int) -> Iterator[int]:
        ladder = sorted({_SMALL_BLOCK, self.memory.record.size}, reverse=True)
        return (block for block in ladder if block < size)

    def _read_block(self, address: int, size: int, tries: int) -> Dialogue[bytes | None]:
        for _ in range(tries):
            command = encode_read(address, size)
            reply = yield from self._exchange(command, FrameType.HAS_READ, address, 1)
            if reply is None:
                continue
            if reply.count == 0 and reply.result:
                raise ReadRefused(f"the device refuses to show a region (code {reply.result:02x})")
            # Padding for bytes that were not sent would look like an empty slot.
            if reply.count == size == len(reply.data) and not reply.result:
                return reply.data
        return None

    def _exchange(
        self, command: bytes, answer: FrameType, address: int | None, tries: int
    ) -> Dialogue[Reply | None]:
        """Send a command until it is answered; None for silence. Raises DeviceError."""
        is_classic = self.memory.stack is Stack.CLASSIC
        for _ in range(tries):
            self._assembler.reset()
            for channel, piece in enumerate(pieces(command, self.memory.stack)):
                yield Write(TX[channel], piece, with_response=is_classic)
            reply = yield from self._reply(answer, address)
            if reply is not None:
                return reply
        return None

    def _reply(self, answer: FrameType, address: int | None) -> Dialogue[Reply | None]:
        for _ in range(_NOISE):
            heard = yield Expect(REPLY_S)
            if not isinstance(heard, Heard):
                return None
            frame = self._take(heard)
            if frame is None:
                continue
            try:
                reply = decode_frame(frame)
            except DecodingError:
                return None  # the command is repeated
            if reply.type == answer and address in {None, reply.address}:
                return reply
            if reply.type == FrameType.ENDED:
                raise DeviceError(f"the device rejected a command (code {reply.result:02x})")
        return None

    def _take(self, heard: Heard) -> bytes | None:
        if heard.characteristic not in RX:
            return None
        return self._assembler.feed(RX.index(heard.characteristic), heard.value)


def _require_success(reply: Reply) -> None:
    if reply.result:
        raise DeviceError(f"the device refused a command (code {reply.result:02x})")
