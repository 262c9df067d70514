"""The GATT services of a virtual cuff."""

import struct
from collections.abc import Callable

from ohx_desktop.virtual.encoding import encode_current_time, parse_current_time
from ohx_desktop.virtual.faults import TIME_REFUSED
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE, CuffProfile

_BATTERY_PERCENT = 87


def _readable(number: int, value: Callable[[], bytes] | bytes) -> Characteristic:
    return Characteristic(
        uuid=uuid16(number),
        properties=frozenset({Property.READ}),
        on_read=value if callable(value) else lambda: value,
    )


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
        feature = _readable(0x2A49, struct.pack("<H", profile.feature))
        pressure = [self.measurement, self.intermediate, feature]
        self.all = [
            Service(
                uuid=BLOOD_PRESSURE_SERVICE, characteristics=[c for c in pressure if c is not None]
            ),
            _device_information(profile, serial),
            _battery(),
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


def _device_information(profile: CuffProfile, serial: str) -> Service:
    texts = {
        0x2A29: profile.manufacturer,
        0x2A24: profile.model,
        0x2A25: serial,
        0x2A26: profile.firmware,
    }
    characteristics = [_readable(number, text.encode()) for number, text in texts.items()]
    return Service(uuid=uuid16(0x180A), characteristics=characteristics)


def _battery() -> Service:
    level = Characteristic(
        uuid=uuid16(0x2A19),
        properties=frozenset({Property.READ, Property.NOTIFY}),
        on_read=lambda: bytes((_BATTERY_PERCENT,)),
    )
    return Service(uuid=uuid16(0x180F), characteristics=[level])
