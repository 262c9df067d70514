"""A SIG scale of Beurer, written from its protocol: users with codes, an active one, a memory."""

from dataclasses import dataclass, field

from beurer_runner import Peer

from ohx_desktop.ble.assigned_numbers import (
    BODY_COMPOSITION_MEASUREMENT,
    DATABASE_CHANGE_INCREMENT,
    DATE_OF_BIRTH,
    GENDER,
    HEIGHT,
    USER_CONTROL_POINT,
    WEIGHT_MEASUREMENT,
)
from ohx_desktop.ble.beurer.scale_layout import LAYOUT_FFFF, ScaleLayout

WEIGHT = "0e783eea07050c12353601ee002607"
COMPOSITION = "9803c200df1a9701cc2fca21a811"
STORED_WEIGHT = "0e3c3eea07050c11000001ee002607"
LIST_END = "01"


@dataclass
class SigScale(Peer):
    """Scripted by its users (index to code), its memory, and what a measurement brings."""

    layout: ScaleLayout = LAYOUT_FFFF
    codes: dict[int, int] = field(default_factory=dict)
    slots: int = 8
    memory: list[tuple[str, str]] = field(default_factory=list)
    measurement: list[str] = field(default_factory=lambda: [WEIGHT, COMPOSITION])
    state: str | None = "01"
    is_mute: bool = False
    active: int | None = None

    def __post_init__(self) -> None:
        self.on_write = lambda _peer, uuid, value: self._answer(uuid, value)
        self.values |= {
            DATABASE_CHANGE_INCREMENT: bytes.fromhex("07000000"),
            DATE_OF_BIRTH: bytes.fromhex("bc070102"),
            GENDER: b"\x00",
            HEIGHT: b"\xb4\x00",
            self.layout.activity: b"\x03",
        }

    def written(self, uuid: str) -> list[str]:
        return [value.hex() for written, value in self.writes if written == uuid]

    def _answer(self, uuid: str, value: bytes) -> None:
        if self.is_mute:
            return
        if uuid == USER_CONTROL_POINT:
            self.send(USER_CONTROL_POINT, self._control(value))
        elif uuid == self.layout.user_list and value == b"\x00":
            for index in self.codes:
                row = bytes([0, index]) + b"\xff\xff\xff" + bytes.fromhex("bc070102b40003")
                self.send(uuid, row)
            if len(self.codes) < self.slots:
                self.send(uuid, LIST_END if self.codes else "02")
        elif uuid == self.layout.take_measurement:
            self._send(self.measurement)
            if self.state is not None:
                self.send(uuid, self.state)

    def _control(self, value: bytes) -> bytes:
        op_code, rest = value[0], value[1:]
        if op_code == 1:
            if len(self.codes) == self.slots:
                return bytes([0x20, 1, 4])
            index = min(set(range(1, self.slots + 1)) - set(self.codes))
            self.codes[index] = int.from_bytes(rest, "little")
            return bytes([0x20, 1, 1, index])
        index, code = rest[0], int.from_bytes(rest[1:], "little")
        if self.codes.get(index) != code:
            self.active = None
            return bytes([0x20, 2, 5])
        self.active = index
        for weight, composition in self.memory:
            self._send([weight, composition])
        self.memory.clear()
        return bytes([0x20, 2, 1])

    def _send(self, frames: list[str]) -> None:
        for frame in frames:
            is_weight = frame.startswith("0e")
            self.send(WEIGHT_MEASUREMENT if is_weight else BODY_COMPOSITION_MEASUREMENT, frame)
