"""The form of 0x2A35 that the BM85 and its group use, and how it is told from the plain one.

The value has the length of the plain form with all fields, but its flags are 0x56: the user has no
flag and is there, and pulse rate and status have their high byte first. The pulse proves the order
of the bytes: read one way it is a pulse, read the other way it is not. A frame that proves nothing
is refused, whatever the model is called.

Sources: a published capture of the BM85; that other models share the form is known from a table in
Beurer's own program only.
"""

from enum import IntEnum
from struct import Struct
from typing import Literal

from ohx_desktop.ble.beurer.model import Family, Model
from ohx_desktop.ble.codec.blood_pressure import (
    BloodPressureMeasurement,
    decode_blood_pressure_measurement,
)
from ohx_desktop.ble.codec.date_time import decode_date_time
from ohx_desktop.ble.codec.sfloat import SFloat, SpecialValue, decode_sfloat
from ohx_desktop.ble.support import Support
from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported
from ohx_desktop.domain.quantity import Unit

SWAPPED_FLAGS = 0x56
"""Time, pulse and status, and a bit of Beurer's own that the standard reserves."""

_PLAIN = Struct("<B3H7sHBH")
_PULSE = slice(14, 16)
_TIME_AND_PULSE = 0b0000_0110
_RESERVED = 0b1110_0000
_LOWEST_PULSE, _HIGHEST_PULSE = 30, 250
_UNKNOWN_USER = 255
_STABILITY_SHIFT, _STABILITY_BITS = 6, 0b11


class Stability(IntEnum):
    """Beurer's haemodynamic stability, bits 6 and 7 of the status. Never shown, never uploaded.

    Whether "detected" speaks for or against a circulation at rest, no source tells.
    """

    NOT_DETECTED = 0
    DETECTED = 1
    NOT_JUDGED = 2


def stability_of(measurement: BloodPressureMeasurement) -> Stability | None:
    """Return what a Beurer cuff says of the stability, None where it says nothing known."""
    if measurement.status is None:
        return None
    bits = measurement.status >> _STABILITY_SHIFT & _STABILITY_BITS
    return Stability(bits) if bits in set(Stability) else None


def decode_swapped_blood_pressure(frame: bytes) -> BloodPressureMeasurement:
    """Decode a 0x2A35 value in the swapped form. Raises Truncated, TrailingBytes, Unsupported."""
    if not frame or (frame[0] == SWAPPED_FLAGS and len(frame) < _PLAIN.size):
        raise Truncated("swapped Blood Pressure Measurement: it ends inside a field")
    if frame[0] != SWAPPED_FLAGS:
        raise Unsupported(
            "swapped Blood Pressure Measurement: its flags are those of no form known"
        )
    if len(frame) > _PLAIN.size:
        raise TrailingBytes("swapped Blood Pressure Measurement: it is longer than its form")
    if not _is_order_proven(frame, "big"):
        raise Unsupported(
            "swapped Blood Pressure Measurement: the order of its bytes is not certain"
        )
    _, systolic, diastolic, mean, time, _, user, _ = _PLAIN.unpack(frame)
    return BloodPressureMeasurement(
        unit=Unit.MM_HG,
        systolic=decode_sfloat(systolic),
        diastolic=decode_sfloat(diastolic),
        mean_arterial=decode_sfloat(mean),
        has_time=True,
        timestamp=decode_date_time(time),
        pulse_rate=decode_sfloat(int.from_bytes(frame[_PULSE], "big")),
        user_id=None if user == _UNKNOWN_USER else user,
        status=int.from_bytes(frame[-2:], "big"),
    )


def decode_blood_pressure_of(model: Model, frame: bytes) -> BloodPressureMeasurement:
    """Decode a 0x2A35 value of a Beurer cuff in the form that it has.

    A plain frame of the BM85 is taken where its pulse proves that its bytes are in plain order: its
    firmware may differ. Of the models whose form nobody has shown, only the swapped one is taken.
    Raises Truncated, TrailingBytes, Unsupported.
    """
    if model.family is Family.BLOOD_PRESSURE:
        return decode_blood_pressure_measurement(frame)
    if model.family is not Family.SWAPPED_BLOOD_PRESSURE:
        raise Unsupported("this program does not read blood pressures of this model")
    if model.support is Support.CAPTURED and _is_plain(frame):
        return decode_blood_pressure_measurement(frame)
    return decode_swapped_blood_pressure(frame)


def _is_plain(frame: bytes) -> bool:
    """Tell whether a frame has time and pulse, no flag of Beurer's own, and a plain pulse."""
    flags = frame[0] if frame else SWAPPED_FLAGS
    has_time_and_pulse = flags & _TIME_AND_PULSE == _TIME_AND_PULSE
    is_known = flags & _RESERVED == 0
    return has_time_and_pulse and is_known and _is_order_proven(frame, "little")


def _is_order_proven(frame: bytes, order: Literal["big", "little"]) -> bool:
    other: Literal["big", "little"] = "little" if order == "big" else "big"
    raw = frame[_PULSE]
    return _is_pulse(int.from_bytes(raw, order)) and not _is_pulse(int.from_bytes(raw, other))


def _is_pulse(raw: int) -> bool:
    value: SFloat = decode_sfloat(raw)
    return not isinstance(value, SpecialValue) and _LOWEST_PULSE <= value <= _HIGHEST_PULSE
