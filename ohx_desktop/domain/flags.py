"""Flags of a measurement: what the device or the source said about its circumstances."""

from enum import StrEnum


class Flag(StrEnum):
    """The names are those of the `ohx.reading/1` form; a flag is present or absent."""

    IRREGULAR_PULSE = "irregular_pulse"
    BODY_MOVEMENT = "body_movement"
    CUFF_TOO_LOOSE = "cuff_too_loose"
    CUFF_FIT_OK = "cuff_fit_ok"
    IMPROPER_POSITION = "improper_position"
    PULSE_OUT_OF_RANGE = "pulse_out_of_range"
    MEASUREMENT_AVERAGED = "measurement_averaged"
    AMBIGUOUS_PERSON = "ambiguous_person"
    MANUAL_ENTRY = "manual_entry"
    USER_CONFIRMED = "user_confirmed"
    IMPLAUSIBLE = "implausible"
    UNPROVEN_MODEL = "unproven_model"
    """Read by a layout that nobody has shown to be right for this model."""

    # Oximeters.
    EARLY_ESTIMATE = "early_estimate"
    QUESTIONABLE = "questionable"
    POOR_SIGNAL = "poor_signal"
    LOW_PERFUSION = "low_perfusion"

    # Glucose meters: what was measured, and when of the meal.
    PLASMA_SAMPLE = "plasma_sample"
    BEFORE_MEAL = "before_meal"
    AFTER_MEAL = "after_meal"
    FASTING = "fasting"
    BEDTIME = "bedtime"

    # Thermometers: where it was measured, for a body differs by a degree from place to place.
    AT_ARMPIT = "at_armpit"
    AT_EAR = "at_ear"
    AT_FINGER = "at_finger"
    AT_INTESTINE = "at_intestine"
    AT_MOUTH = "at_mouth"
    AT_RECTUM = "at_rectum"
    AT_TOE = "at_toe"
