"""The GATT services of a virtual Omron cuff whose memory is read."""

import struct
from collections.abc import Callable

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.gatt import Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.omron_models import EepromProfile
from ohx_desktop.virtual.omron_uuids import CLASSIC_SERVICE, MODERN_SERVICE, RX, TX, UNLOCK
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE

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
