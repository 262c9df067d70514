"""Reviewing as texts: the values, when they were measured, what the device said of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.desk.states import Reviewing
from ohx_desktop.domain.device import ClockTrust, DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.reading import Reading
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import ChipView, MessageView, QuestionView, Tone, ValueView
from ohx_desktop.ui.models.value import (
    as_displayed,
    other_facts,
    tiles,
    was_converted,
)
from ohx_desktop.ui.models.when import length_text, moment_text

# A reading with a trusted time is the present one when it is not older than this.
_FRESH = timedelta(minutes=5)
# Clocks that agree to within this are the same clock.
_SAME = timedelta(minutes=1)

# Circumstances, not doubts.
_QUIET_FLAGS = dict.fromkeys(
    (
        *(Flag.BEFORE_MEAL, Flag.AFTER_MEAL, Flag.FASTING, Flag.BEDTIME, Flag.PLASMA_SAMPLE),
        *(Flag.AT_ARMPIT, Flag.AT_EAR, Flag.AT_FINGER, Flag.AT_INTESTINE, Flag.AT_MOUTH),
        *(Flag.AT_RECTUM, Flag.AT_TOE),
    ),
    Tone.NEUTRAL,
) | {
    Flag.CUFF_FIT_OK: Tone.GOOD,
    Flag.MEASUREMENT_AVERAGED: Tone.NEUTRAL,
    Flag.MANUAL_ENTRY: Tone.NEUTRAL,
    Flag.USER_CONFIRMED: Tone.NEUTRAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """The reading before a person confirms it. `check` is the question of the display check.

    `is_here_only` tells that it is on no disk: leaving would lose it.
    """

    values: tuple[ValueView, ...]
    chips: tuple[ChipView, ...]
    check: str | None
    checked: bool
    confirm: str
    can_confirm: bool
    saving: bool
    is_here_only: bool
    message: MessageView | None


def review_view(state: Reviewing, now: datetime) -> ReviewView:
    """Return the view of a reading at the moment `now`."""
    reading = state.reading
    return ReviewView(
        values=tiles(reading),
        chips=(
            *_doubts(state, now),
            *_flags(reading.flags),
            *_facts(reading),
            *_device(reading.device),
            *_more(state.more),
        ),
        check=_check(reading) if state.needs_display_check else None,
        checked=state.display_checked,
        confirm=texts.SAVING if state.saving else texts.CONFIRM,
        can_confirm=state.can_confirm,
        saving=state.saving,
        is_here_only=state.not_kept is not None,
        message=_message(state),
    )


def leave_question(*, is_here_only: bool) -> QuestionView:
    """Return the question of leaving the patient with a reading that is not confirmed."""
    return _question(texts.LEAVE_QUESTION, texts.TO_TRAY, is_here_only=is_here_only)


def wrong_patient_question(*, is_here_only: bool) -> QuestionView:
    """Return the question of a reading that belongs to somebody else."""
    return _question(texts.WRONG_PATIENT_QUESTION, texts.TO_TRAY, is_here_only=is_here_only)


def close_question(*, is_here_only: bool) -> QuestionView:
    """Return the question of closing the window with a reading that is not confirmed."""
    return _question(texts.CLOSE_QUESTION, texts.TO_TRAY_AND_CLOSE, is_here_only=is_here_only)


def closing_when_saved() -> MessageView:
    """Return the message of a window that closes once the reading is saved."""
    what, rest = texts.CLOSING_WHEN_SAVED
    return MessageView(what=what, rest=rest, tone=Tone.NEUTRAL)


def _message(state: Reviewing) -> MessageView | None:
    problem = state.error or state.not_kept
    return message_of(problem, Tone.STOP) if problem else None


def _question(sentences: tuple[str, str], yes: str, *, is_here_only: bool) -> QuestionView:
    if is_here_only:
        sentences, yes = texts.LOSE_QUESTION, texts.LOSE
    what, rest = sentences
    return QuestionView(message=MessageView(what=what, rest=rest), yes=yes, no=texts.KEEP_READING)


def _doubts(state: Reviewing, now: datetime) -> tuple[ChipView, ...]:
    time = _time(state.reading, now)
    if state.device_registered:
        return (time,)
    return (time, ChipView(text=texts.NOT_REGISTERED, tone=Tone.ATTENTION))


def _device(device: DeviceIdentity | None) -> tuple[ChipView, ...]:
    """Return which device the reading is of: two that look alike differ by their number."""
    name = device and (device.model or device.manufacturer)
    if device is None or name is None:
        return ()
    number = device.serial or device.address
    text = texts.FROM_NUMBERED if number else texts.FROM_DEVICE
    return (ChipView(text=text.format(device=name, number=number)),)


def _more(count: int) -> tuple[ChipView, ...]:
    if count == 0:
        return ()
    text = texts.MORE_ONE if count == 1 else texts.MORE_MANY.format(n=count)
    return (ChipView(text=text, tone=Tone.OPEN),)


def _time(reading: Reading, now: datetime) -> ChipView:
    trust = reading.clock.trust
    if trust is ClockTrust.UNKNOWN or reading.measured_at is None:
        return ChipView(text=texts.TIME_UNKNOWN, tone=Tone.ATTENTION)
    time = moment_text(reading.measured_at, now)
    if trust is ClockTrust.RECEIVED:
        return ChipView(text=texts.TIME_RECEIVED.format(time=time), tone=Tone.ATTENTION)
    if trust is ClockTrust.CORRECTED:
        return ChipView(text=_corrected(reading, time))
    age = now - reading.measured_at
    if age > _FRESH:
        text = texts.AGO.format(time=time, length=length_text(age))
        return ChipView(text=text, tone=Tone.ATTENTION)
    if age < -_SAME:
        return ChipView(text=texts.AHEAD.format(time=time), tone=Tone.ATTENTION)
    return ChipView(text=texts.ON_TIME.format(time=time), tone=Tone.GOOD)


def _corrected(reading: Reading, time: str) -> str:
    offset_s = reading.clock.offset_s
    if offset_s is None:
        return texts.CLOCK_CORRECTED_ALONE.format(time=time)
    return texts.CLOCK_CORRECTED.format(
        time=time,
        length=length_text(timedelta(seconds=offset_s)),
        side=texts.BEHIND if offset_s < 0 else texts.FAST,
    )


def _facts(reading: Reading) -> tuple[ChipView, ...]:
    facts = [ChipView(text=fact) for fact in other_facts(reading)]
    shown = as_displayed(reading)
    if shown and was_converted(reading):
        facts.append(ChipView(text=texts.AS_SHOWN.format(figures=shown[0], unit=shown[1])))
    return tuple(facts)


def _flags(flags: frozenset[Flag]) -> tuple[ChipView, ...]:
    # In the order of the enumeration, what needs a look first.
    chips = [
        ChipView(text=texts.FLAGS[flag], tone=_QUIET_FLAGS.get(flag, Tone.ATTENTION))
        for flag in Flag
        if flag in flags
    ]
    return tuple(sorted(chips, key=lambda chip: chip.tone is not Tone.ATTENTION))


def _check(reading: Reading) -> str:
    shown = as_displayed(reading)
    if shown:
        return texts.DISPLAY_CHECK.format(figures=shown[0])
    values = (format(quantity.value, "f") for quantity in reading.quantities)
    return texts.DISPLAY_CHECK.format(figures=", ".join(values))
