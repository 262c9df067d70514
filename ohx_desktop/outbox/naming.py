"""The id of an entry: made of the reading, of whose it is, and of what is asked of the EHR.

The first half is the reading's, so that one index finds an entry by its id and all entries of a
reading, and holds that nothing is in the queue twice. A UUID of version 8 (RFC 9562).
"""

from uuid import UUID

from ohx_desktop.outbox.states import EntryKind
from ohx_desktop.storage.sealing import Seal

_HALF = 8


def patient_digest(seal: Seal, reading_id: UUID, patient: str) -> bytes:
    """Return what tells whether a reading was somebody's, and outlives their reference.

    It is keyed by the file, so that it compares with nothing elsewhere.
    """
    return seal.checksum(f"{reading_id}|{patient}".encode())


def entry_id(seal: Seal, reading_id: UUID, digest: bytes, kind: EntryKind) -> UUID:
    """Return the id of an entry; `digest` is that of its patient."""
    return UUID(bytes=_joined(reading_id, seal.checksum(digest + kind.encode())))


def ids_of(reading_id: UUID) -> tuple[bytes, bytes]:
    """Return the lowest and the highest bytes that an entry's id of this reading can have.

    Another reading may share them: whoever looks compares the reading's id, too.
    """
    return _joined(reading_id, b"\x00" * _HALF), _joined(reading_id, b"\xff" * _HALF)


def _joined(reading_id: UUID, own: bytes) -> bytes:
    raw = bytearray(reading_id.bytes[:_HALF] + own[:_HALF])
    raw[6] = raw[6] & 0x0F | 0x80  # the version
    raw[8] = raw[8] & 0x3F | 0x80  # the variant
    return bytes(raw)
