"""The values of a glucose meter to records: a measurement and, where announced, its context.

Both carry the number of the record, by which they are joined. A measurement whose context never
comes stands alone: the context tells of the meal, the value is certain without.

Source: Glucose Service 1.0.1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ohx_desktop.ble.assigned_numbers import GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT
from ohx_desktop.ble.codec.glucose import GlucoseMeasurement, decode_glucose_measurement
from ohx_desktop.ble.codec.glucose_context import GlucoseContext, decode_glucose_context
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.record import Record
from ohx_desktop.domain.errors import DecodingError

MeaningOf = Callable[[GlucoseMeasurement, GlucoseContext | None], Measured]
"""Tells what a measurement and its context mean. Raises the DecodingError family."""

Taken = tuple[Record, DecodingError | None]


@dataclass(slots=True)
class GlucoseRecords:
    """Joins the values of one transfer."""

    meaning_of: MeaningOf
    _waiting: dict[int, tuple[bytes, GlucoseMeasurement, datetime]] = field(default_factory=dict)
    _contexts: dict[int, tuple[bytes, GlucoseContext]] = field(default_factory=dict)

    def add(self, characteristic: str, frame: bytes, received_at: datetime) -> Iterator[Taken]:
        """Take a value and yield the record it completes, with the reason where it is refused."""
        if characteristic == GLUCOSE_MEASUREMENT:
            yield from self._add_measurement(frame, received_at)
        elif characteristic == GLUCOSE_MEASUREMENT_CONTEXT:
            yield from self._add_context(frame)

    def close(self) -> Iterator[Taken]:
        """Yield the measurements whose context did not come."""
        waiting, self._waiting = self._waiting, {}
        for frame, parts, received_at in waiting.values():
            yield self._record((frame,), parts, None, received_at)

    def _add_measurement(self, frame: bytes, received_at: datetime) -> Iterator[Taken]:
        try:
            parts = decode_glucose_measurement(frame)
        except DecodingError as error:
            yield Record(frames=(frame,), received_at=received_at, quantities=None), error
            return
        context = self._contexts.pop(parts.sequence, None)
        if context is not None:
            yield self._record((frame, context[0]), parts, context[1], received_at)
        elif parts.has_context:
            earlier = self._waiting.pop(parts.sequence, None)
            if earlier is not None and earlier[0] != frame:  # two records of one number
                yield self._record((earlier[0],), earlier[1], None, earlier[2])
            self._waiting[parts.sequence] = frame, parts, received_at
        else:
            yield self._record((frame,), parts, None, received_at)

    def _add_context(self, frame: bytes) -> Iterator[Taken]:
        try:
            context = decode_glucose_context(frame)
        except DecodingError:
            return  # the measurement stands without it
        waiting = self._waiting.pop(context.sequence, None)
        if waiting is None:
            self._contexts[context.sequence] = frame, context
            return
        measurement, parts, received_at = waiting
        yield self._record((measurement, frame), parts, context, received_at)

    def _record(
        self,
        frames: tuple[bytes, ...],
        parts: GlucoseMeasurement,
        context: GlucoseContext | None,
        received_at: datetime,
    ) -> Taken:
        # The context may come with one copy and not with another.
        record = Record(
            frames=frames,
            received_at=received_at,
            quantities=None,
            stamp=parts.timestamp,
            sequence=parts.sequence,
            content=frames[0],
        )
        try:
            measured = self.meaning_of(parts, context)
        except DecodingError as error:
            return record, error
        return (
            replace(
                record,
                quantities=measured.quantities,
                flags=measured.flags,
                stamp=measured.timestamp,
            ),
            None,
        )
