"""The GATT services of a virtual cuff."""

import struct

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.encoding import encode_current_time, parse_current_time
from ohx_desktop.virtual.faults import TIME_REFUSED
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE, CuffProfile


class CuffServices:
    """What the profile of a cuff offers; the cuff sends by `measurement` and `intermediate`."""

    def __init__(self, profile: CuffProfile, *, serial: str, clock: CuffClock) -> None:
        self._clock = clock
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
            self._clock.set(parse_current_time(value))
        except ValueError:
            raise AttError(TIME_REFUSED) from None
