"""Captured bytes of Omron's own forms to what they mean: the Omron part of `ble.captured`.

A name that stands for several memory maps does no harm here where their records have the same
form, or forms of different lengths; otherwise the bytes are refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from ohx_desktop.ble.assigned_numbers import full_uuid
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.omron.extension import decode_blood_pressures
from ohx_desktop.ble.omron.extension_weight import decode_weights
from ohx_desktop.ble.omron.memory_map import MemoryMap, RecordForm, Trailer, Unconfirmed
from ohx_desktop.ble.omron.models import candidates_for_name
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.omron.uuids import EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT
from ohx_desktop.domain.errors import TrailingBytes, Truncated, Unsupported

_EXTENSIONS: Mapping[str, Callable[[Sequence[bytes]], tuple[Measured, ...]]] = {
    EXTENSION_BLOOD_PRESSURE: decode_blood_pressures,
    EXTENSION_WEIGHT: decode_weights,
}
_OMRON_NAME = re.compile(r"(HEM|HBF|HN|KRD|BCM|SC)-.+|BP\d+.*", re.IGNORECASE)
# What the flags of a Blood Pressure Measurement add to its seven bytes; larger flags are reserved.
_FLAG_LENGTHS = {0x02: 7, 0x04: 2, 0x08: 1, 0x10: 2}
_SHORTEST_MEASUREMENT, _LARGEST_FLAGS = 7, 0x1F


def decode_omron_captured(
    model: str, characteristic: str | None, frames: Sequence[bytes]
) -> tuple[Measured, ...] | None:
    """Return what captured bytes mean, None where they are not in a form of Omron's own.

    Without a characteristic they are EEPROM records, or else standard measurements, which are not
    decoded here. Raises the DecodingError of the first frame that has one.
    """
    frames = [frame for frame, _ in groupby(frames)]  # a link repeats a frame at once
    if characteristic is not None:
        decode = _EXTENSIONS.get(full_uuid(characteristic))
        is_omron = _OMRON_NAME.fullmatch(model.strip()) or candidates_for_name(model).maps
        return decode(frames) if decode is not None and is_omron else None
    if any(is_eeprom_record(model, frame) for frame in frames):
        return tuple(decode_record(model, frame) for frame in frames)
    return None


def is_eeprom_record(model: str, frame: bytes) -> bool:
    """Tell whether bare bytes have the length of a model's records and are no measurement.

    A standard measurement says its own length by its flags; a record that says the same by chance
    holds a pressure that hardly anybody can have.
    """
    sizes = {memory.record.size for memory in candidates_for_name(model).maps}
    return len(frame) in sizes and not _has_announced_length(frame)


def _has_announced_length(frame: bytes) -> bool:
    announced = sum(length for flag, length in _FLAG_LENGTHS.items() if frame[0] & flag)
    return frame[0] <= _LARGEST_FLAGS and len(frame) == _SHORTEST_MEASUREMENT + announced


def decode_record(model: str, frame: bytes) -> Measured:
    """Return what one record in the EEPROM of a model means.

    Raises Unsupported, also for layouts that nobody has seen at work, Truncated, TrailingBytes,
    MeasurementFailed, Implausible, and DecodingError for an empty slot and for bytes that are no
    record.
    """
    return decode_stored_record(frame, _memory(model, frame), user=None)


def _memory(model: str, frame: bytes) -> MemoryMap:
    """Return the map whose record form is certain for bytes of this length."""
    maps = candidates_for_name(model).maps
    if not maps:
        raise Unsupported("this program does not know the memory of this model")
    sizes = {memory.record.size for memory in maps}
    fitting = [memory for memory in maps if memory.record.size == len(frame)]
    if not fitting:
        error = Truncated if len(frame) < min(sizes) else TrailingBytes
        raise error(
            f"EEPROM record: {len(frame)} bytes, but this model keeps "
            + " or ".join(str(size) for size in sorted(sizes))
        )
    first = fitting[0]
    if any(_meaning(other) != _meaning(first) for other in fitting):
        raise Unsupported(
            "several models with this name keep records of different forms",
            hint="name the model as its label does, such as HEM-7322T-E",
        )
    return first


def _meaning(memory: MemoryMap) -> tuple[RecordForm, Trailer, bool, bool, bool]:
    """Return all of a map that the meaning of a record depends on."""
    return (
        memory.record,
        memory.trailer,
        memory.counts_records,
        memory.reports_fit,
        Unconfirmed.RECORD in memory.unconfirmed,
    )
