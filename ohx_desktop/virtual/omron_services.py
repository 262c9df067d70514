"""The GATT services of a virtual Omron cuff whose memory is read."""

import struct
from collections.abc import Callable

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.gatt import Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.omron_models import EepromProfile
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE

CLASSIC_SERVICE = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
MODERN_SERVICE = uuid16(0xFE4A)
UNLOCK = "b305b680-aee7-11e1-a730-0002a5d5c51b"
TX = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
"""Host to device."""
RX = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
"""Device to host."""

_FEATURE = 0x0027
"""Movement, cuff fit, irregular pulse and several bonds."""


class OmronServices:
    """What a model offers. A modern cuff has one channel, and everything wants the bond.

    `on_unlock` gets what is written to the unlock characteristic, `on_command` the channel and
    what is written to it.
    """

    def __init__(
        self,
        profile: EepromProfile,
        *,
        serial: str,
        on_unlock: Callable[[bytes], None],
        on_command: Callable[[int, bytes], None],
    ) -> None:
        self._is_protected = profile.is_modern
        self._on_command = on_command
        channels = 1 if profile.is_modern else len(TX)
        self.unlock = Characteristic(
            uuid=UNLOCK,
            properties=frozenset(Property) - {Property.INDICATE},
            is_protected=self._is_protected,
            on_read=lambda: bytes(17),
            on_write=on_unlock,
        )
        self.rx = [
            Characteristic(
                uuid=uuid,
                properties=frozenset({Property.NOTIFY}),
                is_protected=self._is_protected,
            )
            for uuid in RX[:channels]
        ]
        tx = [self._command_channel(number, uuid) for number, uuid in enumerate(TX[:channels])]
        self.all = [
            Service(
                uuid=MODERN_SERVICE if profile.is_modern else CLASSIC_SERVICE,
                characteristics=[self.unlock, *tx, *self.rx],
            ),
            device_information(
                manufacturer=profile.manufacturer,
                model=profile.model,
                serial=serial,
                firmware=profile.firmware,
            ),
            battery(),
        ]
        if not profile.is_modern:
            self.all.append(_silent_blood_pressure())

    def _command_channel(self, number: int, uuid: str) -> Characteristic:
        return Characteristic(
            uuid=uuid,
            properties=frozenset({Property.WRITE, Property.WRITE_WITHOUT_RESPONSE}),
            is_protected=self._is_protected,
            on_write=lambda value: self._on_command(number, value),
        )


def _silent_blood_pressure() -> Service:
    measurement = Characteristic(
        uuid=uuid16(0x2A35), properties=frozenset({Property.INDICATE}), is_protected=True
    )
    return Service(
        uuid=BLOOD_PRESSURE_SERVICE,
        characteristics=[measurement, readable(0x2A49, struct.pack("<H", _FEATURE))],
    )
