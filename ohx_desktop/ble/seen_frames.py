"""Which frames this program has met before: what was met in an earlier session is never new.

Many cuffs send their whole memory at every connection, some without times. Only keyed digests
are kept, under a key that dies with the process, so no measured value outlives its session.
"""

import os
from collections import OrderedDict
from hashlib import blake2b

# A cuff keeps at most some 200 records; this is a busy day with several cuffs, under 1 MB.
_CAPACITY = 4096


class SeenFrames:
    """Remembers frames by device and listening; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._key = os.urandom(16)
        self._listening_of: OrderedDict[bytes, object] = OrderedDict()

    def meet(self, listening: object, address: str, frame: bytes) -> object | None:
        """Note a frame; return the listening in which it was first met, None if only now."""
        digest = blake2b(address.encode() + b"\0" + frame, key=self._key, digest_size=16).digest()
        earlier = self._listening_of.get(digest)
        if earlier is None:
            self._listening_of[digest] = listening
            if len(self._listening_of) > _CAPACITY:
                self._listening_of.popitem(last=False)
        return earlier
