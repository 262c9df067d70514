"""Notifications of the extension to records: joined, decoded or refused, each by itself.

Only the weight of a scale's record is told: all else is computed from the profile of whoever the
scale takes the person for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.omron.extension import (
    BLOOD_PRESSURE_FORM,
    Form,
    decode_extension_blood_pressure,
    decode_packet,
    integer,
    measured_of,
    user_of,
    whole_records,
)
from ohx_desktop.ble.omron.extension_weight import WEIGHT_FORM, decode_extension_weight
from ohx_desktop.ble.omron.extension_weight import measured_of as measured_weight_of
from ohx_desktop.ble.omron.uuids import EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT
from ohx_desktop.ble.record import Record
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.quantity import QuantityKind

Judged = tuple[Record, DecodingError | None]
"""A record, and why it was refused, if it was."""

_SEQUENCES = 0x1_0000


def _weight(frames: Sequence[bytes]) -> Measured:
    measured = measured_weight_of(decode_extension_weight(frames))
    weight = (q for q in measured.quantities if q.kind is QuantityKind.BODY_WEIGHT)
    return replace(measured, quantities=tuple(weight))


def _blood_pressure(frames: Sequence[bytes]) -> Measured:
    return measured_of(decode_extension_blood_pressure(frames))


_FORMS: Mapping[str, tuple[Form, Callable[[Sequence[bytes]], Measured]]] = {
    EXTENSION_BLOOD_PRESSURE: (BLOOD_PRESSURE_FORM, _blood_pressure),
    EXTENSION_WEIGHT: (WEIGHT_FORM, _weight),
}


def records_of(
    characteristic: str, values: Sequence[bytes], *, received_at: datetime
) -> tuple[Judged, ...]:
    """Return what the notifications of one connection hold, as they came.

    A device may send its records twice in one connection: copies that say the same have the same
    `content`, and where two records of one number contradict each other none of them is believed.
    `received_at` is aware.
    """
    form, decode = _FORMS[characteristic]
    records = [_record(frames, form, decode, received_at) for frames in whole_records(values, form)]
    return tuple(_uncontradicted(records))


def _uncontradicted(records: Sequence[Judged]) -> Iterator[Judged]:
    said: dict[object, set[object]] = {}
    for record, error in records:
        if error is None:
            for name in _names(record):
                said.setdefault(name, set()).add((record.user_slot, record.content))
    for record, error in records:
        if error is None and any(len(said[name]) > 1 for name in _names(record)):
            contradiction = DecodingError("the device sent one record in two forms")
            yield replace(record, quantities=None), contradiction
        else:
            yield record, error


def _names(record: Record) -> tuple[object, ...]:
    """Return by what a record can be told from others: its number with its user, or its time."""
    if record.sequence is None:
        return ()
    return (record.user_slot, record.sequence), (record.sequence, record.stamp)


def newest_first(records: Sequence[Judged], latest: int | None) -> Iterator[Sequence[Judged]]:
    """Yield the records of each user, the newest first by their numbers.

    `latest` is the number of the newest, None where the device did not tell. Numbers begin anew
    after the last one of 16 bits. Where one is missing the records stay as they came.
    """
    for user in dict.fromkeys(record.user_slot for record, _ in records):
        of_user = [one for one in records if one[0].user_slot == user]
        numbers = [record.sequence for record, _ in of_user]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            newest = max(known) if latest is None else latest
            of_user.sort(key=lambda one: (newest - (one[0].sequence or 0)) % _SEQUENCES)
        yield of_user


def _record(
    frames: Sequence[bytes],
    form: Form,
    decode: Callable[[Sequence[bytes]], Measured],
    received_at: datetime,
) -> Judged:
    try:
        measured = decode(frames)
        content = repr((measured.sequence, measured.timestamp, measured.quantities)).encode()
        return (
            Record.of(measured, tuple(frames), received_at=received_at, content=content),
            None,
        )
    except DecodingError as error:
        return _refused(frames, form, received_at), error


def _refused(frames: Sequence[bytes], form: Form, received_at: datetime) -> Record:
    """Return what is still known of a record: when it was made, whose it is, its number."""
    fields: dict[str, object] = {}
    for frame in frames:
        try:
            fields |= decode_packet(frame, form).fields
        except DecodingError:
            continue
    stamp = fields.get("time")
    return Record(
        frames=tuple(frames),
        received_at=received_at,
        quantities=None,
        stamp=stamp if isinstance(stamp, datetime) else None,
        user_slot=user_of(fields),
        sequence=integer(fields, "sequence"),
    )
