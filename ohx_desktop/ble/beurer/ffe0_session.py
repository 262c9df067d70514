"""A visit to a scale with the service FFE0, as steps: greet, fetch what is stored, weigh, leave.

Whoever steps on the scale while stored records are fetched ends that command; the weighing comes
first then, and fetching begins anew. Nothing is deleted by the way: `delete_stored` is for the one
who has seen the records safe.

Sources: published programs for BF700, BF710, BF800 and SBF70, and their maintainers' notes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ohx_desktop.ble.beurer.ffe0 import (
    FFE1,
    NOBODY,
    Command,
    Variant,
    acknowledgement,
    command,
    end,
    set_time,
    start,
)
from ohx_desktop.ble.beurer.ffe0_collector import Collector
from ohx_desktop.ble.beurer.ffe0_frames import (
    Frame,
    LiveWeight,
    Part,
    Reply,
    Started,
    Status,
    UnknownRecord,
    decode_frame,
)
from ohx_desktop.ble.dialogue import Dialogue, Tell, Write, hear, host_time
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError, DeviceError, DeviceSilent

# The published programs wait so long for an answer.
REPLY_S = 4.0
# The composition follows the stable weight after ten to twelve seconds.
RESULT_S = 15.0
# Somebody must step on the scale first.
STEP_ON_S = 60.0
# Who steps on and off again and again shall not keep the visit from its end.
_MOST_INTERRUPTIONS = 3
_SHORTEST = 2


class _SteppedOnError(Exception):
    """Somebody stepped on the scale, which ended the command that was running."""


@dataclass(slots=True)
class Visit:
    """One connection to a scale. `uid` is the user to act for; the default is nobody.

    Published programs act for a user they made. That a scale takes nobody's status request is
    known; what it then makes of a weighing (weight alone, or nothing), no source tells.

    Every method is a dialogue over FFE1, which is subscribed before. Raises DeviceSilent where the
    scale does not answer.
    """

    variant: Variant
    uid: bytes = NOBODY
    _collector: Collector = field(default_factory=Collector)
    _has_weighed: bool = False
    _has_told: bool = False

    def whole(self) -> Dialogue[None]:
        """Greet, take what is stored, take a weighing, and leave.

        The scale sends what it knows of `uid` and of persons it does not know.
        """
        yield from self.greet()
        yield from self.fetch_stored()
        if not self._has_weighed:
            yield from self.weigh()
        yield from self.leave()

    def greet(self) -> Dialogue[None]:
        """Start and set the clock, without which the times of records are wrong."""
        yield Write(FFE1, start(self.variant))
        yield from self._await(lambda frame: isinstance(frame, Started))
        now = yield from host_time()
        yield Write(FFE1, set_time(self.variant, int(now.timestamp())))

    def fetch_stored(self) -> Dialogue[None]:
        """Take the stored records of the user, if the scale knows him, and of unknown persons.

        Given up after some interruptions: the records are there at the next visit.
        """
        for _ in range(_MOST_INTERRUPTIONS):
            try:
                yield from self._fetch_uninterrupted()
            except _SteppedOnError:
                yield from self._weighing(RESULT_S)
            else:
                return

    def weigh(self, step_on_s: float = STEP_ON_S) -> Dialogue[None]:
        """Take one weighing of whoever steps on within `step_on_s`.

        Raises DeviceSilent where somebody stood on the scale and no result came.
        """
        yield Write(FFE1, command(self.variant, Command.MEASURE, self.uid))
        self._has_told = False
        is_result_due = yield from self._weighing(step_on_s)
        if is_result_due and not self._has_told:
            raise DeviceSilent(
                "the scale did not tell the result of a weighing",
                hint="step off the scale, wait until it is dark, and weigh again",
            )

    def delete_stored(self) -> Dialogue[None]:
        """Delete the user's stored records: only when every one of them is safe elsewhere."""
        reply = yield from self._ask(Command.DELETE_STORED, self.uid)
        if not isinstance(reply, Reply) or reply.first:
            raise DeviceError("the scale did not delete its stored records")

    def leave(self) -> Dialogue[None]:
        """Have the scale disconnect."""
        yield Write(FFE1, end(self.variant))
        yield from self._tell_rest()

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def _fetch_uninterrupted(self) -> Dialogue[None]:
        status = yield from self._ask(Command.STATUS, self.uid, interruptible=True)
        if isinstance(status, Status) and status.is_user_known and status.has_measurements:
            reply = yield from self._ask(Command.FETCH_STORED, self.uid, interruptible=True)
            if isinstance(reply, Reply) and reply.first:
                yield from self._await_last(Command.STORED_PART)
        reply = yield from self._ask(Command.FETCH_UNKNOWN, interruptible=True)
        if isinstance(reply, Reply) and reply.first == 0:
            yield from self._await_last(Command.UNKNOWN_RECORD)

    def _ask(
        self, code: Command, uid: bytes = b"", *, interruptible: bool = False
    ) -> Dialogue[Frame]:
        yield Write(FFE1, command(self.variant, code, uid))
        return (
            yield from self._await(lambda frame: _answers(frame, code), interruptible=interruptible)
        )

    def _await(
        self, is_it: Callable[[Frame], bool], *, interruptible: bool = False
    ) -> Dialogue[Frame]:
        while (frame := (yield from self._receive(REPLY_S))) is not None:
            if interruptible and isinstance(frame, LiveWeight):
                raise _SteppedOnError
            if is_it(frame):
                return frame
        raise DeviceSilent(
            "the scale does not answer",
            hint="press the button of the scale, or step on it, and try again",
        )

    def _await_last(self, code: Command) -> Dialogue[None]:
        """Take parts until the last one; after a silence, what came is told as far as it goes."""
        while True:
            frame = yield from self._receive(REPLY_S)
            if isinstance(frame, LiveWeight):
                raise _SteppedOnError
            if frame is None or _is_last(frame, code):
                break
        yield from self._tell_rest()

    def _weighing(self, step_on_s: float) -> Dialogue[bool]:
        """Take frames until a result is complete, or a stable weight has stood alone long enough.

        Returns whether somebody stood on the scale and the result is missing. Without anybody on
        it nothing is told: stored records may have come all the same.
        """
        patience_s, is_result_due = step_on_s, False
        while (frame := (yield from self._receive(patience_s))) is not None:
            if _is_last(frame, Command.RESULT_PART):
                is_result_due = False
                break
            if isinstance(frame, LiveWeight | Part):
                patience_s, is_result_due = RESULT_S, True
        yield from self._tell_rest()
        return is_result_due

    def _receive(self, within_s: float) -> Dialogue[Frame | None]:
        """Return the next frame that can be decoded, acknowledged and told; None on silence."""
        while (heard := (yield from hear(within_s))) is not None:
            if heard.characteristic != FFE1 or len(heard.value) < _SHORTEST:
                continue
            answer = acknowledgement(heard.value)
            if answer is not None:
                yield Write(FFE1, answer)
            yield from self._tell(self._collector.add(heard.value))
            try:
                return decode_frame(heard.value)
            except DecodingError:
                continue  # told by the collector
        return None

    def _tell_rest(self) -> Dialogue[None]:
        yield from self._tell(self._collector.close())

    def _tell(self, all_news: Iterable[ScaleRecord | DecodingError]) -> Dialogue[None]:
        for news in all_news:
            self._has_told = True
            self._has_weighed |= isinstance(news, ScaleRecord) and news.is_live is True
            yield Tell(news)


def _answers(frame: Frame, code: Command) -> bool:
    if code is Command.STATUS:
        return isinstance(frame, Status)
    return isinstance(frame, Reply) and frame.command is code


def _is_last(frame: Frame, code: Command) -> bool:
    if not isinstance(frame, Part | UnknownRecord) or frame.current < frame.count:
        return False
    is_of = frame.command if isinstance(frame, Part) else Command.UNKNOWN_RECORD
    return is_of is code
