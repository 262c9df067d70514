"""How far the audit in a damaged queue still holds. Pure."""

from collections.abc import Iterator, Mapping

from ohx_desktop.audit.chain import Anchor, Link, verify
from ohx_desktop.outbox.salvage_rules import Values
from ohx_desktop.outbox.salvaged_rows import FoundRows

_LINKS, _ORIGIN = "audit", "audit_origin"


def audit_break(tables: Mapping[str, FoundRows]) -> str | None:
    """Return the first place where the chain does not hold; None where it does, or there is none.

    Whether its last records are lost, the chain itself cannot tell.
    """
    if _LINKS not in tables:
        return None
    origin = next((_anchor(values) for _, values in tables[_ORIGIN].rows), None)
    if origin is None:
        return "missing before its first record"
    broken = verify(_links(tables[_LINKS]), origin).broken
    return None if broken is None else f"{broken.how.value} at record {broken.seq}"


def _links(found: FoundRows) -> Iterator[Link]:
    for _, values in found.rows:
        place, content = _anchor(values), values["content"]
        if place is not None and isinstance(content, bytes):
            yield Link(place.seq, content, place.digest)


def _anchor(values: Values) -> Anchor | None:
    match values:
        case {"seq": int(seq), "digest": bytes(digest)}:
            return Anchor(seq, digest)
    return None
