"""Frames of a scale with the service FFE0 to whole weighings, whoever asked for them.

A result comes in three parts (a user, two halves of a record), a stored record in two. Halves are
joined only when they follow one another; a lost one loses the record, never mixes two. A stable
weight stands alone if no result follows it; the same weighing is never told twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal

from ohx_desktop.ble.beurer.ffe0 import Command
from ohx_desktop.ble.beurer.ffe0_frames import (
    LiveWeight,
    Part,
    UnknownRecord,
    decode_frame,
)
from ohx_desktop.ble.beurer.ffe0_record import (
    Record,
    decode_record,
    decode_unknown_record,
    quantities_of,
    weight_only,
)
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError, Truncated, Unsupported

_RESULT_PARTS = 3
_STORED_PARTS = 2


@dataclass(slots=True)
class Collector:
    """Joins the frames of one connection to records and refusals."""

    _parts: list[tuple[bytes, Part]] = field(default_factory=list)
    _last: bytes = b""
    _stable: tuple[bytes, Decimal] | None = None
    _told: set[Record] = field(default_factory=set)
    _told_kg: Decimal | None = None

    def add(self, frame: bytes) -> Iterator[ScaleRecord | DecodingError]:
        """Take a frame and yield what it completes. A frame sent twice in a row counts once."""
        if frame == self._last:
            return
        self._last = frame
        try:
            decoded = decode_frame(frame)
        except DecodingError as error:
            yield error
            return
        if isinstance(decoded, LiveWeight):
            yield from self._add_weight(frame, decoded)
        elif isinstance(decoded, Part):
            yield from self._add_part(frame, decoded)
        elif isinstance(decoded, UnknownRecord):
            record = decode_unknown_record(decoded.content)
            yield from self._tell((frame,), record, decoded.content, is_live=False)

    def close(self) -> Iterator[ScaleRecord | DecodingError]:
        """Yield what is left when no more comes: a weight alone, the refusal of half a record."""
        if self._parts:
            self._parts.clear()
            yield _part_missing()
        if self._stable is not None:
            frame, self._told_kg = self._stable
            self._stable = None
            yield _weight_alone(frame, self._told_kg)

    def _add_weight(
        self, frame: bytes, weight: LiveWeight
    ) -> Iterator[ScaleRecord | DecodingError]:
        if self._parts and self._parts[0][1].command is Command.RESULT_PART:
            yield _part_missing()
        # A weighing ends the fetching of stored records: half a one is fetched again.
        self._parts.clear()
        if not weight.is_stable:
            self._told_kg = None
        elif weight.weight_kg and weight.weight_kg != self._told_kg:
            self._stable = frame, weight.weight_kg

    def _add_part(self, frame: bytes, part: Part) -> Iterator[ScaleRecord | DecodingError]:
        is_result = part.command is Command.RESULT_PART
        parts = _RESULT_PARTS if is_result else _STORED_PARTS
        if part.count % parts or (is_result and part.count != parts):
            yield Unsupported("the scale cuts its records in a way this program does not know")
            return
        place = (part.current - 1) % parts
        if place != len(self._parts) or (place and not _follow(self._parts[-1][1], part)):
            yield _part_missing()
            self._parts.clear()
            if place:
                return
        self._parts.append((frame, part))
        if len(self._parts) == parts:
            yield from self._complete(is_live=is_result)

    def _complete(self, *, is_live: bool) -> Iterator[ScaleRecord | DecodingError]:
        frames = tuple(frame for frame, _ in self._parts)
        content = b"".join(part.content for _, part in self._parts[-2:])
        self._parts.clear()
        record = decode_record(content, is_live=is_live)
        if is_live:
            self._stable, self._told_kg = None, record.weight_kg
        yield from self._tell(frames, record, content, is_live=is_live)

    def _tell(
        self, frames: tuple[bytes, ...], record: Record, content: bytes, *, is_live: bool
    ) -> Iterator[ScaleRecord | DecodingError]:
        if record not in self._told:
            self._told.add(record)
            # Parts tell their place among those of a transfer, which is another one next time; a
            # live result has a mark in the highest bit of its time.
            content = bytes((content[0] & 0x7F,)) + content[1:]
            yield _record_or_refusal(frames, record, content, is_live=is_live)


def _part_missing() -> Truncated:
    return Truncated("a part of the record did not arrive")


def _follow(before: Part, part: Part) -> bool:
    return (
        part.command is before.command
        and part.variant is before.variant
        and part.count == before.count
        and part.current == before.current + 1
    )


def _record_or_refusal(
    frames: tuple[bytes, ...], record: Record, content: bytes, *, is_live: bool
) -> ScaleRecord | DecodingError:
    try:
        quantities = quantities_of(record)
    except DecodingError as error:
        return error
    return ScaleRecord(
        frames=frames,
        measured=Measured(
            quantities=quantities, has_time=True, timestamp=record.stamp, from_storage=not is_live
        ),
        stamp_zone=UTC,
        is_live=is_live,
        content=content,
    )


def _weight_alone(frame: bytes, weight_kg: Decimal) -> ScaleRecord | DecodingError:
    try:
        quantities = weight_only(weight_kg)
    except DecodingError as error:
        return error
    measured = Measured(quantities=quantities, has_time=False, timestamp=None)
    return ScaleRecord(frames=(frame,), measured=measured, is_live=True)
