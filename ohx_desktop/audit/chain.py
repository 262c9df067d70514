"""The chain: each record is hashed together with the hash before it.

Whoever changes, removes, inserts or swaps a record breaks the chain at that place. Whoever can
write the file can compute a whole new chain; a head that was noted elsewhere tells that, too.

A link's digest is SHA-256 over the digest before it (32 bytes), the link's number (8 bytes,
big-endian) and its content, the record's canonical bytes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from ohx_desktop.audit.record import AuditRecord, NotARecord, record_of

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in a chain: the number of a link and the digest there. Number 0 is the origin."""

    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A record as it was kept. Numbers count from 1 without a gap."""

    seq: int
    content: bytes
    digest: bytes

    @property
    def record(self) -> AuditRecord:
        """The record. Raises NotARecord for one that this program cannot read."""
        try:
            return record_of(self.content)
        except NotARecord as error:
            raise NotARecord(self.seq) from error

    @property
    def anchor(self) -> Anchor:
        """The place of this link."""
        return Anchor(self.seq, self.digest)


class Break(StrEnum):
    """How a chain is broken."""

    MISSING = "missing"
    """Records were taken out before this one."""
    OUT_OF_ORDER = "out-of-order"
    """This record was put in or moved."""
    CHANGED = "changed"
    """This record, or its digest, is not what was written."""
    HEAD_UNKNOWN = "head-unknown"
    """A head noted elsewhere is no place of this chain: its end is gone, or it was written anew."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold; `seq` is None for a head that is unknown."""

    how: Break
    seq: int | None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found: how many links hold, where they end, and what is broken first."""

    checked: int
    head: Anchor
    broken: Broken | None = None


def linked(before: Anchor, content: bytes) -> Link:
    """Return the link that follows this place with this content."""
    seq = before.seq + 1
    digest = sha256(before.digest + seq.to_bytes(8, "big") + content).digest()
    return Link(seq, content, digest)


def verify(links: Iterable[Link], origin: Anchor, *, heads: Collection[bytes] = ()) -> ChainReport:
    """Check links in the order in which they were kept, from `origin` on.

    `heads` are digests that were noted elsewhere: each must be a place of the chain. Reading the
    links may raise NotARecord, which is a break like another.
    """
    at, checked = origin, 0
    wanted = set(heads) - {origin.digest}
    try:
        for link in links:
            how = _break(at, link)
            if how is not None:
                return ChainReport(checked, at, Broken(how, link.seq))
            at, checked = link.anchor, checked + 1
            wanted.discard(link.digest)
    except NotARecord as error:
        return ChainReport(checked, at, Broken(Break.CHANGED, error.seq or at.seq + 1))
    return ChainReport(checked, at, Broken(Break.HEAD_UNKNOWN, None) if wanted else None)


def _break(at: Anchor, link: Link) -> Break | None:
    if link.seq != at.seq + 1:
        return Break.MISSING if link.seq > at.seq else Break.OUT_OF_ORDER
    return None if link == linked(at, link.content) else Break.CHANGED
