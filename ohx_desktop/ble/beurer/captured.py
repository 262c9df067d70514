"""Captured bytes of Beurer devices to Readings, for the models that have a form of their own.

Bytes of a SIG scale may come from two characteristics without saying which; the forms that these
scales send differ in length and first bytes, and nothing else is taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import chain

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_MEASUREMENT,
    BODY_COMPOSITION_MEASUREMENT,
    GLUCOSE_MEASUREMENT,
    TEMPERATURE_MEASUREMENT,
    WEIGHT_MEASUREMENT,
    full_uuid,
)
from ohx_desktop.ble.beurer.ffe0 import FFE1
from ohx_desktop.ble.beurer.ffe0_collector import Collector
from ohx_desktop.ble.beurer.glucose_values import measured_of_beurer
from ohx_desktop.ble.beurer.model import Family, Model
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.beurer.po60 import ANSWER, Messages
from ohx_desktop.ble.beurer.po60_messages import StoredOximetry, decode_answer
from ohx_desktop.ble.beurer.po60_messages import measured_of as oximetry_of
from ohx_desktop.ble.beurer.scale_weighing import Weighings
from ohx_desktop.ble.beurer.swapped_blood_pressure import decode_blood_pressure_of
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.codec.body_composition import decode_body_composition
from ohx_desktop.ble.codec.body_composition_values import measured_of as composition_of
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.health_thermometer import decode_temperature_measurement
from ohx_desktop.ble.codec.health_thermometer_values import measured_of as temperature_of
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.device_clock import credible_time
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import DecodingError, Unsupported
from ohx_desktop.domain.reading import Reading, Source

_OWN_FORMS = frozenset(
    {
        Family.SWAPPED_BLOOD_PRESSURE,
        Family.BLOOD_PRESSURE_STREAM,
        Family.SIG_SCALE,
        Family.FFE0_SCALE,
        Family.THERMOMETER,
        Family.OXIMETER,
        Family.GLUCOSE,
    }
)
# Flags and lengths of what these scales send: weight, time, user, index and height; and a
# composition without time and user.
_WEIGHT_FORM = (b"\x0e", 15)
_COMPOSITION_FORM = (b"\x98\x03", 14)

_Measured = tuple[Measured, tzinfo | None]


def model_with_own_form(name: str) -> Model | None:
    """Return the Beurer model of this name if it is decoded here, None for all others."""
    model = model_named(name)
    return model if model is not None and model.family in _OWN_FORMS else None


def decode_beurer_captured(
    model: Model, characteristic: str | None, frames: Sequence[bytes], *, received_at: datetime
) -> tuple[Reading, ...]:
    """Decode notifications in their order; one bad frame refuses all.

    `characteristic` is a 16- or 128-bit UUID, None where the model's own form tells.
    `received_at` is aware. Raises the DecodingError of the first frame that has one; Unsupported
    for a characteristic or a model that is not read, and where there is no whole measurement.
    """
    if not model.is_read_by_default:
        raise Unsupported("nobody has shown how this model sends its values, so it is not read")
    uuid = None if characteristic is None else full_uuid(characteristic)
    identity = DeviceIdentity(manufacturer=model.manufacturer, model=model.name)
    decode = {
        Family.SWAPPED_BLOOD_PRESSURE: _blood_pressures,
        Family.SIG_SCALE: _sig_weighings,
        Family.FFE0_SCALE: _ffe0_weighings,
        Family.THERMOMETER: _temperatures,
        Family.OXIMETER: _oximetries,
        Family.GLUCOSE: _glucoses,
    }[model.family]
    readings = tuple(
        _reading(measured, zone, identity, received_at)
        for measured, zone in dict.fromkeys(decode(model, uuid, frames))
    )
    if not readings:
        raise Unsupported("progress and circumstances only: there is no whole measurement in it")
    return readings


def _blood_pressures(
    model: Model, uuid: str | None, frames: Sequence[bytes]
) -> Iterator[_Measured]:
    _require(uuid, BLOOD_PRESSURE_MEASUREMENT)
    for frame in frames:
        parts = decode_blood_pressure_of(model, frame)
        measured = Measured(
            quantities=quantities_of(parts),
            flags=flags_of(parts),
            has_time=parts.has_time,
            timestamp=parts.timestamp,
            user_id=parts.user_id,
        )
        yield measured, None


def _sig_weighings(_: Model, uuid: str | None, frames: Sequence[bytes]) -> Iterator[_Measured]:
    _require(uuid, WEIGHT_MEASUREMENT, BODY_COMPOSITION_MEASUREMENT)
    if uuid == BODY_COMPOSITION_MEASUREMENT:
        yield from ((composition_of(decode_body_composition(frame)), None) for frame in frames)
        return
    weighings = Weighings(keeps_estimates=True)
    news = chain.from_iterable(
        weighings.add(uuid or _characteristic_of(frame), frame) for frame in frames
    )
    yield from _whole(chain(news, weighings.close()))


def _ffe0_weighings(_: Model, uuid: str | None, frames: Sequence[bytes]) -> Iterator[_Measured]:
    _require(uuid, FFE1)
    collector = Collector()
    news = chain.from_iterable(collector.add(frame) for frame in frames)
    yield from _whole(chain(news, collector.close()))


def _temperatures(_: Model, uuid: str | None, frames: Sequence[bytes]) -> Iterator[_Measured]:
    _require(uuid, TEMPERATURE_MEASUREMENT)
    for frame in frames:
        yield temperature_of(decode_temperature_measurement(frame), needs_type=True), None


def _oximetries(_: Model, uuid: str | None, frames: Sequence[bytes]) -> Iterator[_Measured]:
    _require(uuid, ANSWER)
    messages = Messages()
    whole = chain.from_iterable(messages.add(frame) for frame in frames)
    for message in chain(whole, messages.close()):
        if isinstance(message, DecodingError):
            raise message
        answer = decode_answer(message)
        if isinstance(answer, StoredOximetry):
            yield oximetry_of(answer), None


def _glucoses(_: Model, uuid: str | None, frames: Sequence[bytes]) -> Iterator[_Measured]:
    _require(uuid, GLUCOSE_MEASUREMENT)
    for frame in frames:
        yield measured_of_beurer(decode_glucose_measurement(frame)), None


def _whole(all_news: Iterable[ScaleRecord | DecodingError]) -> Iterator[_Measured]:
    for news in all_news:
        if isinstance(news, DecodingError):
            raise news
        yield news.measured, news.stamp_zone


def _characteristic_of(frame: bytes) -> str:
    for uuid, (flags, length) in (
        (WEIGHT_MEASUREMENT, _WEIGHT_FORM),
        (BODY_COMPOSITION_MEASUREMENT, _COMPOSITION_FORM),
    ):
        if frame.startswith(flags) and len(frame) == length:
            return uuid
    raise Unsupported(
        "the bytes do not have a form that these scales are known to send",
        hint="name the characteristic they come from: --characteristic 2A9D",
    )


def _require(uuid: str | None, *readable: str) -> None:
    if uuid is not None and uuid not in readable:
        raise Unsupported("this program does not read measurements from this characteristic")


def _reading(
    measured: Measured, zone: tzinfo | None, identity: DeviceIdentity, received_at: datetime
) -> Reading:
    return Reading(
        source=Source.BLUETOOTH,
        device=identity,
        measured_at=credible_time(measured.timestamp, zone, received_at),
        received_at=received_at,
        clock=DeviceClock(device=measured.timestamp, trust=ClockTrust.UNKNOWN),
        user_slot=measured.user_id,
        sequence=measured.sequence,
        quantities=measured.quantities,
        flags=measured.flags,
        stored=measured.from_storage,
    )
