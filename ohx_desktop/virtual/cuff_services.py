"""The GATT services of a virtual cuff."""

import struct
from collections.abc import Callable

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.encoding import encode_current_time, parse_current_time
from ohx_desktop.virtual.faults import TIME_REFUSED
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_uuids import MODERN_SERVICE, RX, TX, UNLOCK
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE, CuffProfile


class CuffServices:
    """What the profile of a cuff offers; the cuff sends by `measurement` and `intermediate`."""

    def __init__(
        self,
        profile: CuffProfile,
        *,
        serial: str,
        clock: CuffClock,
        on_greeting: Callable[[bytes], None] = lambda _: None,
        ignores_writes: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._ignores_writes = ignores_writes
        self._accepts_time = profile.accepts_time
        self.measurement = Characteristic(
            uuid=uuid16(0x2A35),
            properties=frozenset({Property.INDICATE}),
            is_protected=profile.needs_bond,
        )
        self.intermediate = (
            Characteristic(
                uuid=uuid16(0x2A36),
                properties=frozenset({Property.NOTIFY}),
                is_protected=profile.needs_bond,
            )
            if profile.has_intermediate
            else None
        )
        feature = readable(0x2A49, struct.pack("<H", profile.feature))
        pressure = [self.measurement, self.intermediate, feature]
        self.all = [
            Service(
                uuid=BLOOD_PRESSURE_SERVICE, characteristics=[c for c in pressure if c is not None]
            ),
            device_information(
                manufacturer=profile.manufacturer,
                model=profile.model,
                serial=serial,
                firmware=profile.firmware,
            ),
            battery(),
        ]
        if profile.has_current_time:
            self.all.append(self._current_time(is_protected=profile.needs_bond))
        if profile.waits_for_greeting:
            self.all.append(_maker_s_channel(on_greeting))

    def _current_time(self, *, is_protected: bool) -> Service:
        current_time = Characteristic(
            uuid=uuid16(0x2A2B),
            properties=frozenset({Property.READ, Property.WRITE, Property.NOTIFY}),
            is_protected=is_protected,
            on_read=lambda: encode_current_time(self._clock.read()),
            on_write=self._set_clock,
        )
        return Service(uuid=uuid16(0x1805), characteristics=[current_time])

    def _set_clock(self, value: bytes) -> None:
        if not self._accepts_time:
            raise AttError(TIME_REFUSED)
        try:
            moment = parse_current_time(value)
        except ValueError:
            raise AttError(TIME_REFUSED) from None
        if not self._ignores_writes():
            self._clock.set(moment)


def _maker_s_channel(on_greeting: Callable[[bytes], None]) -> Service:
    heard = [
        Characteristic(uuid=uuid, properties=frozenset({Property.NOTIFY}), is_protected=True)
        for uuid in (UNLOCK, RX[0])
    ]
    greeted = Characteristic(
        uuid=TX[0],
        properties=frozenset({Property.WRITE, Property.WRITE_WITHOUT_RESPONSE}),
        is_protected=True,
        on_write=on_greeting,
    )
    return Service(uuid=MODERN_SERVICE, characteristics=[*heard, greeted])
