"""A scale with the service FFE0, written from its protocol: it goes on only when acknowledged."""

from dataclasses import dataclass, field

from beurer_runner import Peer

from ohx_desktop.ble.beurer.ffe0 import FFE1

USER = bytes.fromhex("0000000000000065")
HALVES = ("6a21f4c6068701b500df02", "09018d00e907170aa20108")
OLDER_HALVES = ("6a20f4c6068701b500df02", "09018d00e907170aa20108")
LIVE = ["e75801085e", "e758010687", "e758000687"]
RESULT = [f"e759030101{USER.hex()}", f"e7590302{HALVES[0]}", f"e7590303{HALVES[1]}"]


@dataclass
class Ffe0Scale(Peer):
    """Scripted by what it has: stored records (pairs of halves), unknown ones, and who steps on.

    `interruptions` are weighings that begin while a stored record is being sent.
    """

    stored: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    interruptions: list[list[str]] = field(default_factory=list)
    is_mute: bool = False
    deleted: bool = False
    _pending: list[bytes] = field(default_factory=list)
    _awaited: bytes = b""

    def __post_init__(self) -> None:
        self.on_write = lambda _peer, uuid, value: self._answer(uuid, value)

    @property
    def commands(self) -> list[str]:
        """What the host wrote, without acknowledgements."""
        return [value.hex() for _, value in self.writes if value[1:2] != b"\xf1"]

    def stream(self, frames: list[str]) -> None:
        """Send frames one by one, each after the one before was acknowledged."""
        self._pending = [bytes.fromhex(frame) for frame in frames]
        self._send_next()

    def _send_next(self) -> None:
        self._awaited = b""
        if self._pending:
            frame = self._pending.pop(0)
            self._awaited = frame[:1] + b"\xf1" + frame[1:4]
            self.send(FFE1, frame)

    def _answer(self, uuid: str, value: bytes) -> None:
        assert uuid == FFE1
        if self.is_mute:
            return
        if value[1] == 0xF1:
            if value == self._awaited:
                self._send_next()
            return
        command = value[:2].hex()
        if command == "e601":
            self.send(FFE1, "e60020")
        elif command == "e74f":
            known = value[2:] == USER
            has = bool(self.stored)
            self.send(FFE1, bytes([0xE7, 0xF0, 0x4F, not known, 94, 20, 220, 1, 0, 0, not has, 5]))
        elif command == "e741":
            self._send_stored()
        elif command == "e746":
            self.send(FFE1, "e7f04600" if self.unknown else "e7f04601")
            self.stream(self.unknown)
        elif command == "e740":
            self.send(FFE1, "e7f04000")
            self.stream(self.live)
        elif command == "e743":
            self.deleted = True
            self.send(FFE1, "e7f04300")

    def _send_stored(self) -> None:
        halves = [half for pair in self.stored for half in pair]
        self.send(FFE1, bytes([0xE7, 0xF0, 0x41, len(halves), 0]))
        frames = [
            f"e742{len(halves):02x}{place:02x}{half}" for place, half in enumerate(halves, start=1)
        ]
        if self.interruptions:
            frames = frames[:3] + self.interruptions.pop(0)
        self.stream(frames)
