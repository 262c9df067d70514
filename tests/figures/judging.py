"""Whether what the program told is right, by what the virtual device measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from faults_to_try import Case
from playing import NOTHING, SESSION_DEADLINE_S, Play

from ohx_desktop.ble.omron.memory_map import Trailer
from ohx_desktop.ble.omron.models import candidates_for_name
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.quantity import Quantity, QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.cast import Values

# A clock this far off is used as it is; the moment of measuring is told by the minute at worst.
_TIME_TOLERANCE = timedelta(seconds=121)
_TRUSTED = frozenset({ClockTrust.DEVICE, ClockTrust.CORRECTED})

Golden = dict[QuantityKind, Quantity]
"""All that a good session told of the measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a case comes to. `broken` are the rules that do not hold."""

    told: str
    took_s: float
    has_reading: bool
    broken: tuple[str, ...]


def golden_of(play: Play) -> Golden:
    """Return the quantities of the new reading of a good session; empty where it has none."""
    new = next((reading for reading in play.readings if not reading.stored), None)
    return {} if new is None else {quantity.kind: quantity for quantity in new.quantities}


def violations(play: Play, case: Case, golden: Golden) -> Iterator[str]:
    """Yield what is wrong with a play, in words without values."""
    yield from play.problems
    if play.session_s > SESSION_DEADLINE_S:
        yield "takes longer than its deadline"
    if play.told == NOTHING:
        yield "has no named outcome"
    ids = [reading.id for reading in play.readings]
    if len(set(ids)) < len(ids):
        yield "tells a reading twice"
    for reading in play.readings:
        yield from _of_reading(reading, play, case, golden)
    if sum(not reading.stored for reading in play.readings) > 1:
        yield "tells two new readings"
    if case.ends_well and golden and not any(not r.stored for r in play.readings):
        yield "lost the reading"


def _of_reading(reading: Reading, play: Play, case: Case, golden: Golden) -> Iterator[str]:
    values = {quantity.kind: quantity for quantity in reading.quantities}
    if not play.actor.measures:
        if not reading.stored and any(golden.get(kind) != q for kind, q in values.items()):
            yield "a wrong value"
        return
    if case.faults.damaged_record and not _has_record_check(play):
        return
    is_new = _holds(values, play.actor.measures)
    ages = [ago for old, ago in play.actor.remembers if _holds(values, old)]
    if not is_new and not ages:
        yield "a value that was never measured"
        return
    if is_new and not ages:
        if any(golden.get(kind) != quantity for kind, quantity in values.items()) and golden:
            yield "a wrong value beside the main one"
        if reading.stored and case.is_clock_right and play.can_tell_new:
            yield "the new reading was taken for an old one"
    if not is_new and not reading.stored:
        yield "AN OLD READING WAS TAKEN FOR THE NEW ONE"
    yield from _of_time(reading, play, is_new=is_new, ages=ages)


def _of_time(reading: Reading, play: Play, *, is_new: bool, ages: list[timedelta]) -> Iterator[str]:
    """Compare a time that is vouched for with the one at which the device measured."""
    if reading.clock.trust not in _TRUSTED or reading.measured_at is None:
        return
    moments = [play.set_up_at - ago for ago in ages]
    if is_new and play.measured_at is not None:
        moments.append(play.measured_at)
    if all(abs(reading.measured_at - moment) > _TIME_TOLERANCE for moment in moments):
        yield "a wrong time that is vouched for"


def _holds(values: dict[QuantityKind, Quantity], measured: Values) -> bool:
    """Tell whether all the main values are there, exactly."""
    return all(kind in values and values[kind].value == value for kind, value in measured.items())


def _has_record_check(play: Play) -> bool:
    """Tell whether records of the model have a check whose form is known.

    Of Omron's cuffs with 16-byte records no capture shows it: what the memory itself damaged shows
    by its values only.
    """
    maps = candidates_for_name(play.actor.model).maps
    return not maps or maps[0].trailer is not Trailer.UNCHECKED


def judge(play: Play, case: Case, golden: Golden) -> Verdict:
    """Return the verdict on a play."""
    name = case.name or case.group
    return Verdict(
        told=play.told,
        took_s=play.session_s or play.told_s,
        has_reading=any(not reading.stored for reading in play.readings),
        broken=tuple(f"{name}: {rule}" for rule in violations(play, case, golden)),
    )
