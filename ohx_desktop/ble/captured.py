"""Captured bytes to Readings, without a radio: for support, for tests, for a look at a new cuff.

Nobody knows when or for whom the bytes were measured, so the clock trust is unknown. One bad frame
refuses all: a half-understood capture is not understood.
"""

from collections.abc import Sequence
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_MEASUREMENT,
    INTERMEDIATE_CUFF_PRESSURE,
    full_uuid,
)
from ohx_desktop.ble.codec.blood_pressure import decode_blood_pressure_measurement
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.memory import Record
from ohx_desktop.ble.registry import (
    BLOOD_PRESSURE,
    Recognised,
    keeps_other_records,
    recognise_model,
)
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Unsupported
from ohx_desktop.domain.reading import Reading, Source

GENERIC = "generic"
"""The model name of a device that follows the Bluetooth SIG services plainly."""


def decode_captured(
    model: str,
    characteristic: str | None,
    frames: Sequence[bytes],
    *,
    received_at: datetime,
) -> tuple[Reading, ...]:
    """Decode notifications in their order; a frame that is there twice counts once.

    `characteristic` is a 16- or 128-bit UUID, None where the model sends one kind only.
    `received_at` is aware. Raises the DecodingError of the first frame that has one; Unsupported
    for a model or characteristic this program does not read.
    """
    known = _known_model(model)
    _require_measurement(known, characteristic)
    identity = DeviceIdentity(manufacturer=known.manufacturer, model=known.model)
    return tuple(_reading(frame, identity, received_at) for frame in dict.fromkeys(frames))


def _known_model(model: str) -> Recognised:
    if model.strip().lower() == GENERIC:
        return Recognised(manufacturer=None, model=GENERIC, driver=BLOOD_PRESSURE)
    known = recognise_model(model.strip())
    if known is None:
        raise Unsupported("this program does not read devices of this model")
    return known


def _require_measurement(known: Recognised, characteristic: str | None) -> None:
    if characteristic is None:
        if keeps_other_records(known):
            raise Unsupported(
                "this model sends records in more than one form, and its EEPROM form is not read",
                hint="name the characteristic if the bytes come from one: --characteristic 2A35",
            )
        return
    uuid = full_uuid(characteristic)
    if uuid == INTERMEDIATE_CUFF_PRESSURE:
        raise Unsupported(
            "an intermediate cuff pressure is progress, never a result",
            hint="decode the Blood Pressure Measurement (2A35) that follows it",
        )
    if uuid != BLOOD_PRESSURE_MEASUREMENT:
        raise Unsupported("this program does not read measurements from this characteristic")


def _reading(frame: bytes, identity: DeviceIdentity, received_at: datetime) -> Reading:
    measurement = decode_blood_pressure_measurement(frame)
    quantities = quantities_of(measurement)
    record = Record(
        frame=frame, received_at=received_at, measurement=measurement, quantities=quantities
    )
    return Reading(
        source=Source.BLUETOOTH,
        device=identity,
        measured_at=record.credible_time,
        received_at=received_at,
        clock=DeviceClock(device=record.stamp, trust=ClockTrust.UNKNOWN),
        user_slot=measurement.user_id,
        quantities=quantities,
        flags=flags_of(measurement),
    )
