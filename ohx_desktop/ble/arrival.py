"""Whether a record whose clock was never set can be the newest: what the order of arrival tells.

Devices send what they remember in the order of time, some forwards and some backwards, each user
by themselves. So a record out of a clock that began anew stands at one end, behind the newest of
those that came before it; a true old record of New Year's Day stands at the other.
"""

from collections.abc import Sequence
from itertools import pairwise

from ohx_desktop.ble.record import Record


def can_be_newest(candidate: Record, records: Sequence[Record]) -> bool:
    """Tell whether nothing speaks against a record being the newest of its connection.

    `records` are all of the connection as they arrived. Where nobody can tell, it is not.
    """
    stamp = candidate.stamp
    if stamp is None:
        return True
    records = [r for r in records if r.is_live is not False]  # the others are surely older
    others = [r.stamp for r in records if r is not candidate and r.stamp is not None]
    if any(stamp < other and stamp.year == other.year for other in others):
        return False  # the clock that made it ran on
    of_user = [r for r in records if r.user_slot == candidate.user_slot and r.stamp is not None]
    steps = {
        step
        for is_credible in (True, False)
        for step in _steps([r for r in of_user if (r.credible_stamp is not None) is is_credible])
    }
    if not steps:  # alone of its kind: then only a date that nobody can have meant is certain
        return candidate.is_clock_surely_unset or all(other <= stamp for other in others)
    if len(steps) > 1:
        return False  # neither forwards nor backwards
    return candidate is (of_user[-1] if steps == {True} else of_user[0])


def _steps(records: Sequence[Record]) -> set[bool]:
    """Return the directions in which time goes from record to record: True is forwards."""
    stamps = [r.stamp for r in records if r.stamp is not None]
    return {later > earlier for earlier, later in pairwise(stamps) if later != earlier}
