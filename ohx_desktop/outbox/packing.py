"""Several byte strings as one value of a row: each behind its length."""

from collections.abc import Iterable

# Bytes that hold the length of a part.
_LENGTH = 4


def pack(parts: Iterable[bytes]) -> bytes:
    """Return the parts as one value, in order."""
    return b"".join([piece for part in parts for piece in (_length(part), part)])


def unpack(packed: bytes) -> tuple[bytes, ...]:
    """Return the parts of one value."""
    parts, position = [], 0
    while position < len(packed):
        begin = position + _LENGTH
        position = begin + int.from_bytes(packed[position:begin], "big")
        parts.append(packed[begin:position])
    return tuple(parts)


def _length(part: bytes) -> bytes:
    return len(part).to_bytes(_LENGTH, "big")
