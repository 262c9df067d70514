"""The GATT services of a virtual scale: standard ones, and the one of its maker.

Nothing wants an encrypted link: an unbonded host may read, write and subscribe, and is sent
nothing. Body data is that of the user whom the host gave consent for.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ohx_desktop.virtual.device_services import battery, device_information, readable
from ohx_desktop.virtual.encoding import encode_current_time, parse_current_time
from ohx_desktop.virtual.faults import TIME_REFUSED
from ohx_desktop.virtual.gatt import AttError, Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.scale_profiles import ScaleProfile
from ohx_desktop.virtual.scale_users import UNKNOWN_USER, ScaleUser, ScaleUsers

DATA_ACCESS_NOT_PERMITTED = 0x80
"""ATT error of a write to body data without consent (User Data Service)."""

_INVALID_LENGTH = 0x0D
_SETTINGS = bytes.fromhex("000001001e00ffff")
"""No language, kilograms, weight threshold 3.0 kg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRequests:
    """What the scale does when a host writes to its control points."""

    control: Callable[[bytes], None]
    list_users: Callable[[bytes], None]
    take_measurement: Callable[[bytes], None]
    wrote_body_data: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How body data of a user becomes numbers of the wire, and is changed by them."""

    get: Callable[[ScaleUser], tuple[int | bytes, ...]]
    change: Callable[..., None]


class ScaleServices:
    """What a model offers; the scale sends by the named characteristics."""

    def __init__(
        self,
        profile: ScaleProfile,
        users: ScaleUsers,
        *,
        serial: str,
        clock: CuffClock,
        requests: ScaleRequests,
    ) -> None:
        self._users = users
        self._clock = clock
        self._wrote = requests.wrote_body_data
        self._settings = _SETTINGS
        numbers = profile.private
        self.weight = _sender(0x2A9D, Property.INDICATE)
        self.composition = _sender(0x2A9C, Property.INDICATE)
        self.control_point = _control(0x2A9F, Property.INDICATE, requests.control)
        self.user_list = _control(numbers.user_list, Property.NOTIFY, requests.list_users)
        self.take_measurement = _control(
            numbers.take_measurement, Property.NOTIFY, requests.take_measurement
        )
        self.activity = self._body_data(numbers.activity, "B", _field("activity"))
        self.all = [
            device_information(
                manufacturer=profile.manufacturer,
                model=profile.model,
                serial=serial,
                firmware=profile.firmware,
            ),
            battery(),
            self._current_time(),
            Service(
                uuid=uuid16(0x181D),
                characteristics=[
                    self.weight,
                    readable(0x2A9E, struct.pack("<I", profile.weight_feature)),
                ],
            ),
            Service(
                uuid=uuid16(0x181B),
                characteristics=[
                    self.composition,
                    readable(0x2A9B, struct.pack("<I", profile.composition_feature)),
                ],
            ),
            self._user_data(),
            self._private(profile),
        ]

    # ── services ─────────────────────────────────────────────────────────────────────────────

    def _current_time(self) -> Service:
        current_time = Characteristic(
            uuid=uuid16(0x2A2B),
            properties=frozenset({Property.READ, Property.WRITE, Property.NOTIFY}),
            on_read=lambda: encode_current_time(self._clock.read()),
            on_write=self._set_clock,
        )
        return Service(uuid=uuid16(0x1805), characteristics=[current_time])

    def _user_data(self) -> Service:
        return Service(
            uuid=uuid16(0x181C),
            characteristics=[
                self.control_point,
                self._body_data(0x2A99, "<I", _field("change_increment"), notifies=True),
                readable(0x2A9A, lambda: bytes((self._users.consented or UNKNOWN_USER,))),
                self._body_data(0x2A85, "<HBB", _BIRTH),
                self._body_data(0x2A8C, "B", _field("gender")),
                self._body_data(0x2A8E, "<H", _field("height_cm")),
            ],
        )

    def _private(self, profile: ScaleProfile) -> Service:
        numbers = profile.private
        settings = Characteristic(
            uuid=uuid16(numbers.settings),
            properties=frozenset({Property.READ, Property.WRITE}),
            on_read=lambda: self._settings,
            on_write=self._change_settings,
        )
        characteristics = [
            settings,
            self.user_list,
            self.activity,
            self.take_measurement,
            readable(numbers.reference_weight, self._reference),
        ]
        if numbers.initials is not None:
            initials = self._body_data(numbers.initials, "3s", _field("initials"))
            characteristics.append(initials)
        return Service(uuid=uuid16(numbers.service), characteristics=characteristics)

    # ── values ───────────────────────────────────────────────────────────────────────────────

    def _set_clock(self, value: bytes) -> None:
        try:
            self._clock.set(parse_current_time(value))
        except ValueError:
            raise AttError(TIME_REFUSED) from None

    def _change_settings(self, value: bytes) -> None:
        if len(value) != len(_SETTINGS):
            raise AttError(_INVALID_LENGTH)
        self._settings = value

    def _reference(self) -> bytes:
        user = self._users.reader
        if user is None or user.last_weight_kg is None:
            return b"\xff" * 4
        return struct.pack("<HH", int(user.last_weight_kg * 200), 0xFFFF)

    def _body_data(
        self,
        number: int,
        form: str,
        field: _Field,
        *,
        notifies: bool = False,
    ) -> Characteristic:
        """Return a value of the user's body data; all FF and not writable without consent."""
        uuid, size = uuid16(number), struct.calcsize(form)

        def read() -> bytes:
            user = self._users.reader
            return b"\xff" * size if user is None else struct.pack(form, *field.get(user))

        def write(value: bytes) -> None:
            user = self._users.reader
            if user is None:
                raise AttError(DATA_ACCESS_NOT_PERMITTED)
            if len(value) != size:
                raise AttError(_INVALID_LENGTH)
            field.change(user, *struct.unpack(form, value))
            self._wrote(uuid)

        properties = {Property.READ, Property.WRITE} | ({Property.NOTIFY} if notifies else set())
        return Characteristic(
            uuid=uuid, properties=frozenset(properties), on_read=read, on_write=write
        )


def _sender(number: int, by: Property) -> Characteristic:
    return Characteristic(uuid=uuid16(number), properties=frozenset({by}))


def _control(number: int, by: Property, on_write: Callable[[bytes], None]) -> Characteristic:
    return Characteristic(
        uuid=uuid16(number), properties=frozenset({Property.WRITE, by}), on_write=on_write
    )


def _field(name: str) -> _Field:
    """Return how one attribute of a user is one field of the wire."""
    return _Field(
        get=lambda user: (getattr(user, name),),
        change=lambda user, value: setattr(user, name, value),
    )


def _change_birth(user: ScaleUser, year: int, month: int, day: int) -> None:
    try:
        user.born = date(year, month, day)
    except ValueError:
        raise AttError(DATA_ACCESS_NOT_PERMITTED) from None


_BIRTH = _Field(
    get=lambda user: (user.born.year, user.born.month, user.born.day), change=_change_birth
)
