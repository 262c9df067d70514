"""A virtual Omron device whose records have numbers and are fetched by them.

A scale wants a consent and then shows the records of that user; it is busy for a while after it,
and refuses a host that listens to its standard measurements, too. A cuff has no users and sends
what it has as soon as somebody listens. Nothing that is fetched is forgotten.
"""

import asyncio
import struct
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.extension_encoding import (
    GUEST,
    NumberedRecord,
    encode_pressure,
    encode_weighing,
)
from ohx_desktop.virtual.extension_profiles import ExtensionKind, ExtensionProfile
from ohx_desktop.virtual.extension_services import ExtensionRequests, ExtensionServices
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import AttError, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.peripheral import AdvertisingData, Peripheral
from ohx_desktop.virtual.profiles import OMRON_COMPANY, Pace
from ohx_desktop.virtual.scale_users import ScaleUsers

CCCD_IMPROPERLY_CONFIGURED = 0xFD
UNLIKELY_ERROR = 0x0E
"""ATT errors of a request that came too early."""

_REPORT_ALL, _COUNT_ALL, _LATEST = b"\x01\x01", b"\x04\x01", b"\x10\x00"
_SUCCESS, _NOT_SUPPORTED, _NO_RECORDS = 1, 2, 6
_GUEST_CONSENT = b"\x02\xff\x00\x00"


