"""Captured bytes to Readings, without a radio: for support, for tests, for a look at a new device.

Nobody knows when or for whom the bytes were measured, so the clock trust is unknown. One bad frame
refuses all: a half-understood capture is not understood.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_MEASUREMENT,
    ENHANCED_INTERMEDIATE_CUFF_PRESSURE,
    GLUCOSE_MEASUREMENT_CONTEXT,
    INTERMEDIATE_CUFF_PRESSURE,
    INTERMEDIATE_TEMPERATURE,
    PLX_CONTINUOUS_MEASUREMENT,
    full_uuid,
)
from ohx_desktop.ble.beurer.captured import decode_beurer_captured, model_with_own_form
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.device_clock import credible_time
from ohx_desktop.ble.omron.captured import decode_omron_captured
from ohx_desktop.ble.recognised import BLOOD_PRESSURE, Recognised
from ohx_desktop.ble.registry import keeps_other_records, recognise_model
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Unsupported
from ohx_desktop.domain.reading import Reading, Source

GENERIC = "generic"
"""The model name of a device that follows the Bluetooth SIG services plainly."""

# What is sent beside results, and where the result is to be found.
_NO_RESULTS = {
    INTERMEDIATE_CUFF_PRESSURE: "the Blood Pressure Measurement (2A35)",
    ENHANCED_INTERMEDIATE_CUFF_PRESSURE: "the Enhanced Blood Pressure Measurement (2B34)",
    INTERMEDIATE_TEMPERATURE: "the Temperature Measurement (2A1C)",
    PLX_CONTINUOUS_MEASUREMENT: "the PLX Spot-Check Measurement (2A5E)",
    GLUCOSE_MEASUREMENT_CONTEXT: "the Glucose Measurement (2A18)",
}


def decode_captured(
    model: str,
    characteristic: str | None,
    frames: Sequence[bytes],
    *,
    received_at: datetime,
) -> tuple[Reading, ...]:
    """Decode notifications in their order; a measurement that is there twice counts once.

    `characteristic` is a 16- or 128-bit UUID, None where the model sends one kind only.
    `received_at` is aware. Raises the DecodingError of the first frame that has one; Unsupported
    for a model or characteristic this program does not read.
    """
    beurer = model_with_own_form(model)
    if beurer is not None:
        return decode_beurer_captured(beurer, characteristic, frames, received_at=received_at)
    omron = decode_omron_captured(model, characteristic, frames)
    if omron is not None:
        identity = DeviceIdentity(manufacturer="OMRON", model=model.strip())
        return tuple(_reading(measured, identity, received_at) for measured in dict.fromkeys(omron))
    known = _known_model(model)
    uuid = _measurement(known, characteristic)
    identity = DeviceIdentity(manufacturer=known.manufacturer, model=known.model)
    # A link repeats a frame at once; the second of two packets may rightly come again later.
    decoded = MEASUREMENTS[uuid]([frame for frame, _ in groupby(frames)])
    return tuple(_reading(measured, identity, received_at) for measured in dict.fromkeys(decoded))


def _known_model(model: str) -> Recognised:
    if model.strip().lower() == GENERIC:
        return Recognised(manufacturer=None, model=GENERIC, driver=BLOOD_PRESSURE)
    known = recognise_model(model.strip())
    if known is None:
        raise Unsupported("this program does not read devices of this model")
    return known


def _measurement(known: Recognised, characteristic: str | None) -> str:
    """Return the UUID of the characteristic that the frames come from."""
    if characteristic is None:
        if keeps_other_records(known):
            raise Unsupported(
                "these bytes are no EEPROM record of this model as far as this program knows it",
                hint="name the characteristic if the bytes come from one: --characteristic 2A35",
            )
        return BLOOD_PRESSURE_MEASUREMENT
    uuid = full_uuid(characteristic)
    if uuid in _NO_RESULTS:
        raise Unsupported(
            "this characteristic tells progress or circumstances, never a result",
            hint=f"decode {_NO_RESULTS[uuid]} that goes with it",
        )
    readable = set(MEASUREMENTS) if known.model == GENERIC else {BLOOD_PRESSURE_MEASUREMENT}
    if uuid not in readable:
        raise Unsupported("this program does not read measurements from this characteristic")
    return uuid


def _reading(measured: Measured, identity: DeviceIdentity, received_at: datetime) -> Reading:
    return Reading(
        source=Source.BLUETOOTH,
        device=identity,
        measured_at=credible_time(measured.timestamp, None, received_at),
        received_at=received_at,
        clock=DeviceClock(device=measured.timestamp, trust=ClockTrust.UNKNOWN),
        user_slot=measured.user_id,
        sequence=measured.sequence,
        quantities=measured.quantities,
        flags=measured.flags,
        stored=measured.from_storage,
    )
