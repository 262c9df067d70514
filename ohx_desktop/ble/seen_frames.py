"""Which frames this program has met before: what was met in an earlier session is never new.

Many cuffs send their whole memory at every connection, some without times. Only keyed digests
are kept, under a key that dies with the process, so no measured value outlives its session.

Nothing met is ever forgotten, yet the memory is fixed: the latest frames are kept with the
listening that met them, and all frames as bits of a filter that may take an unknown frame for a
known one but never a known one for unknown. That chance is below one in a million million for a
hundred thousand frames (months of a busy place) and errs to the safe side: the record is kept out.

Source: B. Bloom, Space/time trade-offs in hash coding with allowable errors (1970).
"""

import os
from collections import OrderedDict
from hashlib import blake2b

# A cuff keeps at most some 200 records; this is a busy day with several cuffs, under 1 MB.
_CAPACITY = 4096
# 2^23 bits are 1 MB; sixteen of them stand for a frame, each named by four bytes of its digest.
_BITS = 1 << 23
_BITS_PER_FRAME = 16

_SOME_EARLIER_LISTENING = object()


class SeenFrames:
    """Remembers frames by device, and which listening met them as long as it matters."""

    def __init__(self) -> None:
        self._key = os.urandom(16)
        self._listening_of: OrderedDict[bytes, object] = OrderedDict()
        self._ever_met = bytearray(_BITS // 8)

    def meet(self, listening: object, address: str, frame: bytes) -> object | None:
        """Note a frame; return the listening in which it was first met, None if only now."""
        digest = self._digest(address, frame)
        earlier = self._listening_of.get(digest)
        if earlier is None and self._note_for_ever(digest):
            earlier = _SOME_EARLIER_LISTENING
        self._listening_of[digest] = listening if earlier is None else earlier
        self._listening_of.move_to_end(digest)
        if len(self._listening_of) > _CAPACITY:
            self._listening_of.popitem(last=False)
        return earlier

    def _digest(self, address: str, frame: bytes) -> bytes:
        said = address.encode() + b"\0" + frame
        return blake2b(said, key=self._key, digest_size=4 * _BITS_PER_FRAME).digest()

    def _note_for_ever(self, digest: bytes) -> bool:
        """Set the bits of a frame; tell whether all of them were set before."""
        was_met = True
        for start in range(0, len(digest), 4):
            byte, bit = divmod(int.from_bytes(digest[start : start + 4]) % _BITS, 8)
            was_met = was_met and bool(self._ever_met[byte] & 1 << bit)
            self._ever_met[byte] |= 1 << bit
        return was_met
