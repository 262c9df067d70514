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
