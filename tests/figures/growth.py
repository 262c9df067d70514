"""Whether tallies of one program grow with its sessions."""

from collections.abc import Sequence

from tally import Tally

# May not grow at all.
_STEADY = (
    "tasks",
    "timers",
    "descriptors",
    "threads",
    "match_rules",
    "connections",
    "agents",
)
# A session in the middle of which the tally is taken may hold some of these for a moment.
_WOBBLE = 2
# Python's own caches and the cuff's memory fill in the beginning; a leak of one object for each
# session is ten times as much as this.
_OBJECTS_PER_SESSION = 0.1
# Of each frame met, up to 4,096 of them, the program keeps a digest: a key and its place.
_REMEMBERED = 4096
_BLOCKS_PER_REMEMBERED = 4
_BLOCKS_PER_SESSION = 0.2
_SLACK = 400


def growth_of(tallies: Sequence[Tally]) -> list[str]:
    """Return what grew between the first tally and the last, in words.

    Memory is compared with what is bounded by design: a digest of each frame met.
    """
    first, last = tallies[0], tallies[-1]
    sessions = last.sessions - first.sessions
    found = []
    for name in _STEADY:
        before, after = getattr(first, name), getattr(last, name)
        if before is not None and after > before + _WOBBLE:
            found.append(f"{name} from {before} to {after} in {sessions:,} sessions")
    objects = last.objects - first.objects
    if objects > _SLACK + _OBJECTS_PER_SESSION * sessions:
        found.append(f"{objects:,} objects in {sessions:,} sessions")
    remembered = min(last.sessions, _REMEMBERED) - min(first.sessions, _REMEMBERED)
    blocks = last.blocks - first.blocks - _BLOCKS_PER_REMEMBERED * remembered
    if blocks > _SLACK + _BLOCKS_PER_SESSION * sessions:
        found.append(f"{blocks:,} blocks of memory in {sessions:,} sessions")
    return found
