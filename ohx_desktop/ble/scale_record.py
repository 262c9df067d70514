"""One weighing as a scale told it, before anybody judges whether it is new."""

from dataclasses import dataclass, field
from datetime import tzinfo

from ohx_desktop.ble.codec.measured import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRecord:
    """What one weighing said. `frames` are its notifications, in order.

    `content` is what makes two of them the same record, where frames also tell their place in a
    transfer; None where the frames themselves do.
    `stamp_zone` is the zone of the measurement's time where the scale keeps one (UTC), else None.
    `is_live` tells that the scale showed itself that it was measured now; it is False for a record
    out of its memory, and None where only the time can tell.
    """

    frames: tuple[bytes, ...] = field(repr=False)
    measured: Measured = field(repr=False)
    stamp_zone: tzinfo | None = None
    is_live: bool | None = None
    content: bytes | None = field(default=None, repr=False)
