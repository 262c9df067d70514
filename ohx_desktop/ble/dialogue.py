"""What a dialogue with a device is made of: steps to take, and the answers they get.

A dialogue is a generator. It yields a step; whoever runs it (`driving`) takes the step over some
link and sends the answer back; its return value is the result. The rules for a runner:

- values of all subscribed characteristics wait in one queue, in the order they came;
- `Expect` takes the next of them as `Heard`, or None when none came in time;
- `Read` is answered by `Heard`, or None where the device does not give the value;
- `HostTime` is answered by the aware time of this computer, every other step by None;
- an error of a step is thrown into the dialogue at that step;
- to leave early, throw an OhxError into it and take the steps that still come: it then takes its
  leave of the device, which otherwise shows an error or mixes up its users, and raises.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Have values of a characteristic delivered."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Have values of a characteristic no longer delivered."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write a value. It may hold a key, a code or a birth date: never log it."""

    characteristic: str
    value: bytes = field(repr=False)
    with_response: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """Read a value."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Have the operating system pair and bond; nothing to do where it is bonded."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the device have a moment."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for the next value of any subscribed characteristic."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class HostTime:
    """Tell the time of this computer."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Take a record, or the reason why one was refused."""

    news: ScaleRecord | DecodingError


@dataclass(frozen=True, slots=True)
class Heard:
    """A value that came from the device. It may be a measurement, so it shows in no log."""

    characteristic: str
    value: bytes = field(repr=False)


Step = Subscribe | Unsubscribe | Write | Read | Pair | Pause | Expect | HostTime | Tell
Answer = Heard | datetime | None

T = TypeVar("T")
Dialogue = Generator[Step, Answer, T]


def hear(timeout_s: float) -> Dialogue[Heard | None]:
    """Wait for the next value."""
    answer = yield Expect(timeout_s)
    return answer if isinstance(answer, Heard) else None


def read(characteristic: str) -> Dialogue[bytes | None]:
    """Read a value, None where the device does not give it."""
    answer = yield Read(characteristic)
    return answer.value if isinstance(answer, Heard) else None


def host_time() -> Dialogue[datetime]:
    """Return the aware time of this computer."""
    answer = yield HostTime()
    if not isinstance(answer, datetime):
        raise TypeError("a runner answers HostTime by a time")
    return answer
