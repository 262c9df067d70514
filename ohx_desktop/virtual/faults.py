"""Faults to order: everything a real device does to a reader, as data.

`Faults()` is a device that behaves. One record describes one device; the parts that act on a
fault are `Connection` (operations and indications), `Peripheral` (connecting) and `pairing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ohx_desktop.virtual.encoding import NAN

INSUFFICIENT_AUTHENTICATION = 0x05
"""ATT error: the host must pair first (Core specification, Attribute Protocol)."""

TIME_REFUSED = 0x80
"""ATT application error with which cuffs refuse a new time."""

T = TypeVar("T")

HOSTILE = (b"", b"\xff", b"\xff" * 20, b"\x00" * 3, bytes(range(256)) * 2)
"""Values that no form of any family has; the longest is what an attribute can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong. Indications are numbered from 0 in each connection.

    Devices that answer in frames of their own, by notification, count whole frames as indications.
    """

    connections: int | None = None
    """For how many connections the faults last; afterwards the device behaves. None: for ever."""

    refuse_connections: int = 0
    """Refuse this many attempts to connect before the first is accepted."""
    connect_delay_s: float = 0.0
    """Time until a connection stands, or is refused."""

    refuse_pairing: bool = False
    pairing_never_ends: bool = False
    needs_pairing: bool = False
    """Every access wants an encrypted link, whatever the model says."""
    bond_forgotten: bool = False
    """The device lost its key: a bonded host is dropped as soon as it connects."""

    lose_link_after_operations: int | None = None
    """Drop the link instead of answering the operation of this number."""
    lose_link_after_indications: int | None = None
    """Drop the link instead of sending the indication of this number."""
    no_answer_after_operations: int | None = None
    """Answer neither the operation of this number nor any later one."""
    services_change_after_operations: int | None = None
    """Change the attribute table at the operation of this number: every handle the host knows is
    void, and nothing is sent any more. As after an update of the firmware."""
    lose_link_mid_transfer: bool = False
    """Drop the link half-way through what is to be sent."""

    silent: bool = False
    """Accept the subscription and never send anything."""
    indication_interval_s: float | None = None
    """Send slower (or faster) than the model does."""

    malformed_indication: int | None = None
    """Send this indication with bytes that no flag explains."""
    truncated_indication: int | None = None
    """Send this indication without its last two bytes."""
    wrong_checksum: int | None = None
    """Send this value with its last byte inverted, where private protocols keep a check."""
    damaged_record: bool = False
    """The next record is stored with a check byte that does not fit it."""
    lost_indications: tuple[int, ...] = ()
    """Never send these; the others follow."""
    record_response: int | None = None
    """Answer every request for records with this response code, and send none."""
    ignored_writes: bool = False
    """Confirm what is written to the memory or the clock, and keep it as it was."""
    duplicated_indication: int | None = None
    """Send this indication twice, as after a lost confirmation."""
    repeats: int = 1
    """Send every indication so often."""
    reordered_indication: int | None = None
    """Send this indication after the one that follows it."""
    hostile_indication: int | None = None
    """Send bytes that no form has instead of this indication: none, one, all set, a long value."""
    flood_interval_s: float | None = None
    """Send bytes that no form has without end, as soon as the host has subscribed."""
    failed_measurement: bool = False
    """Measure nothing: the next record has no pressures (NaN) and status 0."""

    att_errors: Mapping[str, int] = field(default_factory=dict)
    """Characteristic UUID to the ATT error that answers every access to it."""

    def frames_for(self, number: int, frame: bytes) -> tuple[bytes, ...]:
        """Return what is really sent for indication `number`: spoilt, twice, or as it is."""
        if number in self.lost_indications:
            return ()
        if number == self.wrong_checksum:
            frame = frame[:-1] + bytes((frame[-1] ^ 0xFF,))
        if number == self.malformed_indication:
            frame = frame + NAN
        if number == self.truncated_indication:
            frame = frame[:-2]
        if number == self.hostile_indication:
            return HOSTILE
        return (frame,) * (2 if number == self.duplicated_indication else self.repeats)


class Reordering(Generic[T]):
    """Lets one thing of a row go after the one that follows it."""

    def __init__(self, late: int | None) -> None:
        self._late = late
        self._held: tuple[T, ...] = ()

    def next(self, number: int, thing: T) -> tuple[T, ...]:
        """Return what is to go now; `number` is that of `thing`."""
        if number == self._late:
            self._held = (thing,)
            return ()
        due, self._held = (thing, *self._held), ()
        return due
