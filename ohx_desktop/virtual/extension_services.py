"""The GATT services of a virtual Omron device with the extension."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.encoding import encode_current_time, parse_current_time
from ohx_desktop.virtual.extension_profiles import ExtensionKind, ExtensionProfile
from ohx_desktop.virtual.faults import TIME_REFUSED
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock

OPTION_SERVICE = "5df5e817-a945-4f81-89c0-3d4e9759c07c"
PRESSURE = "c195da8a-0e23-4582-acd8-d446c77c45de"
WEIGHT = "8ff2ddfb-4a52-4ce5-85a4-d2f97917792a"
RECORD_ACCESS = uuid16(0x2A52)
USER_CONTROL = uuid16(0x2A9F)

_OTHER_MEASUREMENTS = (0x2A9D, 0x2A9C, 0x2A99)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequests:
    """What the device does when a host writes."""

    control_users: Callable[[bytes], None]
    access_records: Callable[[bytes], None]


class ExtensionServices:
    """What a model offers; everything wants the bond.

    The device sends by `measurement`, `record_access` and `user_control`; `others` are the
    standard's measurements, which are there and stay silent.
    """

    def __init__(
        self,
        profile: ExtensionProfile,
        *,
        serial: str,
        clock: CuffClock,
        requests: ExtensionRequests,
    ) -> None:
        self._profile = profile
        self._clock = clock
        is_scale = profile.kind is ExtensionKind.SCALE
        self.measurement = _silent(WEIGHT if is_scale else PRESSURE, Property.NOTIFY)
        self.record_access = _control(RECORD_ACCESS, requests.access_records)
        self.user_control = _control(USER_CONTROL, requests.control_users)
        self.others = [
            _silent(uuid16(number), Property.INDICATE)
            for number in (_OTHER_MEASUREMENTS if is_scale else (0x2A35,))
        ]
        self.all = [
            device_information(
                manufacturer=profile.manufacturer,
                model=profile.model,
                serial=serial,
                firmware=profile.firmware,
            ),
            battery(),
            self._current_time(),
            *(self._of_scale() if is_scale else self._of_cuff()),
            Service(uuid=OPTION_SERVICE, characteristics=[self.record_access, self.measurement]),
        ]

    def _of_scale(self) -> list[Service]:
        weight, composition, change_increment = self.others
        return [
            Service(uuid=uuid16(0x181D), characteristics=[weight]),
            Service(uuid=uuid16(0x181B), characteristics=[composition]),
            Service(uuid=uuid16(0x181C), characteristics=[self.user_control, change_increment]),
        ]

    def _of_cuff(self) -> list[Service]:
        feature = readable(0x2A49, struct.pack("<H", 0x0027))
        return [Service(uuid=uuid16(0x1810), characteristics=[*self.others, feature])]

    def _current_time(self) -> Service:
        current_time = Characteristic(
            uuid=uuid16(0x2A2B),
            properties=frozenset({Property.READ, Property.WRITE, Property.NOTIFY}),
            is_protected=True,
            on_read=lambda: encode_current_time(self._clock.read()),
            on_write=self._set_clock,
        )
        return Service(uuid=uuid16(0x1805), characteristics=[current_time])

    def _set_clock(self, value: bytes) -> None:
        if not self._profile.accepts_time:
            raise AttError(TIME_REFUSED)
        try:
            self._clock.set(parse_current_time(value))
        except ValueError:
            raise AttError(TIME_REFUSED) from None


def _silent(uuid: str, by: Property) -> Characteristic:
    return Characteristic(uuid=uuid, properties=frozenset({by}), is_protected=True)


def _control(uuid: str, on_write: Callable[[bytes], None]) -> Characteristic:
    return Characteristic(
        uuid=uuid,
        properties=frozenset({Property.WRITE, Property.INDICATE}),
        is_protected=True,
        on_write=on_write,
    )
