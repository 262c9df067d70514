"""A virtual scale of the Bluetooth SIG services, as Beurer builds them.

A host bonds, sets the time, gives consent for a user, and is sent that user's records: a weight,
then the composition that belongs to it. Whoever steps on is filed under the user whom a host last
gave consent for, even after that host has left.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import AttError, Characteristic, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.peripheral import AdvertisingData, Peripheral, six_digits
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.scale_encoding import (
    ScaleRecord,
    composition_of,
    encode_composition,
    encode_weight,
    stub_of,
)
from ohx_desktop.virtual.scale_memory import ScaleMemory, StoredWeighing
from ohx_desktop.virtual.scale_profiles import ScaleProfile
from ohx_desktop.virtual.scale_services import ScaleRequests, ScaleServices
from ohx_desktop.virtual.scale_users import ScaleUsers

CCCD_IMPROPERLY_CONFIGURED = 0xFD
PROCEDURE_IN_PROGRESS = 0xFE
"""ATT errors of control points (Core specification supplement)."""

_LIST = _TAKE = b"\x00"
_LIST_COMPLETE, _NO_USERS = b"\x01", b"\x02"
_SHOW_CODE = 0x10
_CODE_SHOWN = b"\x11"
_DEFAULT_HEIGHT_CM = 165
_BODY_DATA = frozenset(uuid16(number) for number in (0x2A85, 0x2A8C, 0x2A8E, 0x2A99))


class Taking:
    """Answers of Take Measurement."""

    SUCCESS, FAILED, NO_USER = b"\x01", b"\x03", b"\x04"


class Scale:
    """A scale of the given model. Call `close` when done; it owns tasks while it is awake."""

    def __init__(
        self,
        profile: ScaleProfile,
        *,
        address: str,
        serial: str = "20261123-0003",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
        passkey: int | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.users = ScaleUsers(profile.slots)
        self._pace = pace or profile.pace
        self._memory = ScaleMemory(self.users, depth=profile.memory_per_user)
        self._services = ScaleServices(
            profile,
            self.users,
            serial=serial,
            clock=self.clock,
            requests=ScaleRequests(
                control=self._control,
                list_users=self._list_users,
                take_measurement=self._take,
                wrote_body_data=self._wrote,
            ),
        )
        self.peripheral = Peripheral(
            address=address,
            services=self._services.all,
            pairing_method=profile.pairing_method,
            new_passkey=six_digits if passkey is None else lambda: passkey,
            beacon_interval_s=self._pace.beacon_interval_s,
        )
        self.peripheral.faults = faults or Faults()
        self._appliance = Appliance(self.peripheral, pace=self._pace, advertising=self._advertising)
        self._appliance.on_connected = self._connected
        self._appliance.on_heard = self._offer
        self._appliance.on_hung_up = self._hung_up
        self._offered: set[StoredWeighing] = set()
        self._written: set[str] = set()
        self._is_answering = False
        self._is_taking = False
        self._may_send = False
        self._gate: asyncio.TimerHandle | None = None

    @property
    def records(self) -> tuple[ScaleRecord, ...]:
        """Everything remembered, oldest first."""
        return self._memory.records

    @property
    def is_listened_to(self) -> bool:
        """Whether a host has given consent and would be sent a measurement now."""
        return self._is_read_by_host(self.users.consented)

    # ── what a person does with it ───────────────────────────────────────────────────────────

    async def weigh(self, weight_kg: Decimal | str, *, has_bare_feet: bool = True) -> None:
        """Step on: the weight is there at once, the composition after the impedance phase.

        A scale whose clock was never set does not measure. Whoever it cannot tell is not stored.
        """
        self._appliance.wake()
        if not self.clock.is_set:
            return
        user = self._memory.user_for(Decimal(weight_kg))
        record = self._record(Decimal(weight_kg), user, has_bare_feet=has_bare_feet)
        if self.peripheral.faults.failed_measurement:
            record = replace(record, weight_kg=None, composition=None)
        is_live = self._is_read_by_host(user)
        if is_live:
            self._say(self._services.weight, encode_weight(record))
        await asyncio.sleep(self._pace.measuring_s)
        if record.composition is None:
            self._taken(Taking.FAILED)
            return
        # A consent given meanwhile takes the measurement over.
        stored = self._store(replace(record, user=self.users.active or user))
        if stored is not None:
            if is_live and self._is_read_by_host(stored.record.user):
                self._send_composition(stored)
            self._taken(Taking.SUCCESS)

    def remember(
        self,
        weight_kg: Decimal | str,
        *,
        user: int,
        ago: timedelta = timedelta(),
        has_bare_feet: bool = True,
    ) -> ScaleRecord:
        """Put a weighing taken `ago` into the memory of a user, and stay as the scale is."""
        record = self._record(Decimal(weight_kg), user, has_bare_feet=has_bare_feet)
        moment = (self.clock.read() - ago).replace(microsecond=0)
        record = replace(record, taken_at=moment)
        self._store(record)
        return record

    def step_on(self) -> None:
        """Touch it with a foot: it goes on the air and measures nothing."""
        self._appliance.wake()

    def change_batteries(self) -> None:
        """Lose every user and their records; the clock stands at the factory's time."""
        self.users.forget_all()
        self._memory.clear()
        self.clock.set(self.profile.factory_time)
        self.clock.is_set = False

    async def close(self) -> None:
        """Take the batteries out."""
        self._close_gate()
        await self._appliance.close()

    def _record(self, weight_kg: Decimal, user: int, *, has_bare_feet: bool) -> ScaleRecord:
        height_cm = self.users[user].height_cm if user in self.users else _DEFAULT_HEIGHT_CM
        return ScaleRecord(
            weight_kg=weight_kg,
            taken_at=self.clock.read().replace(microsecond=0),
            user=user,
            height_cm=height_cm,
            composition=composition_of(weight_kg, height_cm=height_cm, has_bare_feet=has_bare_feet),
        )

    def _store(self, record: ScaleRecord) -> StoredWeighing | None:
        stored = self._memory.store(record)
        self._appliance.announce()
        return stored

    # ── the link ─────────────────────────────────────────────────────────────────────────────

    def _advertising(self) -> AdvertisingData:
        profile = self.profile
        return AdvertisingData(
            name=profile.model,
            service_uuids=(profile.advertised_service,),
            manufacturer_data={} if profile.company is None else {profile.company: b"\x00"},
            service_data={uuid16(0x181D): bytes(self._memory.users_with_news)}
            if profile.lists_news
            else {},
        )

    def _connected(self, _: Connection) -> None:
        self.users.begin_link()
        self._offered.clear()
        self._written.clear()
        self._is_answering = self._is_taking = self._may_send = False

    def _hung_up(self) -> None:
        self._close_gate()

    def _close_gate(self) -> None:
        self._may_send = False
        if self._gate is not None:
            self._gate.cancel()
            self._gate = None

    def _say(
        self,
        characteristic: Characteristic,
        value: bytes,
        when_said: Callable[[], None] | None = None,
    ) -> None:
        """Send a value to a bonded host; any other one waits in vain."""
        link = self.peripheral.connection
        if link is not None and link.is_encrypted:
            interval_s = self._pace.indication_interval_s
            self._appliance.say(characteristic, value, delay_s=interval_s, when_said=when_said)

    # ── what the host asks for ───────────────────────────────────────────────────────────────

    def _control(self, request: bytes) -> None:
        link = self.peripheral.connection
        if link is None or not link.is_subscribed(self._services.control_point):
            raise AttError(CCCD_IMPROPERLY_CONFIGURED)
        if self._is_answering:
            raise AttError(PROCEDURE_IN_PROGRESS)
        if not link.is_encrypted:
            return
        self._is_answering = True
        before = self.users.consented
        response = self.users.control(request)
        self._say(self._services.control_point, response, self._answered)
        if self.users.consented is not None and self.users.consented != before:
            self._open_gate_later()

    def _answered(self) -> None:
        self._is_answering = False

    def _open_gate_later(self) -> None:
        self._close_gate()
        loop = asyncio.get_running_loop()
        self._gate = loop.call_later(self.profile.data_after_consent_s, self._open_gate)

    def _open_gate(self) -> None:
        self._may_send = True
        self._offer()

    def _offer(self) -> None:
        """Send what waits for the consented user, oldest first, once it may be sent."""
        if not self._is_read_by_host(self.users.consented):
            return
        for stored in self._memory.waiting_for(self.users.consented):
            if stored not in self._offered:
                self._say(self._services.weight, encode_weight(stored.record))
                self._send_composition(stored)

    def _is_read_by_host(self, user: int | None) -> bool:
        link = self.peripheral.connection
        is_listening = link is not None and link.is_subscribed(self._services.weight)
        return self._may_send and is_listening and user == self.users.consented is not None

    def _send_composition(self, stored: StoredWeighing) -> None:
        self._offered.add(stored)
        composition = stored.record.composition
        if composition is None:
            return
        if self.profile.sends_stubs and not self._written >= _BODY_DATA:
            composition = stub_of(composition)

        def delivered() -> None:
            stored.is_delivered = True

        self._say(self._services.composition, encode_composition(composition), delivered)

    def _list_users(self, request: bytes) -> None:
        sender = self._services.user_list
        if request == _LIST:
            for index in self.users.indexes:
                self._say(sender, self.users[index].row(index))
            if not self.users.indexes:
                self._say(sender, _NO_USERS)
            elif len(self.users.indexes) < self.profile.slots:  # a full list just ends
                self._say(sender, _LIST_COMPLETE)
        elif self.profile.shows_consent_code and len(request) == 1:
            index = request[0] - _SHOW_CODE
            if index in self.users:
                self.peripheral.display = f"{self.users[index].consent_code:04d}"
                self._say(sender, _CODE_SHOWN)

    def _take(self, request: bytes) -> None:
        if request != _TAKE:
            return
        if self.users.consented is None:
            self._say(self._services.take_measurement, Taking.NO_USER)
        else:
            self._is_taking = True

    def _taken(self, answer: bytes) -> None:
        if self._is_taking:
            self._is_taking = False
            self._say(self._services.take_measurement, answer)

    def _wrote(self, uuid: str) -> None:
        self._written.add(uuid)
