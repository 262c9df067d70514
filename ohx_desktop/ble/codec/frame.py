"""Reading a frame front to back, with the two ways it can have the wrong length as errors."""

from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported


class FrameReader:
    """Takes fields off a frame. `name` is the characteristic as errors name it."""

    __slots__ = ("_frame", "_name", "_offset")

    def __init__(self, name: str, frame: bytes) -> None:
        self._name = name
        self._frame = frame
        self._offset = 0

    @property
    def left(self) -> int:
        """How many bytes are not taken yet."""
        return len(self._frame) - self._offset

    def take(self, count: int) -> bytes:
        """Take the next `count` bytes. Raises Truncated when there are fewer."""
        begins = self._offset
        ends = begins + count
        if ends > len(self._frame):
            raise self._truncated()
        self._offset = ends
        return self._frame[begins:ends]

    def u8(self) -> int:
        """Take an unsigned 8-bit integer. Raises Truncated."""
        at = self._offset
        if at >= len(self._frame):
            raise self._truncated()
        self._offset = at + 1
        return self._frame[at]

    def u16(self) -> int:
        """Take an unsigned 16-bit integer, little-endian. Raises Truncated."""
        at = self._offset
        if at + 2 > len(self._frame):
            raise self._truncated()
        self._offset = at + 2
        return self._frame[at] | self._frame[at + 1] << 8

    def s16(self) -> int:
        """Take a signed 16-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(2), "little", signed=True)

    def u24(self) -> int:
        """Take an unsigned 24-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(3), "little")

    def u32(self) -> int:
        """Take an unsigned 32-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(4), "little")

    def _truncated(self) -> Truncated:
        return Truncated(
            f"{self._name}: {len(self._frame)} bytes end inside a field that its flags announce"
        )

    def finish(self, *, reserved: int = 0) -> None:
        """Check that nothing is left. Raises TrailingBytes, Unsupported.

        `reserved` are the flags that are set and of no known meaning. They do no harm while the
        length fits the known ones; with more bytes, nobody can tell where the fields lie.
        """
        if self._offset == len(self._frame):
            return
        if reserved:
            raise Unsupported(
                f"{self._name}: the device uses a form of its own that this program lacks"
            )
        raise TrailingBytes(f"{self._name}: {self.left} bytes more than its flags explain")
