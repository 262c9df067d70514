"""Whose turn it is. Pure.

Within a patient the order of confirmation holds: a reading waits for older ones that are still to
be sent, and for one that is being sent, though not for one that needs attention.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Queued(NamedTuple):
    """A queued entry as its index has it; `next_attempt` in milliseconds, None for at once."""

    seq: int
    patient: str
    next_attempt: int | None


def heads(queued: Iterable[Queued], busy: Iterable[str]) -> Iterator[Queued]:
    """Yield the first entry of each patient who is not busy, in the order given."""
    seen = set(busy)
    for entry in queued:
        if entry.patient not in seen:
            seen.add(entry.patient)
            yield entry


def runs(
    queued: Iterable[Queued],
    busy: Iterable[str],
    *,
    now_ms: int,
    latest_ms: int,
    limit: int,
    of_one_patient: int,
) -> list[Queued]:
    """Return at most `limit` entries that may be sent now, so many of one patient at most.

    Of a patient they are the first ones, without a gap: behind one that is not due nothing is.
    """
    found: list[Queued] = []
    closed = set(busy)
    taken: Counter[str] = Counter()
    for entry in queued:
        if entry.patient in closed:
            continue
        if not is_due(entry, now_ms=now_ms, latest_ms=latest_ms):
            closed.add(entry.patient)
            continue
        found.append(entry)
        taken[entry.patient] += 1
        if taken[entry.patient] == of_one_patient:
            closed.add(entry.patient)
        if len(found) == limit:
            break
    return found


def is_due(entry: Queued, *, now_ms: int, latest_ms: int) -> bool:
    """Tell whether an entry may be sent now.

    Nothing is ever put off beyond `latest_ms`: a later time was written before the clock was set
    back.
    """
    due = entry.next_attempt
    return due is None or due <= now_ms or due > latest_ms
