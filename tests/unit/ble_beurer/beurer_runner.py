"""Runs a dialogue against a peer: the scale's side of the link, scripted or simulated."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ohx_desktop.ble.dialogue import (
    Answer,
    Dialogue,
    Expect,
    Heard,
    HostTime,
    Read,
    Step,
    Subscribe,
    T,
    Tell,
    Write,
)
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Peer:
    """A device. `on_write` sees every write and may `send`; `silences` are the waits in vain."""

    on_write: Callable[["Peer", str, bytes], None] = lambda _peer, _uuid, _value: None
    values: dict[str, bytes] = field(default_factory=dict)
    writes: list[tuple[str, bytes]] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    silences: list[float] = field(default_factory=list)
    records: list[ScaleRecord] = field(default_factory=list)
    refusals: list[DecodingError] = field(default_factory=list)
    inbox: deque[Heard] = field(default_factory=deque)

    def send(self, characteristic: str, *values: str | bytes) -> None:
        for value in values:
            raw = value if isinstance(value, bytes) else bytes.fromhex(value)
            self.inbox.append(Heard(characteristic, raw))

    def run(self, dialogue: Dialogue[T]) -> T:
        answer: Answer = None
        while True:
            try:
                step = dialogue.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = self.take(step)

    def take(self, step: Step) -> Answer:
        match step:
            case Subscribe(characteristic):
                self.subscribed.append(characteristic)
            case Write(characteristic, value):
                self.writes.append((characteristic, value))
                self.on_write(self, characteristic, value)
            case Read(characteristic):
                raw = self.values.get(characteristic)
                return None if raw is None else Heard(characteristic, raw)
            case Expect(timeout_s):
                if self.inbox:
                    return self.inbox.popleft()
                self.silences.append(timeout_s)
            case HostTime():
                return NOW
            case Tell(news):
                if isinstance(news, DecodingError):
                    self.refusals.append(news)
                else:
                    self.records.append(news)
        return None
