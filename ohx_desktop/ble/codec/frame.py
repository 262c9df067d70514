"""Reading a frame front to back, with the two ways it can have the wrong length as errors."""

from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported


class FrameReader:
    """Takes fields off a frame. `name` is the characteristic as errors name it."""

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
        if count > self.left:
            raise Truncated(
                f"{self._name}: {len(self._frame)} bytes end inside a field that its flags announce"
            )
        taken = self._frame[self._offset : self._offset + count]
        self._offset += count
        return taken

    def u8(self) -> int:
        """Take an unsigned 8-bit integer. Raises Truncated."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Take an unsigned 16-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(2), "little")

    def s16(self) -> int:
        """Take a signed 16-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(2), "little", signed=True)

    def u24(self) -> int:
        """Take an unsigned 24-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(3), "little")

    def u32(self) -> int:
        """Take an unsigned 32-bit integer, little-endian. Raises Truncated."""
        return int.from_bytes(self.take(4), "little")

    def finish(self, *, reserved: int = 0) -> None:
        """Check that nothing is left. Raises TrailingBytes, Unsupported.

        `reserved` are the flags that are set and of no known meaning. They do no harm while the
        length fits the known ones; with more bytes, nobody can tell where the fields lie.
        """
        if self.left and reserved:
            raise Unsupported(
                f"{self._name}: the device uses a form of its own that this program lacks"
            )
        if self.left:
            raise TrailingBytes(f"{self._name}: {self.left} bytes more than its flags explain")
