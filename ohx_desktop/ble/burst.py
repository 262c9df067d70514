"""The records of one connection: each kept at once, and told as soon as it is certain what it is.

What a device may forget is kept whatever it is: new, stored, refused. Of a device that can be asked
again only new readings are.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from ohx_desktop.ble.events import ReadingReceived, RecordRefused
from ohx_desktop.ble.keeping import HeardRecord, forgets
from ohx_desktop.ble.memory import Judge
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.ble.session import Conversation
from ohx_desktop.domain.errors import DecodingError, DeviceError
from ohx_desktop.domain.reading import Reading

# The largest memory known holds a thousand records; who sends twice as many sends without end.
MOST_RECORDS = 2000


class Burst:
    """Takes records in the order they come and tells their readings.

    `add`, `take` and `refuse` raise DeviceError for a device that sends without end.
    """

    def __init__(self, judge: Judge, conversation: Conversation) -> None:
        self._judge = judge
        self._conversation = conversation
        self._forgets = forgets(conversation.recognised)
        self._records: list[Record] = []
        self._frames: set[bytes] = set()
        self._told_before: set[int] = set()
        self._held: list[tuple[Record, DecodingError | None]] = []
        self._count = 0
        self.has_records = self.has_new = False

    @classmethod
    def of(cls, conversation: Conversation, offset: timedelta | None = None) -> Self:
        """Return the burst of an identified device; `offset` is its clock minus the host's."""
        judge = Judge(
            identity=conversation.who, session_began=conversation.session_began, offset=offset
        )
        return cls(judge, conversation)

    def judge_by(self, offset: timedelta | None) -> None:
        """Judge by a clock that was measured only now, before any record came."""
        self._judge = replace(self._judge, offset=offset)

    def add(self, record: Record, error: DecodingError | None = None) -> bool:
        """Take a record, or one that was refused; tell whether it is surely an old one.

        What this listening has met is not told again; what an earlier connection brought still
        shows that other records are older.
        """
        self.has_records = True
        slot = b"" if record.user_slot is None else bytes([record.user_slot & 0xFF])
        content = b"".join(record.frames) if record.content is None else record.content
        frames = slot + content
        if frames in self._frames:
            return self._judge.lay_in_memory(record)
        self._frames.add(frames)
        self._count_one_more()
        first_met = self._conversation.first_met(frames)
        if first_met is not None:
            record = replace(record, seen_before=True)
        self._records.append(record)
        if first_met is self._conversation.listening:
            self._told_before.add(id(record))
            return self._judge.lay_in_memory(replace(record, seen_before=False))
        if error is None and (reading := self._judge.judge_at_once(record)) is not None:
            self._tell(reading, record)
            return False
        is_old = self._judge.lay_in_memory(record)
        if error is not None:
            self._refuse(error, record, stored=is_old)
        elif self._forgets:
            self._conversation.keep(
                self._heard(record, self._judge.unjudged(record, stored=is_old))
            )
        return is_old

    def rescue(self, record: Record) -> None:
        """Take a record of a transfer that broke off, if it is certain that it is new.

        The others are left for the next time, when all that is needed to judge them is there.
        """
        if record.quantities and self._judge.judge_at_once(record) is not None:
            self.add(record)

    @property
    def latest_stamp(self) -> datetime | None:
        """The latest time (naive) that a record had by the device's own clock."""
        return max((r.stamp for r in self._records if r.stamp is not None), default=None)

    def hold(self, record: Record, error: DecodingError | None = None) -> None:
        """Take a record of a transfer that tells its end.

        Without a measured clock only the whole of it can be judged, so until `release` nothing is
        told; a transfer that breaks off leaves no trace, and is asked for again.
        """
        if self._judge.offset is not None and record.stamp is not None:
            self.add(record, error)
        else:
            self._held.append((record, error))

    def release(self) -> None:
        """Take what was held: the transfer is whole."""
        held, self._held = self._held, []
        for record, error in held:
            self.add(record, error)

    def take(self, weighing: ScaleRecord) -> None:
        """Take what a scale told."""
        is_stored = weighing.measured.from_storage
        self.add(
            Record.of(
                weighing.measured,
                weighing.frames,
                received_at=self._conversation.now(),
                zone=weighing.stamp_zone,
                is_live=False if is_stored else weighing.is_live,
                content=weighing.content,
            )
        )

    def refuse(self, error: DecodingError, *, stored: bool) -> None:
        """Tell of a refusal that belongs to no record in particular."""
        self.has_records = True
        self._count_one_more()
        heard = None
        if self._forgets and error.frames:
            heard = HeardRecord(
                device=self._conversation.who,
                frames=error.frames,
                reading=None,
                refusal=error,
                is_stored=stored,
            )
        self._conversation.tell(RecordRefused(error=error, stored=stored), heard)

    def close(self) -> None:
        """Tell the readings that only the whole burst could judge."""
        for record, reading in self._judge.judge_burst(self._records):
            if id(record) not in self._told_before:
                self._tell(reading, record)

    def _count_one_more(self) -> None:
        self._count += 1
        if self._count > MOST_RECORDS:
            raise DeviceError(
                "the device sends more records than any memory holds",
                hint="switch the device off and on; if it happens again, report it to support",
            )

    def _tell(self, reading: Reading, record: Record) -> None:
        self.has_new |= not reading.stored
        heard = None
        if self._forgets or not reading.stored:
            heard = self._heard(record, reading)
        self._conversation.tell(ReadingReceived(reading=reading, frames=record.frames), heard)

    def _refuse(self, error: DecodingError, record: Record, *, stored: bool) -> None:
        heard = None
        if self._forgets:
            heard = replace(self._heard(record, None), refusal=error, is_stored=stored)
        self._conversation.tell(RecordRefused(error=error, stored=stored), heard)

    def _heard(self, record: Record, reading: Reading | None) -> HeardRecord:
        return HeardRecord(
            device=self._conversation.who,
            frames=record.frames,
            reading=reading,
            is_stored=reading is not None and reading.stored,
        )
