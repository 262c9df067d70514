"""What the bytes of a used slot mean, whatever the device: the one way from EEPROM to a reading."""

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.omron.memory_map import MemoryMap, RecordForm, Unconfirmed
from ohx_desktop.ble.omron.record import CUFF_FORMS, decode_cuff_record
from ohx_desktop.ble.omron.record_values import measured_of
from ohx_desktop.ble.omron.scale_record import (
    decode_composition_record,
    decode_weight_record,
    measured_composition_of,
    measured_weight_of,
)
from ohx_desktop.domain.errors import DecodingError, Unsupported


def decode_stored_record(
    raw: bytes, memory: MemoryMap, *, user: int | None, unconfirmed: bool = False
) -> Measured:
    """Return what a record means; `user` is whose ring it lay in, None where not known.

    Layouts that nobody has seen at work are refused unless `unconfirmed` asks for them. Raises
    Unsupported, Truncated, TrailingBytes, MeasurementFailed, Implausible, and DecodingError for an
    empty slot and for bytes that are no record.
    """
    if Unconfirmed.RECORD in memory.unconfirmed and not unconfirmed:
        raise Unsupported("nobody has confirmed how this model keeps its records")
    if memory.record in CUFF_FORMS:
        record = decode_cuff_record(raw, memory)
        measured = None if record is None else measured_of(record, memory, user=user)
    elif memory.record is RecordForm.WEIGHT_16:
        weight = decode_weight_record(raw, memory)
        measured = None if weight is None else measured_weight_of(weight, user=user)
    elif memory.record is RecordForm.COMPOSITION_48:
        composition = decode_composition_record(raw, memory)
        measured = None if composition is None else measured_composition_of(composition, user=user)
    else:
        raise Unsupported(
            "sources disagree on the step of the weight in this scale's memory",
            hint="take the weight from the scale's own services in standard mode",
        )
    if measured is None:
        raise DecodingError(
            "the slot is empty",
            meaning="there is no reading in these bytes",
            hint="take the bytes of another slot",
        )
    return measured
