"""What a device session tells while it runs: states for people, readings, refusals.

Events of several sessions come interleaved; `address` and `name` tell whose they are, and a reading
carries its device.
"""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import OhxError, RadioUnavailable
from ohx_desktop.domain.reading import Reading


class LinkState(StrEnum):
    """Where the conversation with a device is; the first two are those of nobody in particular."""

    NO_RADIO = "no-radio"
    LISTENING = "listening"
    CONNECTING = "connecting"
    PAIRING = "pairing"
    IDENTIFYING = "identifying"
    RECEIVING = "receiving"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The session moved on. `name` is what the device calls itself, None while listening."""

    state: LinkState
    address: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingReceived:
    """A whole measurement arrived. `frames` are its raw bytes, the record of what was sent.

    `not_kept` is why it could not be made durable before it was told; None where it is, or where
    nobody keeps readings.
    """

    reading: Reading
    frames: tuple[bytes, ...]
    not_kept: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefused:
    """A record could not be decoded with certainty and was kept out.

    `stored` is true when it surely lay in the device's memory before this session began.
    """

    error: OhxError
    stored: bool = False
    address: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFailed:
    """The conversation broke off; listening goes on."""

    error: OhxError
    address: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingFailed:
    """What the device sent could not be made durable, though the device may have forgotten it."""

    error: OhxError


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioLost:
    """Bluetooth itself cannot be used now. Listening goes on by itself once it can be.

    LISTENING tells that it can.
    """

    error: RadioUnavailable


CaptureEvent = (
    StateChanged | ReadingReceived | RecordRefused | SessionFailed | KeepingFailed | RadioLost
)
