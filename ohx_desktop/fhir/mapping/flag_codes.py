"""Flags as they are sent: always in words, and as a status bit where there is one.

Source: ISO/IEEE 11073-10101 by the HL7 Personal Health Device guide.
"""

from dataclasses import dataclass

from ohx_desktop.domain.flags import Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCode:
    """A flag in words for `note`, and where there is one, its status bit and the bit's value."""

    words: str
    bit: tuple[str, str] | None = None
    value: bool = True


_CUFF_TOO_LOOSE = ("8410608.1", "cuff-too-loose")

# A bit is sent as false only where the device vouches for it, which none but the cuff fit does.
# Out of range has one bit for above and one for below; the flag does not tell which, so: words.
FLAG_CODES: dict[Flag, FlagCode] = {
    Flag.BODY_MOVEMENT: FlagCode(
        words="The monitor reported body movement during this measurement.",
        bit=("8410608.0", "body-movement"),
    ),
    Flag.CUFF_TOO_LOOSE: FlagCode(
        words="The monitor reported that the cuff was too loose.", bit=_CUFF_TOO_LOOSE
    ),
    Flag.CUFF_FIT_OK: FlagCode(
        words="The monitor reported that the cuff fitted.", bit=_CUFF_TOO_LOOSE, value=False
    ),
    Flag.IRREGULAR_PULSE: FlagCode(
        words="The monitor reported an irregular pulse during this measurement.",
        bit=("8410608.2", "irregular-pulse"),
    ),
    Flag.IMPROPER_POSITION: FlagCode(
        words="The monitor reported an improper position during this measurement.",
        bit=("8410608.5", "improper-body-position"),
    ),
    Flag.PULSE_OUT_OF_RANGE: FlagCode(
        words="The monitor reported a pulse rate outside of its measuring range."
    ),
    Flag.MEASUREMENT_AVERAGED: FlagCode(words="The values are the mean of several measurements."),
    Flag.AMBIGUOUS_PERSON: FlagCode(
        words="The source could not tell which of its users was measured."
    ),
    Flag.MANUAL_ENTRY: FlagCode(words="The values were entered by hand."),
    Flag.USER_CONFIRMED: FlagCode(words="The user of the device confirmed the measurement."),
    Flag.IMPLAUSIBLE: FlagCode(words="The values are unusual and were confirmed as they are."),
    Flag.UNPROVEN_MODEL: FlagCode(
        words="This model is not proven to be read rightly; the values were compared with the "
        "display of the device."
    ),
    Flag.EARLY_ESTIMATE: FlagCode(
        words="The device gave an early estimate; its measurement was still going on."
    ),
    Flag.QUESTIONABLE: FlagCode(words="The device called this measurement questionable."),
    Flag.POOR_SIGNAL: FlagCode(words="The device reported a poor signal of its sensor."),
    Flag.LOW_PERFUSION: FlagCode(words="The oximeter reported a low perfusion."),
    Flag.PLASMA_SAMPLE: FlagCode(words="The meter gave the glucose of plasma."),
    Flag.BEFORE_MEAL: FlagCode(words="Measured before a meal."),
    Flag.AFTER_MEAL: FlagCode(words="Measured after a meal."),
    Flag.FASTING: FlagCode(words="Measured while fasting."),
    Flag.BEDTIME: FlagCode(words="Measured at bedtime."),
    Flag.AT_ARMPIT: FlagCode(words="Measured in the armpit."),
    Flag.AT_EAR: FlagCode(words="Measured in the ear."),
    Flag.AT_FINGER: FlagCode(words="Measured at a finger."),
    Flag.AT_INTESTINE: FlagCode(words="Measured in the gastro-intestinal tract."),
    Flag.AT_MOUTH: FlagCode(words="Measured in the mouth."),
    Flag.AT_RECTUM: FlagCode(words="Measured in the rectum."),
    Flag.AT_TOE: FlagCode(words="Measured at a toe."),
}