class ExtensionDevice:
    """A device of the given model. Call `close` when done; it owns tasks while it is awake."""

    def __init__(
        self,
        profile: ExtensionProfile,
        *,
        address: str,
        serial: str = "20261123-0005",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.users = ScaleUsers(profile.slots)
        self.requests: list[bytes] = []
        self._records: list[NumberedRecord] = []
        self._consented: int | None = None
        self._busy_until_s = 0.0
        self._has_dumped = self._has_reported = False
        self._services = ExtensionServices(
            profile,
            serial=serial,
            clock=self.clock,
            requests=ExtensionRequests(
                control_users=self._control_users, access_records=self._access_records
            ),
        )
        self._pace = pace or profile.pace
        self.peripheral = Peripheral(
            address=address,
            services=self._services.all,
            beacon_interval_s=self._pace.beacon_interval_s,
        )
        self.peripheral.faults = faults or Faults()
        self._appliance = Appliance(self.peripheral, pace=self._pace, advertising=self._advertising)
        self._appliance.on_connected = self._connected
        self._appliance.on_heard = self._heard
        self._appliance.on_hung_up = self._hung_up

    @property
    def records(self) -> tuple[NumberedRecord, ...]:
        """Everything remembered, oldest first."""
        return tuple(self._records)

    # ── what a person does with it ───────────────────────────────────────────────────────────

    async def measure(self, *values: int | Decimal, user: int = 1) -> NumberedRecord:
        """Measure now: a weight in kg, or pressures and pulse; then go on the air."""
        record = self.remember(*values, user=user)
        self._appliance.wake()
        return record

    def remember(
        self, *values: int | Decimal, user: int = 1, ago: timedelta = timedelta()
    ) -> NumberedRecord:
        """Put a measurement taken `ago` into the memory of a user; the oldest gives way."""
        failed = self.peripheral.faults.failed_measurement and not ago
        is_scale = self.profile.kind is ExtensionKind.SCALE
        of_user = [record for record in self._records if record.user == user]
        record = NumberedRecord(
            sequence=of_user[-1].sequence + 1 if of_user else 1,
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
            user=user,
            weight_kg=Decimal(values[0]) if is_scale and not failed else None,
            pressures=None if is_scale or failed else _three(values),
        )
        self._records.append(record)
        if len(of_user) == self.profile.memory_per_user:
            self._records.remove(of_user[0])
        self._appliance.announce()
        return record

    def press_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._appliance.wake()

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    # ── the link ─────────────────────────────────────────────────────────────────────────────

    def _advertising(self) -> AdvertisingData:
        is_scale = self.profile.kind is ExtensionKind.SCALE
        address = self.peripheral.address.replace(":", "")
        users = sorted({record.user for record in self._records if record.user != GUEST}) or [1]
        flags = (len(users) - 1) | (0 if self.clock.is_set else 0x04)
        counts = b"".join(
            struct.pack("<HB", of_user[-1].sequence if of_user else 0, len(of_user))
            for of_user in ([r for r in self._records if r.user == user] for user in users)
        )
        return AdvertisingData(
            name=f"BLEsmart_{self.profile.model_id}{address}",
            service_uuids=(uuid16(0x181D if is_scale else 0x1810),),
            manufacturer_data={OMRON_COMPANY: bytes((0x01, flags)) + counts},
        )

    def _connected(self, _: Connection) -> None:
        self.users.begin_link()
        self._consented = None
        self._busy_until_s = 0.0
        self._has_dumped = self._has_reported = False

    def _heard(self) -> None:
        """Send what there is as soon as somebody listens, where the model does so."""
        link = self.peripheral.connection
        if not self.profile.sends_unasked or self._has_dumped or link is None:
            return
        if link.is_subscribed(self._services.measurement):
            self._has_dumped = True
            self._report()

    def _hung_up(self) -> None:
        if self._has_reported:
            self._appliance.sleep()

    # ── what the host asks for ───────────────────────────────────────────────────────────────

    def _control_users(self, request: bytes) -> None:
        self.requests.append(request)
        if request == _GUEST_CONSENT:
            response, self._consented = b"\x20\x02\x01", GUEST
        else:
            response = self.users.control(request)
            self._consented = self.users.consented
        if self._consented is not None:
            self._busy_until_s = _loop_time_s() + self.profile.busy_s
        self._appliance.say(self._services.user_control, response)

    def _access_records(self, request: bytes) -> None:
        self._require_ready()
        self.requests.append(request)
        refusal = self.peripheral.faults.record_response
        if refusal is not None and request != _LATEST:
            self._respond(request, refusal)
            return
        records = self._visible()
        match request:
            case _ if request == _LATEST:
                latest = records[-1].sequence if records else 0
                self._answer(b"\x11\x00" + struct.pack("<H", latest))
            case _ if request == _COUNT_ALL:
                self._answer(b"\x05\x00" + struct.pack("<H", len(records)))
            case _ if request == _REPORT_ALL:
                self._report()
                self._respond(request, _SUCCESS if records else _NO_RECORDS, self._reported)
            case _:
                self._respond(request, _NOT_SUPPORTED)

    def _require_ready(self) -> None:
        """Raise AttError for a request that comes too early."""
        link = self.peripheral.connection
        subscribed_s = None if link is None else link.subscribed_for_s(self._services.record_access)
        if subscribed_s is None or subscribed_s < self.profile.subscribing_s:
            raise AttError(CCCD_IMPROPERLY_CONFIGURED)
        listens_to_others = link is not None and any(map(link.is_subscribed, self._services.others))
        if _loop_time_s() < self._busy_until_s or (self.profile.minds_others and listens_to_others):
            raise AttError(UNLIKELY_ERROR)

    def _visible(self) -> list[NumberedRecord]:
        if self.profile.kind is ExtensionKind.CUFF:
            return self._records
        return [record for record in self._records if record.user == self._consented]

    def _report(self) -> None:
        encode = encode_weighing if self.profile.kind is ExtensionKind.SCALE else encode_pressure
        for record in self._visible():
            for value in encode(record):
                self._appliance.say_frame(value, lambda sent: [(self._services.measurement, sent)])

    def _reported(self) -> None:
        self._has_reported = True

    def _respond(
        self, request: bytes, code: int, when_said: Callable[[], None] | None = None
    ) -> None:
        self._answer(bytes((0x06, 0x00, request[0], code)), when_said)

    def _answer(self, value: bytes, when_said: Callable[[], None] | None = None) -> None:
        self._appliance.say(self._services.record_access, value, when_said=when_said)


def _three(values: tuple[int | Decimal, ...]) -> tuple[int, int, int]:
    systolic, diastolic, pulse = map(int, values)
    return systolic, diastolic, pulse


def _loop_time_s() -> float:
    return asyncio.get_running_loop().time()
